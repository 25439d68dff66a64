"""The join finds what was put in, and nothing else, in both dialects of its SQL."""

import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.finding import Counts, Finding, Outcome
from claude_bedrock.verification.known_call import KnownCall
from claude_bedrock.verification.reconciliation import DESTINATIONS
from tests.verification.scenario import (
    BOUNDS,
    FATES,
    HOUR,
    MODEL,
    NOW,
    OTHER_ROLE,
    WINDOW,
    Fate,
    Scenario,
    audit_line,
    joined,
    record,
    scenario,
)


def findings_of(outcome: Outcome) -> set[tuple[str, str]]:
    return {(finding.kind, finding.request_id) for finding in outcome.findings}


def check(made: Scenario) -> Counts:
    outcome = made.reconciled()
    assert findings_of(outcome) == made.expected
    assert len(outcome.findings) == len(made.expected)
    assert "secret" not in repr(outcome)
    counts, fates = outcome.counts, made.fates
    judged = (counts.matched, counts.not_logged, counts.pending, counts.unknown, counts.refused)
    assert counts.calls == sum(judged) + counts.not_loggable
    assert counts.duplicates == 3 * fates["duplicated"]
    assert counts.pending == fates["delayed"]
    assert counts.records_pending == fates["went round young"]
    assert counts.unmatched_records == fates["went round"]
    unknown = (
        *("answer lost, not logged", "refused by an older version", "record of another form"),
    )
    assert counts.unknown == sum(fates[item] for item in unknown)
    refused = ("throttled, not logged", "by the fallback", "never sent")
    assert counts.refused == sum(fates[fate] for fate in refused)
    assert counts.audit_entries_lost == fates["audit entry lost"]
    assert counts.unreadable == fates["record of another form"]
    direct = fates["allowed direct call"]
    assert counts.allowed_direct_calls == direct
    role = {"arn:aws:iam::123456789012:role/batch": direct} if direct else {}
    assert outcome.direct_calls == role
    assert counts.not_loggable == fates["counted tokens"]
    assert counts.answered_without_bedrock == fates["refused here"]
    return counts


@given(st.lists(st.sampled_from(FATES), max_size=150), st.randoms(use_true_random=False))
@settings(max_examples=max(5, settings().max_examples // 5))
def test_exactly_what_was_put_in_is_detected(fates: list[Fate], chance: random.Random) -> None:
    check(scenario(fates, chance))


@given(st.integers(0, 2**32), st.floats(0, 1))
@settings(max_examples=settings().max_examples // 10)
def test_exactly_what_was_put_in_is_detected_among_thousands(seed: int, share: float) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's
    fates = [chance.choice(FATES) if chance.random() < share else FATES[0] for _ in range(5000)]

    counts = check(scenario(fates, chance))

    assert counts.calls > 2000


@pytest.mark.parametrize("fate", FATES)
def test_each_fate_alone(fate: Fate) -> None:
    check(scenario([fate], random.Random(1)))  # noqa: S311 - a test's


def of(
    lines: list[dict[str, Any]], *records: dict[str, Any], bounds: AllowedRegions = BOUNDS
) -> Outcome:
    both = [(destination, log_item) for log_item in records for destination in DESTINATIONS]
    timed = [(NOW - 5 * 3600, line) for line in lines]
    return joined(timed, both, bounds=bounds)


def test_who_went_round_is_reported_by_arn_and_model() -> None:
    (finding,) = of([], record("r1", "went round")).findings

    assert finding == Finding(
        "bypassed_gateway", "r1", "2026-11-25T07:00:00.000Z", MODEL, OTHER_ROLE, ""
    )


def test_metadata_is_no_proof_of_having_come_through_the_gateway() -> None:
    """Somebody writes the request id of a call that is long on record."""
    forged = {**record("r2", "went round"), "requestMetadata": record("r1")["requestMetadata"]}

    outcome = of([audit_line("r1")], record("r1"), forged)

    assert findings_of(outcome) == {("bypassed_gateway", "r2")}
    assert outcome.findings[0].detail == "claims to be the gateway's request gateway-r1"


def test_a_call_of_unknown_id_is_good_for_one_record() -> None:
    again = {**record("r2"), "requestMetadata": record("r1")["requestMetadata"]}

    outcome = of([audit_line("r1", "answer lost, logged")], record("r1"), again)

    assert findings_of(outcome) == {("audit_entry_lost", "r2")}
    assert outcome.counts.matched == 1


def test_a_call_of_unknown_id_is_not_matched_by_another_callers_record() -> None:
    other = record("r1", "of another caller")

    outcome = of([audit_line("r1", "answer lost, logged")], other)

    assert findings_of(outcome) == {("audit_entry_lost", "r1")}
    assert outcome.counts.unknown == 1


def test_a_call_of_unknown_id_is_not_matched_by_metadata_that_another_caller_wrote() -> None:
    forged = {**record("r2", "went round"), "requestMetadata": record("r1")["requestMetadata"]}

    outcome = of([audit_line("r1", "answer lost, not logged")], forged)

    assert findings_of(outcome) == {("bypassed_gateway", "r2")}
    assert (outcome.counts.unknown, outcome.counts.matched) == (1, 0)


@pytest.mark.parametrize(("called", "kinds"), [(-0.5, []), (0.5, ["caller_mismatch"])])
def test_a_record_belongs_to_the_window_of_its_call(called: float, kinds: list[str]) -> None:
    """Its own time is one of whole seconds, on the other side of the edge."""
    at = WINDOW.since + called
    records = [
        (destination, record("r1", "of another caller", at=WINDOW.since - called))
        for destination in DESTINATIONS
    ]

    outcome = joined([(at + 1.5, audit_line("r1"))], records)

    assert [finding.kind for finding in outcome.findings] == kinds
    assert outcome.counts.records == len(kinds)


def test_a_window_ends_before_its_end() -> None:
    assert WINDOW.holds(WINDOW.since)
    assert not WINDOW.holds(WINDOW.until)


def test_a_signed_caller_is_compared_as_it_was_fitted_into_the_metadata() -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/caller/it's"
    line = {**audit_line("r1"), "caller_arn": arn}
    metadata = {**record("r1")["requestMetadata"], "caller_arn": arn.replace("'", "_")}

    assert not of([line], {**record("r1"), "requestMetadata": metadata}).findings
    (finding,) = of([line], record("r1")).findings
    assert finding.kind == "caller_mismatch"
    assert finding.detail.endswith("it_s in the audit entry, nothing in the record")


def test_a_completion_is_due_of_a_call_that_was_complete() -> None:
    nothing = {**record("r1"), "output": {}}
    (finding,) = of([audit_line("r1")], nothing).findings
    assert (finding.kind, finding.detail) == (
        "body_missing",
        "no completion, by the record in S3",
    )
    failed = {**nothing, "errorCode": "ModelErrorException"}
    assert not of([audit_line("r1", "cut, logged")], failed).findings


def test_an_object_may_come_as_late_as_a_record() -> None:
    line, young = audit_line("r1"), WINDOW.settled + 1
    paths = {"input": {"inputBodyS3Path": "s3://b/k"}, "output": {"outputBodyS3Path": "s3://b/k"}}
    records = [(destination, {**record("r1", at=young), **paths}) for destination in DESTINATIONS]

    late = joined([(young + 1.5, line)], records, stored=lambda _: False)

    assert (late.findings, late.counts.pending) == ([], 1)


@pytest.mark.parametrize(
    ("bounds", "region", "within"),
    [
        (BOUNDS, "eu-west-1", True),
        (BOUNDS, "us-east-1", False),
        (BOUNDS._replace(residency=("eu-central-1",)), "eu-west-1", False),
        (BOUNDS._replace(residency=("eu",)), "eu-west-1", True),
        (BOUNDS._replace(residency=("eu-central",)), "eu-west-1", False),
        (BOUNDS._replace(geographies=("global",)), "us-east-1", True),
        (BOUNDS._replace(geographies=("global",), residency=("eu-west-1",)), "us-east-1", False),
    ],
)
@pytest.mark.parametrize("model_id", [MODEL, "arn:aws:bedrock:eu-central-1:1:x/y", "nova"])
def test_an_answer_is_bounded_by_residency_and_reach(
    bounds: AllowedRegions, region: str, within: bool, model_id: str
) -> None:
    entry = {**audit_line("r1"), "model_id": model_id}
    answered = {**record("r1"), "modelId": model_id, "inferenceRegion": region}

    kinds = [finding.kind for finding in of([entry], answered, bounds=bounds).findings]
    assert kinds == ([] if within else ["data_residency_violation"])


def test_without_inference_region_the_answer_came_from_the_calls_own() -> None:
    at_home = record("r1")
    del at_home["inferenceRegion"]

    assert not of([audit_line("r1")], at_home).findings
    (finding,) = of([audit_line("r1")], {**at_home, "region": "us-east-1"}).findings
    assert (finding.kind, finding.detail) == ("data_residency_violation", "answered in us-east-1")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"requestId": None}, "requestId is missing"),
        ({"requestId": ""}, "requestId is missing"),
        ({"requestId": 7}, "requestId is not a text"),
        ({"timestamp": None}, "timestamp is missing"),
        ({"timestamp": "secret"}, "timestamp is not an ISO 8601 time"),
        ({"timestamp": 1764403200}, "timestamp is not a text"),
        ({"region": None, "inferenceRegion": None}, "region is missing"),
        ({"inferenceRegion": []}, "inferenceRegion is not a text"),
        ({"modelId": None}, "modelId is missing"),
        ({"identity": "secret"}, "identity is not an object"),
        ({"identity": {"arn": {}}}, "arn is not a text"),
        ({"requestMetadata": ["secret"]}, "requestMetadata is not an object"),
        ({"requestMetadata": {"a": 1}}, "requestMetadata.a is not a text"),
        ({"input": "secret"}, "input is not an object"),
        ({"output": [1]}, "output is not an object"),
        ({"input": {"inputBodyS3Path": 1}}, "inputBodyS3Path is not a text"),
    ],
)
def test_a_record_of_another_form_is_a_finding_that_names_the_field(
    change: dict[str, Any], fault: str
) -> None:
    outcome = of([audit_line("r1"), audit_line("r2")], {**record("r1"), **change}, record("r2"))

    unreadable = [finding for finding in outcome.findings if finding.kind == "unreadable_record"]
    assert [item.detail for item in unreadable] == [
        f"the record in {location} cannot be read: {fault}" for location in DESTINATIONS
    ]
    assert [finding.source for finding in unreadable] == [
        "S3, record 0",
        "CloudWatch Logs, record 1",
    ]
    assert len({finding.id for finding in unreadable}) == 2
    assert (outcome.counts.unreadable, outcome.counts.matched) == (2, 1)
    assert "secret" not in repr(outcome)


def test_each_call_of_an_entry_or_a_record_reaches_the_comparison_with_the_trail() -> None:
    known = dict[str, tuple[str | None, bool, tuple[str, ...]]]()

    def compare(calls: Iterable[KnownCall]) -> None:
        known.update({c.request_id: (c.expected, c.has_record, c.caller) for c in calls})

    lines = [(NOW - 5 * HOUR, audit_line(name)) for name in ("both", "no-record", "")]
    unreadable = {key: value for key, value in record("unreadable").items() if key != "modelId"}
    direct = record("direct", "allowed direct call")
    records = [record("both"), record("no-entry", "went round"), direct, unreadable]
    joined(lines, [("S3", content) for content in records], compare=compare)
    assert known == {
        "both": ("record", True, _caller("both")),
        "no-record": ("record", False, _caller("no-record")),
        "": ("record", False, _caller("")),
        "no-entry": (None, True, ()),
        "direct": (None, True, ()),
        "unreadable": (None, True, ()),
    }


def _caller(request_id: str) -> tuple[str, ...]:
    return (f"gateway-{request_id}", "k1", "search.nightly", "", "", "")
