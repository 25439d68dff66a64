"""The deadline of a response, and the time that its client may receive nothing.

API Gateway ends a response that is idle for 5 minutes, or not over after 15:
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
"""

import time
from collections.abc import Callable

from gateway.errors import UpstreamTimeout

IDLE_TIMEOUT_SECONDS = 290.0
RESERVE_SECONDS = 5.0  # to send the client an error before Lambda ends the invocation


class Deadline:
    """The deadline of one request, and the clock of its silence: each write to the client calls
    `touch`. `remaining`: seconds until Lambda ends the invocation."""

    def __init__(self, remaining: float, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or time.monotonic
        self._touched_at = self._clock()
        self._until = self._touched_at + remaining - RESERVE_SECONDS

    def touch(self) -> None:
        """Note that the client receives something now."""
        self._touched_at = self._clock()

    def idle_seconds(self) -> float:
        """Return the seconds since the client received something, or since the request came."""
        return self._clock() - self._touched_at

    def remaining(self) -> float:
        """Return the seconds left; below zero when there are none."""
        return min(self._until, self._touched_at + IDLE_TIMEOUT_SECONDS) - self._clock()

    def require_remaining(self) -> float:
        """Return the seconds left, above zero. Raises UpstreamTimeout."""
        seconds = self.remaining()
        if seconds > 0:
            return seconds
        if self.idle_seconds() >= IDLE_TIMEOUT_SECONDS:
            raise UpstreamTimeout(
                "Bedrock sent nothing for longer than a connection may be idle. "
                "Use streaming, or lower max_tokens.",
                cause="Silence",
            )
        raise UpstreamTimeout(
            "The response took longer than this endpoint may run. Lower max_tokens.",
            cause="OutOfTime",
        )
