"""Every place of every stage keeps what is written to it as long as the stage says, and then ends;
and a template that would not is found out."""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.retention.locations import AUDIT_LOGS, EVIDENCE, RECORDS
from claude_bedrock.retention.log_group import audit_days
from stacks.components.observability.log_group import RETENTION, LogGroupSettings
from stacks.settings import load_stage
from tests.infrastructure.retained import Resources, log_bucket, mistakes, resources, retentions
from tests.infrastructure.variants import FULL, Syntheses
from tools.docs.pages import section
from tools.synthesis import CONTEXT, Synthesis, synthesize

DAY = dt.date(2026, 11, 25)
MIDNIGHT = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
LARGE = "large-data/"
LOCATIONS = {
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
    made, days = resources(any_stage), number(any_stage.stage)

    assert set(retentions(made, DAY)) == LOCATIONS
    assert mistakes(made, days, DAY) == {}


def test_the_number_is_met_and_not_only_a_smaller_one(prod: Synthesis) -> None:
    made = resources(prod)

    shortfalls = mistakes(made, number("prod") + 1, DAY)
    assert set(shortfalls) == {"invocations", "authorizer"}
    short = {"invocations", "authorizer", *OBJECTS, *DELETED}
    assert set(mistakes(made, number("prod") + 6, DAY)) == short
    assert set(mistakes(made, number("prod") + 26, DAY)) == LOCATIONS - {"key"}


def test_what_explains_a_record_outlives_every_copy_of_it(any_stage: Synthesis) -> None:
    """Records by 72 hours at most where CloudWatch shows them late, and in S3 until the midnight
    after five days more; a report of a month is made when its first day is 31 days ago."""
    of_stage, days = retentions(resources(any_stage), DAY), number(any_stage.stage)
    shown, hidden = of_stage["invocations"].last, of_stage[RECORDS].hidden
    assert shown is not None
    assert hidden is not None
    for name in AUDIT_LOGS:
        first = of_stage[name].first
        assert first is not None
        assert first >= shown + dt.timedelta(hours=72)
        assert first >= hidden + dt.timedelta(days=1)
        assert first - MIDNIGHT >= dt.timedelta(days=days + 35)


@pytest.mark.parametrize("days", RETENTION)
def test_the_shortest_retention_that_cloudwatch_takes_is_chosen(days: int) -> None:
    chosen = LogGroupSettings("", None, days, retain=True).for_audit_entries()  # type: ignore[arg-type]
    longer = [option for option in RETENTION if option >= audit_days(days)]
    assert chosen.retention_days == (longer[0] if longer else None)


@pytest.mark.parametrize("days", [30, 400])
def test_any_number_that_a_stage_may_set_is_met(tmp_path: Path, days: int) -> None:
    synthesis = synthesize("dev", tmp_path, retention_days=days, auth="iam", quota=None)

    made = resources(synthesis)

    assert set(retentions(made, DAY)) == LOCATIONS
    assert mistakes(made, days, DAY) == {}


def test_the_moments_are_those_of_the_compliance_page(local: Synthesis) -> None:
    """With 30 days: CloudWatch to the hour, an object covered after 35 and gone after 70 to 72."""
    of_local = retentions(resources(local), DAY)

    def after(days: int) -> dt.datetime:
        return MIDNIGHT + dt.timedelta(days=days)

    assert (of_local["invocations"].first, of_local["invocations"].last) == (after(30), after(31))
    for prefix in (RECORDS, LARGE):
        assert of_local[prefix].hidden == after(35)
        assert (of_local[prefix].first, of_local[prefix].last) == (after(70), after(72))
        assert of_local[f"{prefix} deleted"].first == after(35)


def test_what_outlives_a_stage_comes_back_as_the_page_describes(prod: Synthesis) -> None:
    page = section("docs/deploy.md", "Bring back a stage that kept its logs")
    retained = [
        resource
        for resource in prod.everything()
        if "Retain" in resource.rest.get("DeletionPolicy", "")
    ]
    named = {
        resource.properties["LogGroupName"].rpartition("/")[2]
        for resource in retained
        if resource.type == "AWS::Logs::LogGroup"
    }

    assert {resource.type for resource in retained} == {
        *("AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key")
    }
    (groups,) = [line for line in page.splitlines() if line.startswith("| Log groups")]
    assert named == {*groups.split("`")[1::2]}
    assert "| Bucket | Makes a new one." in page
    assert "| KMS key | Makes a new one." in page


def test_the_page_names_what_optional_keys_leave(tmp_path: Path) -> None:
    budgets = {"callers.budgets": {"stage": [{"usd": 5000, "per": "month"}]}}
    templates = Syntheses(tmp_path).of({**FULL, **budgets})
    retained = Counter(
        body["Type"]
        for template in templates.values()
        for body in template["Resources"].values()
        if "Retain" in body.get("DeletionPolicy", "")
    )

    del retained["AWS::Logs::LogGroup"]
    # A bucket without its policy would take plain HTTP, and let evidence be overwritten.
    assert retained.pop("AWS::S3::BucketPolicy") == 3
    assert retained == {"AWS::S3::Bucket": 3, "AWS::KMS::Key": 2, "AWS::DynamoDB::Table": 1}
    page = section("docs/deploy.md", "Bring back a stage that kept its logs")
    assert "| Table of budgets | Makes a new one" in page
    assert "| Buckets of the stage's trails | Makes new ones |" in page


def rules(made: Resources) -> list[dict[str, Any]]:
    of_bucket: list[dict[str, Any]] = log_bucket(made)["LifecycleConfiguration"]["Rules"]
    return of_bucket


def group(made: Resources, name: str) -> dict[str, Any]:
    (properties,) = [
        body["Properties"]
        for body in made.values()
        if body["Type"] == "AWS::Logs::LogGroup"
        and body["Properties"]["LogGroupName"].endswith(f"/{name}")
    ]
    known: dict[str, Any] = properties
    return known


def properties(made: Resources, kind: str) -> dict[str, Any]:
    (of_kind,) = [body["Properties"] for body in made.values() if body["Type"] == kind]
    known: dict[str, Any] = of_kind
    return known


def lifecycle_lowered(made: Resources) -> None:
    rules(made)[0]["ExpirationInDays"] = 29


def another_rule_is_shorter(made: Resources) -> None:
    rules(made).append({"Status": "Enabled", "ExpirationInDays": 1, "Prefix": "large-data/2026/"})


def expires_on_a_day(made: Resources) -> None:
    rules(made)[0]["ExpirationDate"] = "2026-12-01T00:00:00Z"


def noncurrent_dropped(made: Resources) -> None:
    del rules(made)[0]["NoncurrentVersionExpiration"]


def noncurrent_lowered(made: Resources) -> None:
    rules(made)[0]["NoncurrentVersionExpiration"]["NoncurrentDays"] = 1


def rule_switched_off(made: Resources) -> None:
    rules(made)[0]["Status"] = "Disabled"


def only_records_expire(made: Resources) -> None:
    rules(made)[0]["Prefix"] = RECORDS


def evidence_expires(made: Resources) -> None:
    rules(made).append({"Status": "Enabled", "ExpirationInDays": 1, "Prefix": "evidence/"})


def tagged_evidence_expires(made: Resources) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    rule = {"Status": "Enabled", "ExpirationInDays": 1, "Prefix": "evidence/hours/"}
    rules(made).append({**rule, "TagFilters": tags})


def versioning_dropped(made: Resources) -> None:
    del log_bucket(made)["VersioningConfiguration"]


def retention_lowered(made: Resources) -> None:
    group(made, "invocations")["RetentionInDays"] = 14


def audit_retention_lowered(made: Resources) -> None:
    group(made, "gateway")["RetentionInDays"] = 7


def retention_dropped(made: Resources) -> None:
    del group(made, "access")["RetentionInDays"]


def delivery_class(made: Resources) -> None:
    group(made, "invocations")["LogGroupClass"] = "DELIVERY"


def key_off(made: Resources) -> None:
    keys = [body["Properties"] for body in made.values() if body["Type"] == "AWS::KMS::Key"]
    (log_key,) = [key for key in keys if "KeySpec" not in key]
    log_key["Enabled"] = False


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
    made = copy.deepcopy(resources(local))
    mutation(made)

    assert set(mistakes(made, number("local"), DAY)) == refused
