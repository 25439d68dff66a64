"""Retries of AWS calls that fail because IAM has not propagated a role or a policy yet.

IAM is eventually consistent: a role made a moment ago may be unknown to a service, and a policy
attached a moment ago may not allow anything yet.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html#troubleshoot_general_eventual-consistency
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

PROPAGATION_SECONDS: Final = 120.0
"""How long IAM may take, as Terraform's provider reckons (`propagationTimeout`):
https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/iam/propagation.go"""

LONGEST_PAUSE_SECONDS: Final = 8.0
"""By this much the last try may begin after the deadline."""

_ROLE_REFUSED: Final = "failed to validate permissions for"
"""Bedrock's words for a role or bucket policy that does not let it write: "... for log group: NAME,
with role: ARN" (Terraform retries this text) and "... for bucket"."""
_EXPLICIT_DENY: Final = "with an explicit deny in"
"""What is not propagated yet lacks an allow; a deny, as of a service control policy, stays:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
_UNKNOWN_CREDENTIALS: Final = ("UnrecognizedClientException", "InvalidClientTokenId")
"""What a service answers to the credentials of a role that it does not know yet."""

_log: Final = logging.getLogger(__name__)
_log.setLevel(logging.INFO)

Failure = ClientError | BotoCoreError
Result = TypeVar("Result")
Pauses = Callable[[], Iterator[float]]
"""Makes the seconds between one try and the next, without end."""


def is_access_denied(error: ClientError) -> bool:
    """Return whether AWS refuses the caller itself, by any of the names that its services have for
    it, and not because of an explicit deny."""
    code = error_code(error)
    denied = code.startswith("AccessDenied") or code in _UNKNOWN_CREDENTIALS
    return denied and _EXPLICIT_DENY not in _message(error)


def is_role_refused(error: Failure) -> bool:
    """Return whether Bedrock says that a destination's role or bucket policy does not let it write.

    Bedrock has no error of its own for that: it is a ValidationException known by its text."""
    if not isinstance(error, ClientError):
        return False
    return error_code(error) == "ValidationException" and _ROLE_REFUSED in _message(error).lower()


def may_propagate(error: Failure) -> bool:
    """Return whether the call may succeed once IAM has propagated what was changed a moment ago."""
    denied = isinstance(error, ClientError) and is_access_denied(error)
    return denied or is_role_refused(error)


def error_code(error: ClientError) -> str:
    """Return AWS's name of the error, empty if it has none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _message(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def jittered_pauses() -> Iterator[float]:
    """Yield seconds between tries: full jitter under a ceiling that doubles from 1 to 8."""
    ceiling = 1.0
    while True:
        yield random.uniform(0, ceiling)  # noqa: S311 - spreads load, keeps no secret
        ceiling = min(LONGEST_PAUSE_SECONDS, ceiling * 2)


class Timing(NamedTuple):
    """How time passes: a clock in seconds, and how to wait."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class PropagationRetry:
    """Retries calls until one deadline, which all calls of an event share.

    `seconds` is counted from construction; 0 is no retry. A refusal that lasts is raised as AWS
    worded it, at most one pause after the deadline.
    """

    def __init__(
        self,
        seconds: float = PROPAGATION_SECONDS,
        *,
        waiting: Timing | None = None,
        is_retryable: Callable[[Failure], bool] = may_propagate,
        pauses: Pauses = jittered_pauses,
    ) -> None:
        self._waiting = waiting or Timing()
        self._deadline = self._waiting.clock() + seconds
        self._is_retryable = is_retryable
        self._pauses = pauses

    def call(self, operation: Callable[[], Result]) -> Result:
        """Call `operation` until it succeeds, and return its result.

        Raises botocore's errors: one that is not retryable at once, any other after the deadline.
        """
        pauses = self._pauses()
        while True:
            try:
                return operation()
            except (ClientError, BotoCoreError) as error:
                if not self._is_retryable(error) or self._waiting.clock() >= self._deadline:
                    raise
                pause = next(pauses)
                _log.info("IAM may not have propagated yet; next try in %.1f s: %s", pause, error)
            self._waiting.sleep(pause)
