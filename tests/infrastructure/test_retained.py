"""Every place of every stage keeps what is written to it as long as the stage says, and then ends;
and a template that would not is found out."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.retention.locations import AUDIT_LOGS, EVIDENCE, RECORDS
from claude_bedrock.retention.log_group import audit_days
from stacks.components.observability.log_group import RETENTION, LogGroupSettings
from stacks.settings import load_stage
from tests.infrastructure.retained import Resources, kept, mistakes, resources
from tools.docs.pages import section
from tools.synthesis import CONTEXT, Synthesis, synthesize

DAY = dt.date(2026, 11, 25)
MIDNIGHT = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
LARGE = "large-data/"
PLACES = {
    *("invocations", "gateway", "access", "verification", "authorizer", "key"),
    *(RECORDS, LARGE, f"{RECORDS} deleted", f"{LARGE} deleted"),
    *(EVIDENCE, f"{EVIDENCE} deleted"),
}


def number(stage: str) -> int:
    days: int = load_stage(CONTEXT["stages"], stage).logging.retention_days
    return days


def test_every_stage_retains_everything_as_long_as_it_sets_and_nothing_for_ever(
    any_stage: Synthesis,
) -> None:
    found, days = resources(any_stage), number(any_stage.stage)

    assert set(kept(found, DAY)) == PLACES
    assert mistakes(found, days, DAY) == {}


def test_the_number_is_met_and_not_only_a_smaller_one(prod: Synthesis) -> None:
    found = resources(prod)

    said = mistakes(found, number("prod") + 1, DAY)
    assert set(said) == {"invocations", "authorizer"}
    short = {"invocations", "authorizer", *OBJECTS, *DELETED}
    assert set(mistakes(found, number("prod") + 6, DAY)) == short
    assert set(mistakes(found, number("prod") + 26, DAY)) == PLACES - {"key"}


def test_what_explains_a_record_outlives_every_copy_of_it(any_stage: Synthesis) -> None:
    """Records by 72 hours at most where CloudWatch shows them late, and in S3 until the midnight
    after five days more; a report of a month is made when its first day is 31 days ago."""
    found, days = kept(resources(any_stage), DAY), number(any_stage.stage)
    shown, hidden = found["invocations"].last, found[RECORDS].hidden
    assert shown is not None
    assert hidden is not None
    for name in AUDIT_LOGS:
        first = found[name].first
        assert first is not None
        assert first >= shown + dt.timedelta(hours=72)
        assert first >= hidden + dt.timedelta(days=1)
        assert first - MIDNIGHT >= dt.timedelta(days=days + 35)


@pytest.mark.parametrize("days", RETENTION)
def test_the_shortest_retention_that_cloudwatch_takes_is_chosen(days: int) -> None:
    chosen = LogGroupSettings("", None, days, retain=True).for_audit_entries()  # type: ignore[arg-type]
    longer = [each for each in RETENTION if each >= audit_days(days)]
    assert chosen.retention_days == (longer[0] if longer else None)


@pytest.mark.parametrize("days", [30, 400])
def test_any_number_that_a_stage_may_set_is_met(tmp_path: Path, days: int) -> None:
    synthesis = synthesize("dev", tmp_path, retention_days=days, auth="iam", quota=None)

    found = resources(synthesis)

    assert set(kept(found, DAY)) == PLACES
    assert mistakes(found, days, DAY) == {}


def test_the_moments_are_those_of_the_compliance_page(local: Synthesis) -> None:
    """With 30 days: CloudWatch to the hour, an object covered after 35 and gone after 70 to 72."""
    said = kept(resources(local), DAY)

    def after(days: int) -> dt.datetime:
        return MIDNIGHT + dt.timedelta(days=days)

    assert (said["invocations"].first, said["invocations"].last) == (after(30), after(31))
    for prefix in (RECORDS, LARGE):
        assert said[prefix].hidden == after(35)
        assert (said[prefix].first, said[prefix].last) == (after(70), after(72))
        assert said[f"{prefix} deleted"].first == after(35)


def test_what_outlives_a_stage_comes_back_as_the_page_describes(prod: Synthesis) -> None:
    page = section("docs/deploy.md", "Bring back a stage that kept its logs")
    kept_ones = [
        each for each in prod.everything() if "Retain" in each.rest.get("DeletionPolicy", "")
    ]
    named = {
        one.properties["LogGroupName"].rpartition("/")[2]
        for one in kept_ones
        if one.type == "AWS::Logs::LogGroup"
    }

    assert {one.type for one in kept_ones} == {
        *("AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::KMS::Key")
    }
    (groups,) = [line for line in page.splitlines() if line.startswith("| Log groups")]
    assert named == {*groups.split("`")[1::2]}
    assert "| Bucket | Makes a new one." in page
    assert "| KMS key | Makes a new one." in page


def rules(found: Resources) -> list[dict[str, Any]]:
    (bucket,) = [body for body in found.values() if body["Type"] == "AWS::S3::Bucket"]
    of_bucket: list[dict[str, Any]] = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    return of_bucket


def group(found: Resources, name: str) -> dict[str, Any]:
    (properties,) = [
        body["Properties"]
        for body in found.values()
        if body["Type"] == "AWS::Logs::LogGroup"
        and body["Properties"]["LogGroupName"].endswith(f"/{name}")
    ]
    known: dict[str, Any] = properties
    return known


def properties(found: Resources, kind: str) -> dict[str, Any]:
    (of_kind,) = [body["Properties"] for body in found.values() if body["Type"] == kind]
    known: dict[str, Any] = of_kind
    return known


def lifecycle_lowered(found: Resources) -> None:
    rules(found)[0]["ExpirationInDays"] = 29


def another_rule_is_shorter(found: Resources) -> None:
    rules(found).append({"Status": "Enabled", "ExpirationInDays": 1, "Prefix": "large-data/2026/"})


def expires_on_a_day(found: Resources) -> None:
    rules(found)[0]["ExpirationDate"] = "2026-12-01T00:00:00Z"


def noncurrent_dropped(found: Resources) -> None:
    del rules(found)[0]["NoncurrentVersionExpiration"]


def noncurrent_lowered(found: Resources) -> None:
    rules(found)[0]["NoncurrentVersionExpiration"]["NoncurrentDays"] = 1


def rule_switched_off(found: Resources) -> None:
    rules(found)[0]["Status"] = "Disabled"


def only_records_expire(found: Resources) -> None:
    rules(found)[0]["Prefix"] = RECORDS


def evidence_expires(found: Resources) -> None:
    rules(found).append({"Status": "Enabled", "ExpirationInDays": 1, "Prefix": "evidence/"})


def tagged_evidence_expires(found: Resources) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    rule = {"Status": "Enabled", "ExpirationInDays": 1, "Prefix": "evidence/hours/"}
    rules(found).append({**rule, "TagFilters": tags})


def versioning_dropped(found: Resources) -> None:
    del properties(found, "AWS::S3::Bucket")["VersioningConfiguration"]


def retention_lowered(found: Resources) -> None:
    group(found, "invocations")["RetentionInDays"] = 14


def audit_retention_lowered(found: Resources) -> None:
    group(found, "gateway")["RetentionInDays"] = 7


def retention_dropped(found: Resources) -> None:
    del group(found, "access")["RetentionInDays"]


def delivery_class(found: Resources) -> None:
    group(found, "invocations")["LogGroupClass"] = "DELIVERY"


def key_off(found: Resources) -> None:
    properties(found, "AWS::KMS::Key")["Enabled"] = False


OBJECTS = {RECORDS, LARGE, EVIDENCE}
DELETED = {f"{object_} deleted" for object_ in OBJECTS}


@pytest.mark.parametrize(
    ("mutation", "refused"),
    [
        (lifecycle_lowered, OBJECTS),
        (another_rule_is_shorter, {LARGE}),
        (expires_on_a_day, OBJECTS),
        (noncurrent_dropped, OBJECTS | DELETED),
        (noncurrent_lowered, DELETED),
        (rule_switched_off, OBJECTS | DELETED),
        (
            only_records_expire,
            {LARGE, EVIDENCE, f"{LARGE} deleted", f"{EVIDENCE} deleted"},
        ),
        (evidence_expires, {EVIDENCE}),
        (tagged_evidence_expires, {EVIDENCE}),
        (versioning_dropped, DELETED),
        (retention_lowered, {"invocations"}),
        (audit_retention_lowered, {"gateway"}),
        (retention_dropped, {"access"}),
        (delivery_class, {"invocations"}),
        (key_off, {"key"}),
    ],
)
def test_a_template_that_retains_less_or_for_ever_is_refused(
    local: Synthesis, mutation: Callable[[Resources], None], refused: set[str]
) -> None:
    found = copy.deepcopy(resources(local))
    mutation(found)

    assert set(mistakes(found, number("local"), DAY)) == refused
