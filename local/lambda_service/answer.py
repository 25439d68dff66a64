"""The bytes of one answer on their way from a function to its caller, never too many at a time."""

import asyncio
from collections.abc import Callable

from local.lambda_service.errors import CallerDisconnectedError, FunctionError

LARGEST_BACKLOG_BYTES = 256 * 1024


class Answer:
    """Filled by the function's side (`put`, `finish`, `fail`), emptied by the caller's (`take`).

    A client that disconnects leaves by `discard`, which the function does not see, or `abandon`,
    which ends the connection on which the function responds.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._ended = False
        self._error: FunctionError | None = None
        self._abandoned = False
        self._discarded = False
        self._changed = asyncio.Condition()
        self._disconnect: Callable[[], None] | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will be put."""
        return self._ended or self._abandoned

    async def put(self, data: bytes) -> None:
        """Wait while the caller is behind. Raise CallerDisconnectedError."""
        async with self._changed:
            await self._changed.wait_for(self._has_room)
            if self._abandoned:
                raise CallerDisconnectedError
            if not self._discarded:
                self._parts.append(data)
                self._size += len(data)
                self._changed.notify_all()

    async def finish(self) -> None:
        await self._end(None)

    async def fail(self, error: FunctionError) -> None:
        """End the answer with `error`, which the caller meets after the bytes before it."""
        await self._end(error)

    async def take(self) -> bytes:
        """Return all that has arrived, at least a byte; b"" at the end, and once nobody reads any
        more. Raise FunctionError."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._parts) or self.over or self._discarded)
            data, self._parts, self._size = b"".join(self._parts), [], 0
            self._changed.notify_all()
        if not data and self._error is not None:
            raise self._error
        return data

    def responding(self, disconnect: Callable[[], None]) -> None:
        """Set what ends the connection that carries the response."""
        self._disconnect = disconnect

    async def discard(self) -> None:
        """The client has disconnected: what the function writes from now on goes nowhere."""
        async with self._changed:
            self._discarded = True
            self._parts, self._size = [], 0
            self._changed.notify_all()

    async def abandon(self) -> None:
        """The caller is gone: the function's next write fails."""
        async with self._changed:
            self._abandoned = True
            self._changed.notify_all()
        if self._disconnect is not None and not self._ended:
            self._disconnect()

    def _has_room(self) -> bool:
        return self._abandoned or self._discarded or self._size < LARGEST_BACKLOG_BYTES

    async def _end(self, error: FunctionError | None) -> None:
        async with self._changed:
            if not self._ended:
                self._ended, self._error = True, error
                self._changed.notify_all()
