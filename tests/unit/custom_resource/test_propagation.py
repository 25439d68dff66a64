"""A call is tried again while IAM has not propagated; every other error is raised at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from claude_bedrock.iam.propagation import (
    LONGEST_PAUSE_SECONDS,
    PROPAGATION_SECONDS,
    PropagationRetry,
)
from tests.unit.custom_resource.clock import Clock

ROLE_REFUSED = (
    "Failed to validate permissions for log group: /claude-on-bedrock/dev/invocations, with role: "
    "arn:aws:iam::111122223333:role/delivery. Verify the IAM role permissions are correct."
)
BUCKET_REFUSED = "Failed to validate permissions for bucket: claude-dev-invocations"
NOT_PROPAGATED = [
    ("AccessDeniedException", "User is not authorized to perform: bedrock:Get…"),
    ("AccessDenied", "Access Denied"),
    ("UnrecognizedClientException", "The security token included in the request is invalid."),
    ("InvalidClientTokenId", "The security token included in the request is invalid."),
    ("ValidationException", ROLE_REFUSED),
    ("ValidationException", BUCKET_REFUSED),
]


def error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "AnyOperation")


def slow(clock: Clock, seconds: float, failure: ClientError | BotoCoreError) -> Callable[[], str]:
    """An operation that fails until `seconds` have passed."""
    succeeds_at = clock.now + seconds

    def operation() -> str:
        if clock.now < succeeds_at:
            raise failure
        return "done"

    return operation


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(("code", "message"), NOT_PROPAGATED)
@pytest.mark.parametrize("seconds", [1, 60, 100, PROPAGATION_SECONDS])
def test_iam_may_take_two_minutes(clock: Clock, code: str, message: str, seconds: float) -> None:
    retry = PropagationRetry(waiting=clock.waiting)
    assert retry.call(slow(clock, seconds, error(code, message))) == "done"
    assert seconds <= clock.elapsed <= seconds + LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize(("code", "message"), NOT_PROPAGATED)
def test_a_refusal_that_lasts_ends_as_aws_worded_it(clock: Clock, code: str, message: str) -> None:
    retry = PropagationRetry(waiting=clock.waiting)
    with pytest.raises(ClientError) as raised:
        retry.call(slow(clock, float("inf"), error(code, message)))
    assert raised.value.response["Error"] == {"Code": code, "Message": message}
    assert PROPAGATION_SECONDS <= clock.elapsed <= PROPAGATION_SECONDS + LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize(
    "failure",
    [
        error("ValidationException", "The provided bucket does not exist"),
        error("InternalServerException", "try later"),
        error("AccessDeniedException", "… with an explicit deny in a service control policy"),
        error("ResourceNotFoundException", ROLE_REFUSED),
        error(""),
        EndpointConnectionError(endpoint_url="https://bedrock.eu-west-1.amazonaws.com"),
    ],
    ids=repr,
)
def test_any_other_failure_is_raised_at_once(
    clock: Clock, failure: ClientError | BotoCoreError
) -> None:
    with pytest.raises(type(failure)):
        PropagationRetry(waiting=clock.waiting).call(slow(clock, float("inf"), failure))
    assert clock.pauses == []


def test_all_calls_of_an_event_share_one_deadline(clock: Clock) -> None:
    retry = PropagationRetry(waiting=clock.waiting)
    denied = error("AccessDeniedException")
    retry.call(slow(clock, 100, denied))
    with pytest.raises(ClientError):
        retry.call(slow(clock, float("inf"), denied))
    assert clock.elapsed <= PROPAGATION_SECONDS + LONGEST_PAUSE_SECONDS


def test_zero_seconds_are_no_retry(clock: Clock) -> None:
    with pytest.raises(ClientError):
        PropagationRetry(0, waiting=clock.waiting).call(slow(clock, 1, error("AccessDenied")))
    assert clock.pauses == []


def test_pauses_grow_under_a_ceiling_and_differ(clock: Clock) -> None:
    PropagationRetry(waiting=clock.waiting).call(slow(clock, 100, error("AccessDenied")))
    ceilings = [1, 2, 4, *[8] * len(clock.pauses)]
    assert all(0 <= p <= top for p, top in zip(clock.pauses, ceilings, strict=False))
    assert len(set(clock.pauses)) == len(clock.pauses)
