"""The gateway's audit line is what the join reads, and says of a caller what the metadata says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.verification.calls import CALLER, Call, calls
from claude_bedrock.verification.join import DESTINATIONS
from gateway import errors, routes
from gateway.audit import Record
from gateway.invocation import metadata
from gateway.native import OPERATIONS
from gateway.request import Body, Request
from tests.unit.verification.scenario import MODEL, NOW, joined, record

LOGGED = {"POST /v1/messages", *(f"POST /model/{{id}}/{name}" for name in OPERATIONS)}


def request(arn: str = "", key_id: str = "k1") -> Request:
    return Request("POST", "/", {}, {}, "gateway-1", key_id, "", arn, Body(""))


def asked(made: Request, *ids: str, route: str = "POST /v1/messages", status: int = 200) -> Record:
    """The audit record of a request for which Bedrock was asked by each of the ids: the last one
    was answered with `status`, those before it with 503. Where there is no id there was no answer.
    """
    audit = Record(made, "default" if made.api_key_id else "")
    audit.route, audit.status = route, status
    for number, request_id in enumerate(ids):
        audit.asks(MODEL, after=errors.Overloaded("x") if number else None)
        if request_id:
            audit.answered(status if number == len(ids) - 1 else 503, request_id)
    audit.upstream_complete = status == 200
    return audit


def called(audit: Record) -> list[Call]:
    return list(calls(audit.line(), NOW))


@given(st.text(max_size=300))
def test_the_caller_is_the_same_in_both(arn: str) -> None:
    made = request(arn, key_id="" if arn else "k1")
    audit = asked(made, "r1")
    written = {**record("r1"), "requestMetadata": metadata(made, audit)}
    assert set(written["requestMetadata"]) <= set(CALLER)

    outcome = joined([(NOW - 5 * 3600, audit.line())], [(each, written) for each in DESTINATIONS])

    assert (outcome.findings, outcome.counts.matched) == ([], 1)


def test_each_attempt_is_a_call() -> None:
    made = called(asked(request(), "", "r2", "r3"))

    assert [(each.request_id, each.expected) for each in made] == [
        ("", "unknown"),
        ("r2", "refused"),
        ("r3", "record"),
    ]
    assert {each.who for each in made} == {"default"}


def test_a_call_that_was_made_again_leaves_no_gap_and_no_stranger() -> None:
    made = request()
    audit = asked(made, "", "refused", "answered")
    answered = {**record("answered"), "requestMetadata": metadata(made, audit)}

    outcome = joined([(NOW - 5 * 3600, audit.line())], [(each, answered) for each in DESTINATIONS])

    assert outcome.findings == []
    counts = outcome.counts
    assert (counts.matched, counts.unknown, counts.refused, counts.calls) == (1, 1, 1, 3)


def test_without_bedrock_there_is_no_call() -> None:
    assert called(asked(request(), status=400)) == []


@pytest.mark.parametrize("route", [each for each in routes._ROUTES if each.startswith("POST")])
def test_of_each_route_that_asks_bedrock_it_is_known_whether_a_record_is_due(route: str) -> None:
    (answered,) = called(asked(request(), "r1", route=route))
    (refused,) = called(asked(request(), "r1", route=route, status=429))
    earlier, _ = called(asked(request(), "r0", "r1", route=route))
    due = ("record", "refused", "refused") if route in LOGGED else ("none", "none", "none")
    assert (answered.expected, refused.expected, earlier.expected) == due
