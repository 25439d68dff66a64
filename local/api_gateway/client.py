"""The caller's side of one exchange: reads the request, sends the answer, notices a hang-up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from local.bedrock.http_exchange import ABORT, Receive, Scope, Send

_LARGEST_DISCARD_BYTES = 64 * 1024 * 1024


class DisconnectedError(Exception):
    """The caller closed the connection."""


class TooLargeError(Exception):
    """The request body is over the limit."""


class Client:
    """`status` and `sent` (bytes of body) tell what has been answered so far."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._closes_with_stream = scope["http_version"].startswith("1")
        self._reset: Callable[[], None] = scope["extensions"][ABORT]
        self._watch: asyncio.Task[None] | None = None
        self.disconnected = False
        self.status: int | None = None
        self.sent = 0

    async def body(self, limit: int) -> bytes:
        """Return the request's body. One over `limit` bytes is read on, so that the answer is
        heard, and raises TooLargeError. Raise DisconnectedError."""
        parts, length, more = [], 0, True
        while more and length < _LARGEST_DISCARD_BYTES:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise DisconnectedError
            length += len(message["body"])
            if length <= limit:
                parts.append(message["body"])
            more = message.get("more_body", False)
        if length > limit:
            raise TooLargeError
        return b"".join(parts)

    async def start(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        self.status = status
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, data: bytes) -> None:
        self.sent += len(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def abort(self) -> None:
        """Breaks the answer off. Over HTTP/1.1 that is an answer without an end; over HTTP/2 the
        connection has to go, since hypercorn cannot reset a stream."""
        if not self._closes_with_stream:
            self._reset()

    def on_disconnect(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do `act` when the caller hangs up; call it after the body has been read."""
        self._watch = asyncio.create_task(self._watch_disconnect(act))

    async def close(self) -> None:
        """End the watch for a hang-up."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch

    async def _watch_disconnect(self, act: Callable[[], Awaitable[None]]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.disconnected = True
        await act()
