"""Three witnesses of a call: each combination has the answer of the table in docs/operations.md."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_bedrock.records.trail_event import TrailEvent, read_event
from claude_bedrock.records.trail_files import UnreadableFile
from claude_bedrock.verification.assessment import assess
from claude_bedrock.verification.finding import Outcome
from claude_bedrock.verification.reconciliation import DESTINATIONS
from claude_bedrock.verification.trail_join import MOST_NAMED, TrailCounts, TrailJoin, TrailScope
from tests.unit.records.trail_bucket import ACCOUNT, event
from tests.verification.scenario import (
    ALLOWED,
    CALLER_ROLE,
    HOUR,
    OTHER_ROLE,
    PRINCIPALS,
    ROLE,
    WINDOW,
    audit_line,
    joined,
    record,
)

AT = WINDOW.since + HOUR
SCOPE = TrailScope(ACCOUNT, "eu-central-1", frozenset({"eu-west-3"}))
SESSION = f"{CALLER_ROLE.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/anna"
PRINCIPAL = {
    "gateway": SESSION,
    "another principal": OTHER_ROLE,
    "allowed direct caller": ALLOWED,
}
LOCATION = {
    "the stage's Region": {},
    "a Region without a stage": {"awsRegion": "us-east-1"},
    "a Region of `stage_regions`": {"awsRegion": "eu-west-3"},
    "an account of `accounts`": {"recipientAccountId": "210987654321"},
}


class Row(NamedTuple):
    """A row of the table: which witnesses there are, and the kinds of its findings."""

    entry: str
    record: str
    event: str
    by: str
    where: str
    kinds: frozenset[str]


def _rows() -> list[Row]:
    page = Path("docs/operations.md").read_text()
    table = page.partition("| Entry | Record |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return [
        Row(entry, recorded, event, by, where, frozenset(re.findall(r"`(\w+_\w+)`", finding)))
        for entry, recorded, event, by, where, finding in cells
    ]


ROWS = _rows()
AGREED = ROWS[0]


class Scenario(NamedTuple):
    lines: list[tuple[float, Mapping[str, Any]]]
    records: list[tuple[Any, Mapping[str, Any]]]
    events: list[TrailEvent]
    expected: set[tuple[str, str]]


def _scenario(rows: Iterable[Row]) -> Scenario:
    scenario = Scenario([], [], [], set())
    for number, row in enumerate(rows):
        request_id, at = f"id-{number}", AT + number
        if row.entry != "no":
            line = audit_line(request_id)
            if row.entry == "without answer":
                del line["upstream_status"]
                line |= {"status": 500, "outcome": "upstream_error"}
            scenario.lines.append((at + 1.5, line))
        if row.record == "yes":
            identity = ROLE if row.by == "gateway" else PRINCIPAL[row.by]
            content = record(request_id, at=at) | {"identity": {"arn": identity}}
            scenario.records.extend((destination, content) for destination in DESTINATIONS)
        if row.event != "no":
            refusal = {"errorCode": "AccessDenied"} if row.event == "refused" else {}
            principal = PRINCIPAL[row.by] + str(number) * (row.where != "the stage's Region")
            location = LOCATION[row.where]
            scenario.events.append(_event(request_id, at, principal, **location, **refusal))
        scenario.expected.update((kind, request_id) for kind in row.kinds)
    return scenario


def _event(request_id: str, at: float, principal: str = SESSION, **fields: object) -> TrailEvent:
    read = read_event(event(request_id, at, userIdentity={"arn": principal}, **fields))
    assert read is not None
    return read


def _compared(
    scenario: Scenario, unreadable: Sequence[UnreadableFile] = ()
) -> tuple[Outcome, TrailCounts]:
    join = TrailJoin(WINDOW, SCOPE, PRINCIPALS)
    items: list[TrailEvent | UnreadableFile] = [*scenario.events, *unreadable]
    for item in items:
        join.take(item)
    outcome = join.merge(joined(scenario.lines, scenario.records, compare=join.judge))
    return outcome, join.counts


def _found(outcome: Outcome) -> set[tuple[str, str]]:
    return {(finding.kind, finding.request_id) for finding in outcome.findings}


@given(st.lists(st.sampled_from(ROWS), max_size=30))
@settings(deadline=None)
def test_each_combination_has_the_answer_of_the_table(rows: list[Row]) -> None:
    scenario = _scenario([AGREED, *rows])
    outcome, counts = _compared(scenario)
    assert _found(outcome) == scenario.expected
    assert counts.due == counts.witnessed + counts.unwitnessed + counts.pending
    assert counts.events == len(scenario.events)


def test_the_table_has_all_witnesses() -> None:
    assert len(ROWS) == len(set(ROWS)) >= 20
    kinds = frozenset[str]().union(*(row.kinds for row in ROWS))
    assert kinds >= {"call_outside_stage", "unrecorded_call", "lost_call", "trail_incomplete"}


@pytest.mark.parametrize("number", [2, 1000])
def test_a_trail_without_any_event_of_the_calls_is_not_assessed(number: int) -> None:
    scenario = _scenario([AGREED] * number)
    scenario.events.clear()
    outcome, counts = _compared(scenario)
    (finding,) = outcome.findings
    assert finding.kind == "trail_incomplete"
    assert f"not one event of {number:,} calls" in finding.detail
    assert counts.unwitnessed == number
    assessment = assess(outcome, "today")
    assert assessment.verdict == "not assessed"
    assert "CloudTrail" in assessment.headline


def test_calls_without_an_event_are_named_up_to_a_limit() -> None:
    scenario = _scenario([AGREED] * (MOST_NAMED + 50))
    del scenario.events[1:]
    outcome, _ = _compared(scenario)
    assert len(outcome.findings) == MOST_NAMED + 1
    assert sum("49 more calls" in finding.detail for finding in outcome.findings) == 1


def test_calls_where_there_is_no_stage_are_one_finding_for_each_principal_and_model() -> None:
    scenario = _scenario([AGREED])
    scenario.events.extend(
        _event(f"out-{number}", AT + 9 + number, OTHER_ROLE, awsRegion="us-east-1")
        for number in range(500)
    )
    outcome, counts = _compared(scenario)
    (finding,) = outcome.findings
    assert (finding.kind, finding.request_id) == ("call_outside_stage", "out-0")
    assert finding.detail == "500 calls in us-east-1, by InvokeModel"
    assert counts.outside == 500
    assert assess(outcome, "today").verdict == "fail"
    # An earlier call comes late, and one of the next hour is another finding.
    for request_id, at in (("early", AT + 1), ("next", AT + HOUR)):
        scenario.events.append(_event(request_id, at, OTHER_ROLE, awsRegion="us-east-1"))
    first, second = _compared(scenario)[0].findings
    assert (first.id, first.request_id) == (finding.id, "early")
    assert second.id != first.id


def test_an_event_of_the_answering_region_is_of_the_same_call() -> None:
    scenario = _scenario([AGREED])
    scenario.events.append(_event("id-0", AT, awsRegion="eu-west-1"))
    assert _compared(scenario)[0].findings == []


def test_a_call_that_failed_while_it_answered_has_its_event() -> None:
    scenario = _scenario([AGREED])
    scenario.events[:] = [_event("id-0", AT, errorCode="ModelStreamErrorException")]
    assert _compared(scenario)[0].findings == []


@pytest.mark.parametrize(
    ("session", "kind"), [("search.nightly", "unrecorded_call"), ("anna", "lost_call")]
)
def test_an_entry_without_a_request_id_is_good_for_one_event_of_its_caller(
    session: str, kind: str
) -> None:
    scenario = _scenario([AGREED])
    line = audit_line("", "answer lost, not logged")
    scenario.lines.append((AT + 2, line))
    principal = SESSION.replace("anna", session)
    scenario.events.extend(_event(request_id, AT, principal) for request_id in ("first", "second"))
    kinds = {(kind, "first"), ("lost_call", "second")}
    assert _found(_compared(scenario)[0]) == kinds


@pytest.mark.parametrize("operation", ["StartAsyncInvoke", "CreateEvaluationJob", "InvokeAgent"])
def test_an_operation_that_bedrock_does_not_log_is_named(operation: str) -> None:
    scenario = _scenario([AGREED])
    scenario.events.append(_event("unlogged", AT, OTHER_ROLE, eventName=operation))
    (finding,) = _compared(scenario)[0].findings
    assert finding.kind == "unrecorded_call"
    assert f"{operation}, which Bedrock does not log" in finding.detail


def test_cloudtrail_is_quoted_in_what_the_others_have_lost() -> None:
    missing = next(row for row in ROWS if row.kinds == {"missing_record"})
    (finding,) = _compared(_scenario([AGREED, missing]))[0].findings
    assert finding.detail.endswith("; CloudTrail has its event")


def test_young_events_and_calls_wait() -> None:
    young = WINDOW.settled + 60
    scenario = Scenario([(young + 1.5, audit_line("id-0"))], [], [_event("other", young)], set())
    outcome, counts = _compared(scenario)
    assert outcome.findings == []
    assert (counts.pending, counts.events_pending) == (1, 1)


def test_a_file_that_cannot_be_read_is_named_once() -> None:
    unreadable = UnreadableFile("s3://trail/file", "it is no list of events")
    outcome, counts = _compared(_scenario([AGREED]), [unreadable])
    (finding,) = outcome.findings
    assert (finding.kind, finding.source) == ("trail_incomplete", "s3://trail/file")
    assert counts.unreadable == 1
    assert assess(outcome, "today").verdict == "not assessed"
