"""What is asked again: nothing the model may be at, nothing by two, nothing beyond the budget."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import bedrock_errors, errors, retries
from gateway.retries import CAPACITY, MAX_DELAY, RetryBudget, retry_delay
from tests.unit.gateway.conftest import MODEL, Caller, audit_line
from tests.unit.gateway.fakes import ScriptedReply, SentResponse

REQUEST = {"model": MODEL, "max_tokens": 1, "messages": []}
SDKS = [{"x-stainless-retry-count": "0"}, {"amz-sdk-request": "attempt=1"}]
MAY_BE_RUNNING = [
    errors.UpstreamFailed("x"),
    errors.UpstreamTimeout("x"),
    bedrock_errors.from_bedrock("ModelErrorException", "", status=424),
    bedrock_errors.from_bedrock("ModelTimeoutException", "", status=408),
]
ANSWERED = [
    bedrock_errors.from_bedrock("ThrottlingException", "", status=429),
    bedrock_errors.from_bedrock("ServiceUnavailableException", "", status=503),
    bedrock_errors.from_bedrock("ModelNotReadyException", "", status=429),
    bedrock_errors.from_bedrock("InternalServerException", "", status=500),
    bedrock_errors.from_bedrock("", "", status=500),
]
UNREACHED = errors.Unreachable("x")
ANY = [*MAY_BE_RUNNING, *ANSWERED, UNREACHED]

jitters = st.floats(0, 1)
seconds = st.floats(-10, 900)


@given(st.sampled_from(MAY_BE_RUNNING), st.booleans(), jitters)
def test_what_may_be_running_is_never_retried(
    error: errors.GatewayError, client_retries: bool, jitter: float
) -> None:
    assert (
        retry_delay(
            error,
            retries=0,
            tokens=CAPACITY,
            remaining=900,
            client_retries=client_retries,
            jitter=jitter,
        )
        is None
    )


@given(
    error=st.sampled_from(ANY),
    retries_made=st.integers(0, 5),
    tokens=st.integers(0, CAPACITY),
    remaining=seconds,
    client_retries=st.booleans(),
    jitter=jitters,
    expected=st.floats(0, 100),
)
def test_no_wait_goes_past_the_deadline_the_limit_or_the_budget(
    *,
    error: errors.GatewayError,
    retries_made: int,
    tokens: int,
    remaining: float,
    client_retries: bool,
    jitter: float,
    expected: float,
) -> None:
    error.retry_after = expected
    delay = retry_delay(
        error,
        retries=retries_made,
        tokens=tokens,
        remaining=remaining,
        client_retries=client_retries,
        jitter=jitter,
    )
    if delay is not None:
        policy = retries.policy_for(error)
        assert policy is not None
        assert expected <= delay <= min(MAX_DELAY, expected + policy.delay * 2**retries_made)
        assert delay < remaining
        assert retries_made < policy.max_retries
        assert tokens >= policy.cost
        assert not (client_retries and retries.is_retryable_response(error))


@pytest.mark.parametrize("error", [UNREACHED, ANSWERED[0]])
def test_an_environment_in_which_nothing_succeeds_soon_stops_retrying(
    error: errors.GatewayError,
) -> None:
    error.retry_after = 0.0
    budget = RetryBudget()
    tried = [
        budget.spend(error, retries=0, remaining=900, client_retries=False) for _ in range(CAPACITY)
    ]
    delays = [delay for delay in tried if delay is not None]
    assert 0 < len(delays) <= 10
    assert None not in tried[: len(delays)]
    for _ in range(CAPACITY):
        budget.refund()
    assert budget.tokens == CAPACITY
    assert budget.spend(error, retries=0, remaining=900, client_retries=False) is not None


STATUS = {"ThrottlingException": 429, "InternalServerException": 500, "ModelErrorException": 424}


def refusal(exception: str = "ThrottlingException", **headers: str) -> ScriptedReply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    error_headers = {"x-amzn-errortype": exception, "x-amzn-requestid": "bedrock-0", **named}
    return ScriptedReply(STATUS[exception], error_headers, [b"{}"])


@pytest.mark.parametrize("exception", ["ThrottlingException", "InternalServerException"])
def test_a_call_that_bedrock_refused_is_made_once_more_and_the_line_has_both(
    caller: Caller, capsys: pytest.CaptureFixture[str], exception: str
) -> None:
    caller.bedrock.earlier = [refusal(exception)]
    assert caller.send(REQUEST).status == 200
    printed = capsys.readouterr().out.splitlines()
    line, metrics = json.loads(printed[0])["audit"], json.loads(printed[1])
    assert metrics["Retries"] == [1.0]
    assert line["bedrock_request_id"] == "bedrock-1"
    (attempt,) = line["earlier_attempts"]
    assert attempt == {
        "model_id": line["model_id"],
        "bedrock_request_id": "bedrock-0",
        "error_cause": exception,
        "upstream_status": STATUS[exception],
        "upstream_complete": True,
    }


def test_who_was_refused_twice_learns_that_it_was_retried(caller: Caller) -> None:
    caller.bedrock.earlier = [refusal(), refusal(retry_after="7")]
    response = caller.send(REQUEST)
    assert (response.status, len(caller.bedrock.sent)) == (429, 2)
    assert (response.headers["x-should-retry"], response.headers["retry-after"]) == ("false", "7")


@pytest.mark.parametrize("headers", SDKS)
@pytest.mark.parametrize("exception", ["ThrottlingException", "InternalServerException"])
def test_a_client_that_tries_again_by_itself_is_not_helped(
    caller: Caller, headers: dict[str, str], exception: str
) -> None:
    caller.bedrock.earlier = [refusal(exception)]
    response = caller.send(REQUEST, headers=headers)
    assert (response.status, len(caller.bedrock.sent)) == (STATUS[exception], 1)
    assert "x-should-retry" not in response.headers


@pytest.mark.parametrize("headers", [{}, *SDKS])
def test_a_failure_during_which_the_model_may_run_is_the_callers_to_judge(
    caller: Caller, headers: dict[str, str]
) -> None:
    caller.bedrock.earlier = [refusal("ModelErrorException")]
    response = caller.send(REQUEST, headers=headers)
    assert (response.status, len(caller.bedrock.sent)) == (500, 1)
    assert "x-should-retry" not in response.headers


@pytest.mark.parametrize("expected", ["6", "900", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wait_that_is_too_long_for_us_is_passed_on(caller: Caller, expected: str) -> None:
    caller.bedrock.earlier = [refusal(retry_after=expected)]
    response = caller.send(REQUEST)
    assert (response.headers["retry-after"], len(caller.bedrock.sent)) == (expected, 1)


def test_a_call_that_cannot_arrive_is_tried_three_times_for_every_client(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.bedrock.failure = errors.Unreachable("x", cause="ConnectionRefusedError")
    assert caller.send(REQUEST, headers=SDKS[0]).status == 500
    assert [attempt["error_cause"] for attempt in audit_line(capsys)["earlier_attempts"]] == [
        "ConnectionRefusedError",
        "ConnectionRefusedError",
    ]


def test_nothing_is_retried_when_there_is_no_time_left(caller: Caller) -> None:
    caller.remaining = 5.2
    caller.retry_budget = RetryBudget(jitter=lambda: 0.5)
    caller.bedrock.earlier = [refusal()]
    assert (caller.send(REQUEST).status, len(caller.bedrock.sent)) == (429, 1)


def test_who_leaves_during_the_delay_is_not_retried(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.retry_budget = RetryBudget(jitter=lambda: 0.1)
    caller.bedrock.earlier = [refusal()]
    caller.bedrock.then_leaves = response = SentResponse()
    caller.send_to(response, REQUEST)
    assert len(caller.bedrock.sent) == 1
    assert audit_line(capsys)["outcome"] == "caller_gone"
