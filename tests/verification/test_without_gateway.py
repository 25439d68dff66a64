"""A stage without an endpoint: records are compared with each other, and every call is direct."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.verification.assessment import assess
from claude_bedrock.verification.finding import Outcome
from claude_bedrock.verification.principals import Principals, principal
from claude_bedrock.verification.reconciliation import (
    DESTINATIONS,
    Destination,
    Lookups,
    reconcile,
)
from tests.verification.scenario import BOUNDS, NOW, OTHER_ROLE, WINDOW, record

_S3, _LOGS = DESTINATIONS
_LOOKUPS = Lookups(
    stat=lambda path: ObjectStat(1, path),
    read_body=lambda _: None,
    find_requests=lambda _: {},
)


def direct(request_id: str, at: float = NOW - 18000, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {**record(request_id, at=at), "identity": {"arn": OTHER_ROLE}, **fields}


def compared(records: Sequence[tuple[Destination, Mapping[str, Any]]]) -> Outcome:
    return reconcile(
        [],
        [(where, LogItem("source", NOW, content)) for where, content in records],
        window=WINDOW,
        bounds=BOUNDS,
        principals=Principals(""),
        lookups=_LOOKUPS,
    )


def test_each_record_is_a_direct_call_whose_other_copy_is_due() -> None:
    outcome = compared([(_S3, direct("both")), (_LOGS, direct("both")), (_LOGS, direct("one"))])

    (finding,) = outcome.findings
    assert (finding.kind, finding.request_id, finding.detail) == (
        *("missing_record", "one", "no record in S3"),
    )
    assert (outcome.counts.calls, outcome.counts.matched, outcome.counts.not_logged) == (2, 1, 1)
    assert outcome.direct_calls == {principal(OTHER_ROLE): 2}
    assert outcome.counts.unmatched_records == 0


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"output": {}}, "body_missing"),
        ({"inferenceRegion": "us-east-1"}, "data_residency_violation"),
    ],
)
def test_a_body_or_a_region_that_is_wrong_in_both_is_a_finding(
    changes: dict[str, Any], kind: str
) -> None:
    outcome = compared([(where, direct("r", **changes)) for where in DESTINATIONS])

    assert [finding.kind for finding in outcome.findings] == [kind]


def test_copies_that_differ_are_a_finding() -> None:
    other = {"outputBodyJson": {"content": "another"}}
    outcome = compared([(_S3, direct("r")), (_LOGS, direct("r", output=other))])

    assert [finding.kind for finding in outcome.findings] == ["content_mismatch"]


def test_a_failed_call_needs_no_bodies_and_both_copies() -> None:
    failed = direct("failed", errorCode="ThrottlingException", input={}, output={})

    assert compared([(_S3, failed), (_LOGS, failed)]).findings == []
    assert [finding.kind for finding in compared([(_S3, failed)]).findings] == ["missing_record"]


def test_a_young_record_without_its_copy_is_not_assessed() -> None:
    outcome = compared([(_S3, direct("young", at=WINDOW.settled + 1))])

    assert assess(outcome, "November", has_gateway=False).verdict == "not assessed"
    assert outcome.findings == []


def test_the_headline_claims_recorded_calls_alone() -> None:
    clean = compared([(where, direct("r")) for where in DESTINATIONS])
    nothing, lacking = compared([]), compared([(_S3, direct("r"))])

    verdict, headline = assess(clean, "November", has_gateway=False)
    assert verdict == "pass"
    assert headline == (
        "Every recorded call of November is on record in both places; a call that Bedrock "
        "recorded in neither leaves no trace here."
    )
    assert assess(nothing, "November", has_gateway=False).headline.startswith("No call is on")
    verdict, headline = assess(lacking, "November", has_gateway=False)
    assert verdict == "fail"
    assert headline.startswith("1 of 1 recorded calls of November is on record in one place only")
