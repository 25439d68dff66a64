"""How long a value is kept."""

import asyncio
from collections.abc import Iterator

import pytest

from local.aws.ttl_cache import TtlCache


def test_a_value_is_read_again_only_when_it_is_old() -> None:
    now, numbers = 0.0, iter(range(9))
    cached = TtlCache(lambda: next(numbers), seconds=1.0, clock=lambda: now)

    async def read() -> list[int]:
        nonlocal now
        first = await cached.get()
        now = 1.0
        second = await cached.get()
        now = 1.1
        return [first, second, await cached.get()]

    assert asyncio.run(read()) == [0, 0, 1]


def test_callers_at_the_same_time_share_one_reading() -> None:
    numbers = iter(range(9))
    cached = TtlCache(lambda: next(numbers), seconds=60.0)

    async def read() -> list[int]:
        return list(await asyncio.gather(*(cached.get() for _ in range(5))))

    assert asyncio.run(read()) == [0, 0, 0, 0, 0]


def test_a_failure_is_not_cached() -> None:
    def flaky() -> Iterator[int]:
        yield 1

    outcomes = flaky()
    cached = TtlCache(lambda: next(outcomes, None) or _fail(), seconds=0.0, clock=_ticks())

    async def read() -> None:
        assert await cached.get() == 1
        await cached.get()

    with pytest.raises(LookupError):
        asyncio.run(read())


def _fail() -> int:
    raise LookupError


def _ticks() -> "_Ticks":
    return _Ticks()


class _Ticks:
    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 1
        return self._now
