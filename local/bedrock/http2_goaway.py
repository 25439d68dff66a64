"""An HTTP/2 client's farewell on a connection, kept from ending the answers it still waits for.

A GOAWAY with NO_ERROR ends nothing that has begun
(https://www.rfc-editor.org/rfc/rfc9113#section-6.8),
and the AWS SDK for JavaScript sends one as soon as an event stream opens. The h2 package takes it
for the end of the connection, so it must not see it: the client closes when it has its answer.
"""

from typing import Protocol

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADER = 9
_GOAWAY = 7
_NO_ERROR = bytes(4)


class Reader(Protocol):
    """As much of asyncio's StreamReader as hypercorn uses."""

    async def read(self, n: int = -1) -> bytes: ...

    def at_eof(self) -> bool: ...


class GoawayFilter:
    """Takes GOAWAY frames that tell no error out of what a client sends."""

    def __init__(self) -> None:
        self._held = b""
        self._passing = len(PREFACE)

    def feed(self, data: bytes) -> bytes:
        """Return the part of `data`, and of what was held back before, that is for the server."""
        self._held += data
        passed = bytearray()
        while self._held and (step := self._step()):
            taken, self._held = self._held[: abs(step)], self._held[abs(step) :]
            passed += taken if step > 0 else b""
        return bytes(passed)

    def _step(self) -> int:
        """Return how many bytes come next: if negative to be left out; 0 waits for more."""
        if not self._passing:
            length = self._frame_length()
            if not length or not self._is_goaway():
                self._passing = length
            elif len(self._held) < length:
                return 0
            elif self._held[_HEADER + 4 : _HEADER + 8] == _NO_ERROR:
                return -length
            else:
                self._passing = length
        step = min(self._passing, len(self._held))
        self._passing -= step
        return step

    def _frame_length(self) -> int:
        complete = len(self._held) >= _HEADER
        return _HEADER + int.from_bytes(self._held[:3]) if complete else 0

    def _is_goaway(self) -> bool:
        return self._held[3] == _GOAWAY


class GoawayFilteringReader:
    """A reader of an HTTP/2 connection, for a server that knows no farewell."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._goaway_filter = GoawayFilter()

    async def read(self, n: int = -1) -> bytes:
        """Up to `n` bytes and what was held back; none at the end only."""
        while data := await self._reader.read(n):
            if passed := self._goaway_filter.feed(data):
                return passed
        return b""

    def at_eof(self) -> bool:
        return self._reader.at_eof()
