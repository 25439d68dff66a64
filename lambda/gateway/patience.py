"""How long an answer may still take, and how long its caller may be told nothing.

API Gateway ends a response that is silent for 5 minutes, or not over after 15:
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
"""

import time
from collections.abc import Callable

from gateway.errors import UpstreamTimeout

SILENT_SECONDS = 290.0
RESERVE_SECONDS = 5.0  # to tell the caller before Lambda ends the invocation


class Patience:
    """Of one request. `remaining`: seconds until Lambda ends the invocation."""

    def __init__(self, remaining: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._spoke_at = clock()
        self._until = self._spoke_at + remaining - RESERVE_SECONDS

    def spoke(self) -> None:
        """The caller has been sent something."""
        self._spoke_at = self._clock()

    def quiet(self) -> float:
        """Seconds since then."""
        return self._clock() - self._spoke_at

    def seconds(self) -> float:
        """What is left; below zero when it is over."""
        return min(self._until - self._clock(), SILENT_SECONDS - self.quiet())

    def left(self) -> float:
        """The same, above zero. Raises UpstreamTimeout."""
        seconds = self.seconds()
        if seconds > 0:
            return seconds
        if self.quiet() >= SILENT_SECONDS:
            message = "Bedrock was silent for longer than a connection may be."
            raise UpstreamTimeout(message, cause="Silence")
        message = "The answer took longer than this gateway may run."
        raise UpstreamTimeout(message, cause="OutOfTime")
