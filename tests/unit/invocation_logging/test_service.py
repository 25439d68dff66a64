"""Every call waits for IAM to propagate; every other error is told at once."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from claude_bedrock.iam.propagation import PropagationRetry
from claude_bedrock.logging_config import configuration
from claude_bedrock.logging_config.bedrock_client import BedrockControl, LoggingService
from tests.unit.custom_resource.clock import Clock
from tests.unit.invocation_logging.conftest import PROPERTIES, REGION

PUT = "put_model_invocation_logging_configuration"
DESIRED = configuration.desired(PROPERTIES)
NOT_YET = (
    "Failed to validate permissions for log group: /claude-on-bedrock/dev/invocations, with role: "
    "arn:aws:iam::111122223333:role/delivery. Verify the IAM role permissions are correct."
)


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
    return LoggingService(client, retry=PropagationRetry(waiting=clock.waiting))


def test_a_role_iam_does_not_know_yet_is_waited_for(script: Stubber, clock: Clock) -> None:
    for _ in range(3):
        script.add_client_error(PUT, "ValidationException", NOT_YET, 400)
    script.add_response(PUT, {}, {"loggingConfig": DESIRED})

    service(script, clock).put(DESIRED)

    script.assert_no_pending_responses()
    assert len(clock.pauses) == 3


def test_the_functions_own_policy_is_waited_for_in_every_call(
    script: Stubber, clock: Clock
) -> None:
    logging = service(script, clock)
    calls = {
        "get": logging.get,
        "put": lambda: logging.put(DESIRED),
        "delete": logging.delete,
    }
    for name, call in calls.items():
        operation = f"{name}_model_invocation_logging_configuration"
        script.add_client_error(operation, "AccessDeniedException", "not authorized", 403)
        script.add_response(operation, {})
        call()

    script.assert_no_pending_responses()
    assert len(clock.pauses) == 3


def test_what_was_there_is_not_put_back_where_bedrock_refuses_its_role_for_good(
    script: Stubber, clock: Clock
) -> None:
    for _ in range(1000):
        script.add_client_error(PUT, "ValidationException", NOT_YET, 400)

    assert service(script, clock).put_back(DESIRED) is False


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ValidationException", "The provided bucket does not exist"),
        ("InternalServerException", "try later"),
    ],
)
def test_any_other_error_is_reported_at_once(
    script: Stubber, clock: Clock, code: str, message: str
) -> None:
    script.add_client_error(PUT, code, message, 400)

    with pytest.raises(ClientError, match=code):
        service(script, clock).put(DESIRED)

    assert clock.pauses == []


def test_logging_that_is_off_is_none(bedrock: BedrockControl) -> None:
    assert LoggingService(bedrock, retry=PropagationRetry(0)).get() is None


def test_what_was_put_is_read_back_and_deleted(bedrock: BedrockControl) -> None:
    logging = LoggingService(bedrock, retry=PropagationRetry(0))

    logging.put(DESIRED)
    assert logging.get() == DESIRED

    logging.delete()
    assert logging.get() is None
