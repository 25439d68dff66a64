"""How to ask Bedrock for its logging configuration, and how long to wait for IAM to catch up."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PATIENCE_SECONDS: Final = 35.0
"""CloudFormation gives the resource 90 s in all. What is left has to hold a cold start, a look at
what is set and saved, a last Put that runs into its timeouts (18 s) and the answer; a new role is
mostly usable within 30."""

ONE_CALL: Final = Config(
    connect_timeout=2, read_timeout=7, retries={"mode": "standard", "total_max_attempts": 2}
)
"""What no single call of these functions may outlast."""

_LONGEST_PAUSE_SECONDS: Final = 8.0
_NOT_YET: Final = "failed to validate permissions for log group"


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
    """A client whose single call cannot outlast what CloudFormation waits."""
    client: BedrockControl = boto3.client("bedrock", region_name=region, config=ONE_CALL)
    return client


class LoggingService:
    """The one logging configuration of an account in a Region.

    `may_have_changed` is whether a change was asked for, even if no answer came."""

    def __init__(
        self,
        client: BedrockControl,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.may_have_changed = False
        self._client = client
        self._clock = clock
        self._sleep = sleep

    def get(self) -> dict[str, Any] | None:
        """What is set now; None when logging is off, which Bedrock says by leaving the key out."""
        answer = self._client.get_model_invocation_logging_configuration()
        configuration = answer.get("loggingConfig")
        return dict(configuration) if configuration else None

    def put(self, configuration: dict[str, Any]) -> None:
        """Sets it, trying again while the delivery role is too new for Bedrock to assume.

        Bedrock has no error of its own for that: it is a ValidationException told by its text.
        Raises ClientError for anything else at once, and for that one when patience is out."""
        self.may_have_changed = True
        give_up_at = self._clock() + PATIENCE_SECONDS
        for pause in _pauses():
            try:
                self._client.put_model_invocation_logging_configuration(loggingConfig=configuration)
            except ClientError as error:
                if not role_not_known_yet(error) or self._clock() + pause > give_up_at:
                    raise
                self._sleep(pause)
            else:
                return

    def put_back(self, configuration: dict[str, Any]) -> bool:
        """Sets what was there once; False where Bedrock finds that it can no longer be used.
        Raises ClientError for anything else."""
        try:
            self.put(configuration)
        except ClientError as error:
            if _code(error) == "ValidationException":
                return False
            raise
        return True

    def delete(self) -> None:
        """Switches logging off."""
        self.may_have_changed = True
        self._client.delete_model_invocation_logging_configuration()


def role_not_known_yet(error: ClientError) -> bool:
    """Whether Bedrock could not use the delivery role, as happens in a role's first seconds."""
    message = error.response.get("Error", {}).get("Message", "")
    return _code(error) == "ValidationException" and _NOT_YET in message.lower()


def _code(error: ClientError) -> str | None:
    return error.response.get("Error", {}).get("Code")


def _pauses() -> Iterator[float]:
    """Seconds between tries, without end: full jitter under a ceiling that doubles from 1 to 8."""
    ceiling = 1.0
    while True:
        yield random.uniform(0, ceiling)  # noqa: S311 - spreads load, keeps no secret
        ceiling = min(_LONGEST_PAUSE_SECONDS, ceiling * 2)
