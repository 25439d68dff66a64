"""A program that was started is stopped, whenever whoever started it was canceled."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from local.process.child_process import running
from tests.integration.leftovers import processes_about

WITH_A_CHILD = "sh -c 'sleep 60; : '$0 & wait"


async def run_and_cancel(marker: Path, turns: int) -> None:
    """Cancels after so many turns of the loop: while the process is being created, or later."""

    async def run() -> None:
        command = ("sh", "-c", WITH_A_CHILD, marker)
        async with running(*command, env=dict(os.environ), grace_seconds=0.1):
            await asyncio.sleep(60)

    task = asyncio.create_task(run())
    for _ in range(turns):
        await asyncio.sleep(0)
    time.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("turns", range(1, 6))
def test_a_canceled_start_leaves_no_process(tmp_path: Path, turns: int) -> None:
    asyncio.run(run_and_cancel(tmp_path, turns))

    assert not left_about(tmp_path)


def left_about(folder: Path) -> list[str]:
    """What is left once the kernel has had time to end what was killed."""
    until = time.monotonic() + 10
    while (left := processes_about(folder)) and time.monotonic() < until:
        time.sleep(0.05)
    return left


def test_what_cannot_be_started_raises(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(tmp_path / "nothing", env={}):
            pass

    with pytest.raises(FileNotFoundError):
        asyncio.run(run())
