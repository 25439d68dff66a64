"""The pace and the duration of a streamed response.

Lambda sends the first 6 MB of a stream at full speed and 2 MB a second from then on, and ends it
after 200 MB; API Gateway's own limit of 2 MB a second begins later, after 10 MB.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
"""

from typing import Final

FREE_BYTES: Final = 6 * 1024 * 1024
BYTES_A_SECOND: Final = 2 * 1024 * 1024
LARGEST_STREAM_BYTES: Final = 200 * 1024 * 1024


class StreamTooLargeError(Exception):
    """The stream is over LARGEST_STREAM_BYTES."""


class Pace:
    """Of one stream; times are monotonic seconds."""

    def __init__(self) -> None:
        self._sent = 0
        self._free_until = 0.0

    def wait_seconds(self, size: int, now: float) -> float:
        """Return the seconds to wait before the next `size` bytes may leave. Raise
        StreamTooLargeError."""
        # Only the bytes beyond the free ones wait, also where a chunk crosses the line.
        limited = max(0, self._sent + size - max(self._sent, FREE_BYTES))
        self._sent += size
        if self._sent > LARGEST_STREAM_BYTES:
            raise StreamTooLargeError
        if not limited:
            return 0.0
        begin = max(now, self._free_until)
        self._free_until = begin + limited / BYTES_A_SECOND
        return begin - now
