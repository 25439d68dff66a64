"""A child process that is stopped for sure, with every process it started."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

Process = asyncio.subprocess.Process


@asynccontextmanager
async def running(
    *command: str | Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
    output: int | None = None,
    error: int | None = asyncio.subprocess.STDOUT,
    grace_seconds: float = 3.0,
) -> AsyncIterator[Process]:
    """Yield a process in a group of its own, with an open standard input, gone when the block
    ends."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command,
            env=env,
            cwd=cwd,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=error,
            start_new_session=True,
        )
    )
    try:
        yield await asyncio.shield(starting)
    finally:
        await asyncio.shield(_stop_started(starting, grace_seconds))


async def _stop_started(starting: asyncio.Future[Process], grace_seconds: float) -> None:
    """A process may run already when its start is canceled. One that could not start is none."""
    with suppress(OSError):
        await stop(await starting, grace_seconds)


async def stop(process: Process, grace_seconds: float) -> None:
    """Ask the group to end, and kill what has not after `grace_seconds`."""
    if process.returncode is None:
        _signal(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), grace_seconds)
    _signal(process.pid, signal.SIGKILL)
    await process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
