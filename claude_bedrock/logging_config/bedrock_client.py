"""A client that reads and sets Bedrock's logging configuration."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from claude_bedrock.iam.propagation import PropagationRetry, error_code

ONE_CALL: Final = Config(
    connect_timeout=2, read_timeout=7, retries={"mode": "standard", "total_max_attempts": 2}
)
"""What no single call of these functions may outlast."""


class BedrockControl(Protocol):
    """The three calls this needs of boto3's `bedrock` client."""

    def get_model_invocation_logging_configuration(self) -> Mapping[str, Any]: ...
    def put_model_invocation_logging_configuration(
        self,
        *,
        loggingConfig: dict[str, Any],  # noqa: N803 - boto3's name
    ) -> object: ...
    def delete_model_invocation_logging_configuration(self) -> object: ...


def connect(region: str) -> BedrockControl:
    """Return a client whose single call cannot outlast what CloudFormation waits."""
    client: BedrockControl = boto3.client("bedrock", region_name=region, config=ONE_CALL)
    return client


class LoggingService:
    """The one logging configuration of an account in a Region.

    Each call is tried again while IAM has not propagated this function's policy or the role that
    Bedrock delivers by. `may_have_changed` is whether a change was asked for, even if no answer
    came. Every method raises botocore's errors."""

    def __init__(self, client: BedrockControl, *, retry: PropagationRetry) -> None:
        self.may_have_changed = False
        self._client = client
        self._retry = retry

    def get(self) -> dict[str, Any] | None:
        """What is set now; None when logging is off, which Bedrock says by leaving the key out."""
        answer = self._retry.call(self._client.get_model_invocation_logging_configuration)
        configuration = answer.get("loggingConfig")
        return dict(configuration) if configuration else None

    def put(self, configuration: dict[str, Any]) -> None:
        """Set it."""
        self.may_have_changed, client = True, self._client
        self._retry.call(
            lambda: client.put_model_invocation_logging_configuration(loggingConfig=configuration)
        )

    def put_back(self, configuration: dict[str, Any]) -> bool:
        """Set what was there once; False where Bedrock finds that it can no longer be used."""
        try:
            self.put(configuration)
        except ClientError as error:
            if error_code(error) == "ValidationException":
                return False
            raise
        return True

    def delete(self) -> None:
        """Switch logging off."""
        self.may_have_changed = True
        self._retry.call(self._client.delete_model_invocation_logging_configuration)
