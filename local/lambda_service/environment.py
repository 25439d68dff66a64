"""One execution environment: a process of a function, busy with one invocation at a time.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import asyncio
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from local.lambda_service import process_environment
from local.lambda_service.answer import Answer
from local.lambda_service.errors import FunctionError
from local.lambda_service.freezer import Freezer
from local.lambda_service.function import Function
from local.lambda_service.runtime_api import Invocation, RuntimeApi
from local.process import child_process
from local.process.child_process import Process

_LONGEST_LINE_BYTES = 1024 * 1024
_LAST_WORDS_SECONDS = 1.0

Log = Callable[[str], None]


class Environment:
    """`log` is called with each line it writes, `on_idle` when it is done with an invocation, after
    which `freezer` keeps it frozen until the next."""

    def __init__(
        self,
        function: Function,
        *,
        variables: Mapping[str, str],
        freezer: Freezer,
        log: Log,
        on_idle: Callable[["Environment"], None],
    ) -> None:
        self.function = function
        self._variables = variables
        self._freezer = freezer
        self._process: Process | None = None
        self._log = log
        self._on_idle = on_idle
        self._api = RuntimeApi(on_ready=self._ready, on_init_error=self._end)
        self._ended: asyncio.Future[FunctionError] = asyncio.get_running_loop().create_future()
        self._first_ready = asyncio.Event()
        self._settled = asyncio.Event()
        self._invocation: Invocation | None = None
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._life = asyncio.create_task(self._live())

    @property
    def alive(self) -> bool:
        return not self._ended.done()

    @property
    def finishing(self) -> bool:
        """Whether it has answered and not yet asked for its next invocation."""
        return self._invocation is not None and self._invocation.answer.over

    async def settled(self, seconds: float) -> None:
        """Wait until it is idle again or has ended, or so many seconds have passed."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), seconds)

    async def started(self, seconds: float) -> None:
        """Wait until the function asks for its first invocation. Raise FunctionError, after
        `seconds` at the latest."""
        ready = asyncio.create_task(self._first_ready.wait())
        either: set[asyncio.Future[Any]] = {ready, self._ended}
        await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if not self._first_ready.is_set():
            self._end(FunctionError("Sandbox.Timedout", f"Init took over {seconds:g} s"))
            raise self._ended.result()

    def invoke(self, event: bytes, trace_id: str) -> Answer:
        """Hands `event` (JSON) to the function, which must be idle."""
        limit = self.function.timeout
        deadline_ms = int((time.time() + limit) * 1000)
        arn = self.function.arn
        invocation = Invocation(str(uuid4()), event, deadline_ms, arn, trace_id, Answer())
        self._invocation, self._began = invocation, time.monotonic()
        self._settled.clear()
        message = f"{invocation.request_id} Task timed out after {limit:.2f} seconds"
        late = FunctionError("Sandbox.Timedout", message)
        self._timer = asyncio.get_running_loop().call_later(limit, self._end, late)
        self._log(f"START RequestId: {invocation.request_id} Version: $LATEST")
        self._thaw()
        self._api.hand_out(invocation)
        return invocation.answer

    async def stop(self) -> None:
        """End the process, and fail what it is working on."""
        self._end(FunctionError("Sandbox.Stopped", "The environment was shut down"))
        await self._life

    def _ready(self) -> None:
        self._report()
        self._settled.set()
        if self._first_ready.is_set():
            self._on_idle(self)
        self._first_ready.set()
        if self._process is not None and self.alive:
            self._freezer.freeze(self._process.pid)

    def _thaw(self) -> None:
        if self._process is not None:
            self._freezer.thaw(self._process.pid)

    def _report(self) -> None:
        """What Lambda writes after an invocation."""
        if self._invocation is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        took, request_id = (time.monotonic() - self._began) * 1000, self._invocation.request_id
        self._log(f"END RequestId: {request_id}")
        self._log(
            f"REPORT RequestId: {request_id}\tDuration: {took:.2f} ms\t"
            f"Memory Size: {self.function.memory} MB"
        )
        self._invocation = None

    def _end(self, why: FunctionError) -> None:
        """Let the process be stopped; the first reason stands."""
        self._settled.set()
        if not self._ended.done():
            self._ended.set_result(why)

    async def _live(self) -> None:
        address = await self._api.start()
        try:
            await self._run({**self._variables, "AWS_LAMBDA_RUNTIME_API": address})
        except OSError as error:
            self._end(FunctionError("Runtime.InvalidEntrypoint", str(error)))
        await self._bury(self._ended.result())

    async def _run(self, env: Mapping[str, str]) -> None:
        async with child_process.running(
            *process_environment.command(self.function),
            env=env,
            cwd=self.function.root,
            output=PIPE,
            error=PIPE,
            grace_seconds=0.5,
        ) as process:
            self._process = process
            relays = [asyncio.create_task(self._relay(s)) for s in (process.stdout, process.stderr)]
            watch = asyncio.create_task(self._watch(process))
            await asyncio.wait({self._ended})
            self._thaw()  # or it would not hear that it should end
            self._process = None
        watch.cancel()
        await asyncio.wait(relays, timeout=_LAST_WORDS_SECONDS)

    async def _watch(self, process: Process) -> None:
        status = await process.wait()
        self._end(FunctionError("Runtime.ExitError", f"Runtime exited with status {status}"))

    async def _bury(self, why: FunctionError) -> None:
        await self._api.stop()
        if self._invocation is not None:
            self._log(f"{self._invocation.request_id} {why}")
            await self._invocation.answer.fail(why)
            self._report()

    async def _relay(self, stream: asyncio.StreamReader | None) -> None:
        """Each line, and what follows the last line break, to the log."""
        rest = b""
        while stream is not None and (data := await stream.read(65536)):
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > _LONGEST_LINE_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._log(line.decode(errors="replace"))
        if rest:
            self._log(rest.decode(errors="replace"))
