"""A sealed finding is settled by what came, and by nothing that went."""

import pytest

from claude_bedrock.verification.calls import Expectation
from claude_bedrock.verification.finding import KINDS, Finding, Kind
from claude_bedrock.verification.known_call import KnownCall
from claude_bedrock.verification.late_arrivals import LateArrivals

CALLER = ("gw", "k1", "search", "", "", "")


def finding(kind: Kind, request_id: str = "r1", source: str = "") -> Finding:
    return Finding(kind, request_id, "2026-10-01T12:00:00Z", "model", "search", "", source)


def known(expected: Expectation | None, *, has_record: bool, request_id: str = "r1") -> KnownCall:
    return KnownCall(request_id, 0.0, "model", "search", expected, has_record, CALLER)


COMPLETE = known("record", has_record=True)
ENTRY_ALONE = known("record", has_record=False)
RECORD_ALONE = known(None, has_record=True)._replace(caller=())


def settled(
    then: Finding, calls: list[KnownCall], now: tuple[Finding, ...] = (), *, has_trail: bool = True
) -> bool:
    arrivals = LateArrivals([then.as_data()])
    assert list(arrivals.watch(calls)) == calls
    return list(arrivals.settled(now, has_trail=has_trail)) == [then.as_data()]


@pytest.mark.parametrize(
    ("kind", "enough", "too_little"),
    [
        ("missing_record", [COMPLETE], [ENTRY_ALONE, RECORD_ALONE]),
        ("bypassed_gateway", [COMPLETE, ENTRY_ALONE], [RECORD_ALONE]),
        ("audit_entry_lost", [COMPLETE, ENTRY_ALONE], [RECORD_ALONE]),
        ("body_missing", [COMPLETE], [ENTRY_ALONE, RECORD_ALONE]),
        ("unrecorded_call", [COMPLETE, RECORD_ALONE], [ENTRY_ALONE]),
        ("lost_call", [COMPLETE, ENTRY_ALONE, RECORD_ALONE], []),
        ("trail_incomplete", [COMPLETE, ENTRY_ALONE, RECORD_ALONE], []),
    ],
)
def test_a_finding_is_settled_by_its_missing_half(
    kind: Kind, enough: list[KnownCall], too_little: list[KnownCall]
) -> None:
    then = finding(kind)
    assert all(settled(then, [call]) for call in enough)
    assert not any(settled(then, [call]) for call in too_little)
    assert not settled(then, [])
    assert not settled(then, [COMPLETE], (then,))


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_come_late_is_settled_by_nothing(kind: Kind) -> None:
    if LateArrivals([finding(kind).as_data()]).is_empty:
        assert not settled(finding(kind), [COMPLETE])


def test_a_record_that_cannot_be_read_settles_nothing() -> None:
    unreadable = finding("unreadable_record", source="s3://bucket/key, line 1")
    assert not settled(finding("missing_record"), [COMPLETE], (unreadable,))


def test_a_call_without_an_id_is_known_by_its_request() -> None:
    then = finding("missing_record", "", "gateway request gw")
    assert settled(then, [COMPLETE])
    assert not settled(then, [known("record", has_record=False, request_id="")])


def test_a_body_that_a_record_without_an_entry_names_may_come_late() -> None:
    assert settled(finding("body_missing"), [RECORD_ALONE], (finding("bypassed_gateway"),))


def test_a_trail_that_was_not_read_or_lacks_more_settles_no_gap_in_it() -> None:
    for then in (finding("trail_incomplete"), finding("trail_incomplete", "", "s3://trail/file")):
        more = finding("trail_incomplete", "", "the trail of 2026-10-01T12:00:00.000Z")
        assert settled(then, [COMPLETE])
        assert not settled(then, [COMPLETE], (more,))
        assert not settled(then, [COMPLETE], has_trail=False)
