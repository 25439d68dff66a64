"""One HTTP/1.1 connection as a server sees it: h11's state machine on asyncio's streams."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import h11

_READ_BYTES = 256 * 1024


class DisconnectedError(Exception):
    """The other side closed the connection, or stopped speaking HTTP."""


class Peer:
    """Requests come one after the other: `request`, then `body` or `each_part`, then `reply`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._http = h11.Connection(h11.SERVER)
        self._reader = reader
        self._writer = writer

    async def request(self) -> h11.Request | None:
        """Return the next request's head; None when there will be no more. Raise
        DisconnectedError."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        elif self._http.our_state is h11.MUST_CLOSE:
            return None
        event = await self._event()
        return event if isinstance(event, h11.Request) else None

    async def body(self) -> bytes:
        """Return the request's whole body. Raise DisconnectedError."""
        parts: list[bytes] = []

        async def append(part: bytes) -> None:
            parts.append(part)

        await self.each_part(append)
        return b"".join(parts)

    async def each_part(self, take: Callable[[bytes], Awaitable[None]]) -> dict[str, str]:
        """Give `take` the body as it arrives; return the trailers. Raise DisconnectedError."""
        while True:
            event = await self._event()
            if isinstance(event, h11.Data):
                await take(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return {name.decode(): value.decode() for name, value in event.headers}
            else:
                raise DisconnectedError

    async def reply(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        """Raise DisconnectedError."""
        sized = [*(headers or {}).items(), ("content-length", str(len(body)))]
        head = h11.Response(status_code=status, headers=sized)
        events = (head, h11.Data(data=body), h11.EndOfMessage())
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
        try:
            await self._writer.drain()
        except OSError as failure:
            raise DisconnectedError from failure

    def disconnect(self) -> None:
        self._writer.transport.abort()

    async def _event(self) -> h11.Event:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_READ_BYTES))
        except (h11.RemoteProtocolError, OSError) as broken:
            raise DisconnectedError from broken
        if not isinstance(event, h11.Event) or isinstance(event, h11.ConnectionClosed):
            raise DisconnectedError
        return event
