"""A call: an authenticated request for one operation, and when it came."""

from datetime import datetime
from time import monotonic
from typing import NamedTuple

from local.bedrock.caller import Caller
from local.bedrock.http_exchange import Wire


class Call(NamedTuple):
    """`at` is the time in UTC, `started` the same as a monotonic time in seconds."""

    wire: Wire
    caller: Caller
    model_id: str
    body: bytes
    at: datetime
    started: float

    def elapsed(self) -> int:
        """Milliseconds since the request arrived."""
        return int((monotonic() - self.started) * 1000)
