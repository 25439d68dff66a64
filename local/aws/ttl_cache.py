"""A cache of one value that others may change, read again when it is older than its time to
live."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

Value = TypeVar("Value")


class TtlCache(Generic[Value]):
    """The result of `read`, which may block and runs in a thread, at most `seconds` old."""

    def __init__(
        self,
        read: Callable[[], Value],
        *,
        seconds: float = 1.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._cached: tuple[float, Value] | None = None
        self._one_reader = asyncio.Lock()

    async def get(self) -> Value:
        """Raise what `read` raises; nothing is kept of a failure."""
        async with self._one_reader:
            if self._cached is None or self._clock() - self._cached[0] > self._seconds:
                started = self._clock()
                self._cached = None
                self._cached = started, await asyncio.to_thread(self._read)
            return self._cached[1]
