"""The time of a record's delivery: at once, or late, twice or overtaken, as its call asked.

AWS promises neither a time, nor an order, nor that a record comes once:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

from local.bedrock.invocation import Invocation

COPY_SECONDS: Final = 0.5
"""How long after the first record a duplicate follows."""
HOLD_SECONDS: Final = 5.0
"""How long a record waits at most for one that overtakes it."""


class Schedule:
    """Hands each invocation to `accept`, in the event loop."""

    def __init__(self, accept: Callable[[Invocation], None]) -> None:
        self._accept = accept
        self._waiting: dict[int, tuple[asyncio.TimerHandle, Invocation]] = {}
        self._overtakable: list[int] = []
        self._numbers = count()

    def take(self, invocation: Invocation) -> None:
        plan = invocation.delivery
        if plan.is_reordered:
            self._overtakable.append(self._later(HOLD_SECONDS, invocation))
        elif plan.delay_seconds:
            self._later(plan.delay_seconds, invocation)
        else:
            self._accept(invocation)
        if plan.is_duplicate:
            self._later(plan.delay_seconds + COPY_SECONDS, invocation)
        if not plan.is_reordered:
            self._release_overtaken()

    def flush(self) -> None:
        """Hands over everything that still waits."""
        for number in list(self._waiting):
            self._release(number)

    def _release_overtaken(self) -> None:
        overtaken, self._overtakable = self._overtakable, []
        for number in overtaken:
            self._release(number)

    def _later(self, seconds: float, invocation: Invocation) -> int:
        number = next(self._numbers)
        handle = asyncio.get_running_loop().call_later(seconds, self._release, number)
        self._waiting[number] = handle, invocation
        return number

    def _release(self, number: int) -> None:
        handle, invocation = self._waiting.pop(number, (None, None))
        if handle is not None and invocation is not None:
            handle.cancel()
            self._accept(invocation)
