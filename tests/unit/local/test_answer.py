"""How an answer's bytes wait between function and caller."""

import asyncio

import pytest

from local.lambda_service.answer import LARGEST_BACKLOG_BYTES, Answer
from local.lambda_service.errors import CallerDisconnectedError, FunctionError


def test_what_has_arrived_is_taken_at_once_and_then_the_end() -> None:
    async def exchange() -> list[bytes]:
        answer = Answer()
        await answer.put(b"a")
        await answer.put(b"b")
        await answer.finish()
        return [await answer.take(), await answer.take()]

    assert asyncio.run(exchange()) == [b"ab", b""]


def test_an_error_comes_after_the_bytes_before_it() -> None:
    async def exchange() -> None:
        answer = Answer()
        await answer.put(b"a")
        await answer.fail(FunctionError("Kind", "why"))
        assert await answer.take() == b"a"
        await answer.take()

    with pytest.raises(FunctionError, match="why"):
        asyncio.run(exchange())


def test_a_function_waits_for_a_slow_caller() -> None:
    async def exchange() -> tuple[bool, bytes]:
        answer = Answer()
        await answer.put(b"x" * LARGEST_BACKLOG_BYTES)
        more = asyncio.create_task(answer.put(b"y"))
        await asyncio.sleep(0)
        waited = not more.done()
        await answer.take()
        await more
        return waited, await answer.take()

    assert asyncio.run(exchange()) == (True, b"y")


def test_a_function_writes_on_into_nothing_once_the_client_has_disconnected() -> None:
    async def exchange() -> tuple[bool, bytes, bool]:
        answer = Answer()
        await answer.put(b"x" * LARGEST_BACKLOG_BYTES)
        stuck = asyncio.create_task(answer.put(b"y"))
        await asyncio.sleep(0)
        await answer.discard()
        await stuck
        await answer.put(b"z" * LARGEST_BACKLOG_BYTES)
        await answer.put(b"z" * LARGEST_BACKLOG_BYTES)
        runs = not answer.over
        await answer.finish()
        return runs, await answer.take(), answer.over

    assert asyncio.run(exchange()) == (True, b"", True)


def test_a_caller_who_leaves_frees_the_function_and_ends_its_connection() -> None:
    async def exchange() -> list[str]:
        ended: list[str] = []
        answer = Answer()
        answer.responding(lambda: ended.append("disconnected"))
        await answer.put(b"x" * LARGEST_BACKLOG_BYTES)
        stuck = asyncio.create_task(answer.put(b"y"))
        await asyncio.sleep(0)
        await answer.abandon()
        with pytest.raises(CallerDisconnectedError):
            await stuck
        return ended

    assert asyncio.run(exchange()) == ["disconnected"]
