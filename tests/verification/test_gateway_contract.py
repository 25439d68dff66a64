"""The gateway's audit line is what the join reads, and says of a caller what the metadata says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_bedrock.verification.calls import CALLER, Call, calls
from claude_bedrock.verification.reconciliation import DESTINATIONS
from gateway import audit, errors, routes
from gateway.bedrock_operations import OPERATIONS
from gateway.caller import API_KEY, IAM, TOKEN, Caller
from gateway.model_call import Attempt
from gateway.request import Body, Request
from gateway.request_context import RequestContext
from gateway.request_metadata import request_metadata
from gateway.retries import RetryBudget
from gateway.settings import Settings
from tests.unit.gateway.fakes import FakeBedrock, SentResponse
from tests.verification.scenario import MODEL, NOW, joined, record

LOGGED = {"POST /v1/messages", *(f"POST /model/{{id}}/{name}" for name in OPERATIONS)}


KEY = Caller("default", credential=API_KEY, api_key_id="k1")


def request(caller: Caller = KEY) -> Request:
    return Request("POST", "/", {}, {}, "gateway-1", caller, Body(""))


SETTINGS = Settings(
    stage="test",
    geographies=("global",),
    region="us-east-1",
    allowed_models=frozenset({MODEL}),
    max_body_bytes=1,
    ping_seconds=15,
    unsupported_fields="drop",
    api_key_names={"k1": "default"},
    endpoint="",
    team_profiles={},
    guardrail=None,
)


def served(
    made: Request, *ids: str, route: str = "POST /v1/messages", status: int = 200
) -> RequestContext:
    """A request with an attempt at Bedrock for each of the ids: the last one was answered with
    `status`, those before it with 503. Where there is no id there was no answer.
    """
    context = RequestContext(
        made, SentResponse(), SETTINGS, FakeBedrock(), RetryBudget(), remaining=900
    )
    context.route, context.response.status = route, status
    for number, request_id in enumerate(ids):
        attempt = Attempt(MODEL)
        context.call.attempts.append(attempt)
        is_last = number == len(ids) - 1
        if request_id:
            attempt.status, attempt.bedrock_request_id = status if is_last else 503, request_id
        if is_last:
            attempt.is_complete = status == 200
        else:
            attempt.error = errors.Overloaded("x")
    return context


def called(context: RequestContext) -> list[Call]:
    return list(calls(audit.entry(context), NOW))


@given(st.lists(st.tuples(st.text(max_size=300), st.sampled_from((IAM, TOKEN))), max_size=20))
@settings(max_examples=settings().max_examples // 5)
def test_the_caller_is_the_same_in_both(callers: list[tuple[str, str]]) -> None:
    entries, records = [], []
    for number, (text, credential) in enumerate(callers):
        signer = Caller(text, credential=IAM, arn=text)
        caller = signer if credential == IAM else Caller(text, "", "", TOKEN, token_issuer="okta")
        context = served(request(caller), f"r{number}")
        written = {**record(f"r{number}"), "requestMetadata": request_metadata(context)}
        assert set(written["requestMetadata"]) <= set(CALLER)
        entries.append((NOW - 5 * 3600, audit.entry(context)))
        records += [(destination, written) for destination in DESTINATIONS]

    outcome = joined(entries, records)

    assert (outcome.findings, outcome.counts.matched) == ([], len(callers))


def test_each_attempt_is_a_call() -> None:
    made = called(served(request(), "", "r2", "r3"))

    assert [(item.request_id, item.expected) for item in made] == [
        ("", "unknown"),
        ("r2", "refused"),
        ("r3", "record"),
    ]
    assert {call.who for call in made} == {"default"}


def test_a_call_that_was_made_again_leaves_no_gap_and_no_stranger() -> None:
    made = request()
    context = served(made, "", "refused", "answered")
    answered = {**record("answered"), "requestMetadata": request_metadata(context)}

    outcome = joined(
        [(NOW - 5 * 3600, audit.entry(context))],
        [(destination, answered) for destination in DESTINATIONS],
    )

    assert outcome.findings == []
    counts = outcome.counts
    assert (counts.matched, counts.unknown, counts.refused, counts.calls) == (1, 1, 1, 3)


def test_without_bedrock_there_is_no_call() -> None:
    assert called(served(request(), status=400)) == []


@pytest.mark.parametrize("route", [item for item in routes._ROUTES if item.startswith("POST")])
def test_of_each_route_that_calls_bedrock_it_is_known_whether_a_record_is_due(route: str) -> None:
    (answered,) = called(served(request(), "r1", route=route))
    (refused,) = called(served(request(), "r1", route=route, status=429))
    earlier, _ = called(served(request(), "r0", "r1", route=route))
    due = ("record", "refused", "refused") if route in LOGGED else ("none", "none", "none")
    assert (answered.expected, refused.expected, earlier.expected) == due
