"""A role that is too new is waited for; every other error is told at once."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from invocation_logging import configuration
from invocation_logging.service import PATIENCE_SECONDS, BedrockControl, LoggingService
from tests.unit.invocation_logging.conftest import PROPERTIES, REGION

PUT = "put_model_invocation_logging_configuration"
OURS = configuration.desired(PROPERTIES)
NOT_YET = (
    "Failed to validate permissions for log group: /claude-on-bedrock/dev/invocations, with role: "
    "arn:aws:iam::111122223333:role/delivery. Verify the IAM role permissions are correct."
)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def script() -> Iterator[Stubber]:
    client = boto3.client(
        "bedrock", region_name=REGION, aws_access_key_id="AKIA", aws_secret_access_key="secret"
    )
    with Stubber(client) as stubber:
        yield stubber


def service(script: Stubber, clock: Clock) -> LoggingService:
    client: Any = script.client
    return LoggingService(client, clock=clock.read, sleep=clock.sleep)


def test_a_role_iam_does_not_know_yet_is_waited_for(script: Stubber, clock: Clock) -> None:
    for _ in range(3):
        script.add_client_error(PUT, "ValidationException", NOT_YET, 400)
    script.add_response(PUT, {}, {"loggingConfig": OURS})

    service(script, clock).put(OURS)

    script.assert_no_pending_responses()
    assert len(clock.pauses) == 3


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ValidationException", "The provided bucket does not exist"),
        ("AccessDeniedException", NOT_YET),
        ("InternalServerException", "try later"),
    ],
)
def test_any_other_error_is_told_at_once(
    script: Stubber, clock: Clock, code: str, message: str
) -> None:
    script.add_client_error(PUT, code, message, 400)

    with pytest.raises(ClientError, match=code):
        service(script, clock).put(OURS)

    assert clock.pauses == []


def test_patience_ends_before_cloudformations_does(script: Stubber, clock: Clock) -> None:
    for _ in range(200):
        script.add_client_error(PUT, "ValidationException", NOT_YET, 400)

    with pytest.raises(ClientError, match="Failed to validate permissions"):
        service(script, clock).put(OURS)

    assert PATIENCE_SECONDS - 8 <= sum(clock.pauses) <= PATIENCE_SECONDS


def test_pauses_grow_under_a_ceiling_and_are_not_alike(script: Stubber, clock: Clock) -> None:
    for _ in range(200):
        script.add_client_error(PUT, "ValidationException", NOT_YET, 400)

    with pytest.raises(ClientError):
        service(script, clock).put(OURS)

    ceilings = [1, 2, 4, *[8] * len(clock.pauses)]
    assert all(0 <= p <= top for p, top in zip(clock.pauses, ceilings, strict=False))
    assert len(set(clock.pauses)) == len(clock.pauses)


def test_logging_that_is_off_is_none(bedrock: BedrockControl) -> None:
    assert LoggingService(bedrock).get() is None


def test_what_was_put_is_read_back_and_deleted(bedrock: BedrockControl) -> None:
    logging = LoggingService(bedrock)

    logging.put(OURS)
    assert logging.get() == OURS

    logging.delete()
    assert logging.get() is None
