"""Which environment answers which invocation: idle ones first, a fresh process for each excess.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

from local.aws.client import Client
from local.aws.log_writer import LogWriter
from local.aws.role_sessions import RoleSessions
from local.aws.ttl_cache import ReadThrough
from local.lambda_service import function, process_environment
from local.lambda_service.answer import Answer
from local.lambda_service.environment import Environment
from local.lambda_service.errors import FunctionError, ThrottledError
from local.lambda_service.freezer import Freezer
from local.lambda_service.function import Function

FINISHING_SECONDS = 0.1
INIT_SECONDS = 10.0
"""How long a start may take. One that fails is made again within the first invocation, for as long
as that may last:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib"""
LARGEST_EVENT_BYTES = 6 * 1024 * 1024


class EventTooLargeError(Exception):
    """The event is over LARGEST_EVENT_BYTES, which Lambda refuses:
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


class LambdaService:
    """Runs the deployed functions; `extra` joins each one's variables, `echo` takes each line."""

    def __init__(
        self,
        client: Client,
        *,
        sessions: RoleSessions,
        logs: LogWriter,
        folder: Path,
        extra: Mapping[str, str],
        echo: Callable[[str], None],
    ) -> None:
        self._client = client
        self._sessions = sessions
        self._logs = logs
        self._folder = folder
        self._extra = extra
        self._echo = echo
        self._freezer = Freezer()
        self._functions: dict[str, ReadThrough[Function]] = {}
        self._environments: set[Environment] = set()
        self._idle: list[Environment] = []
        self._starting: Counter[str] = Counter()
        self._retiring: set[asyncio.Task[None]] = set()

    async def load(self, name: str) -> Function:
        """The function as deployed now. Raises UnfitFunctionError."""
        if name not in self._functions:
            read = partial(function.read, self._client, name, self._folder)
            self._functions[name] = ReadThrough(read)
        return await self._functions[name].get()

    async def invoke(self, name: str, event: Mapping[str, object], trace_id: str) -> Answer:
        """The answer as it comes. Raises EventTooLargeError, FunctionError, ThrottledError,
        UnfitFunctionError."""
        payload = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        if len(payload) > LARGEST_EVENT_BYTES:
            raise EventTooLargeError
        wanted = await self.load(name)
        environment = await self._idle_or_fresh(wanted)
        return environment.invoke(payload, trace_id)

    async def stop(self) -> None:
        """Ends all environments and fails what they are working on."""
        await asyncio.gather(*(environment.stop() for environment in self._environments))
        await asyncio.to_thread(self._freezer.close)

    async def _idle_or_fresh(self, wanted: Function) -> Environment:
        self._admit(wanted)
        idle = self._take_idle(wanted) or await self._take_finishing(wanted)
        if idle is not None:
            return idle
        self._admit(wanted)
        try:
            return await self._start(wanted, INIT_SECONDS)
        except FunctionError:
            return await self._start(wanted, wanted.timeout)

    async def _start(self, wanted: Function, seconds: float) -> Environment:
        fresh = await self._create(wanted)
        await fresh.started(seconds)
        return fresh

    def _admit(self, wanted: Function) -> None:
        """Raises ThrottledError where as many run at once as are reserved."""
        busy = [
            one
            for one in self._environments
            if one.function.name == wanted.name and one.alive and not one.finishing
        ]
        at_once = len(busy) - sum(one in self._idle for one in busy) + self._starting[wanted.name]
        if wanted.reserved is not None and at_once >= wanted.reserved:
            raise ThrottledError

    def _take_idle(self, wanted: Function) -> Environment | None:
        """The idle environment last used; those of an older revision and the dead are let go."""
        while True:
            mine = [one for one in self._idle if one.function.name == wanted.name]
            if not mine:
                return None
            self._idle.remove(mine[-1])
            if mine[-1].alive and mine[-1].function.revision == wanted.revision:
                return mine[-1]
            self._retire(mine[-1])

    async def _take_finishing(self, wanted: Function) -> Environment | None:
        """One whose answer is out needs a moment to ask for more: that is sooner than a start."""
        for one in list(self._environments):
            if one.function.name == wanted.name and one.alive and one.finishing:
                await one.settled(FINISHING_SECONDS)
                if (idle := self._take_idle(wanted)) is not None:
                    return idle
        return None

    async def _create(self, wanted: Function) -> Environment:
        self._starting[wanted.name] += 1
        try:
            return await self._made(wanted)
        finally:
            self._starting[wanted.name] -= 1

    async def _made(self, wanted: Function) -> Environment:
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid4().hex}"
        credentials = await asyncio.to_thread(self._sessions.assume, wanted.role_arn, wanted.name)
        environment = Environment(
            wanted,
            variables=process_environment.variables(wanted, credentials, stream, self._extra),
            freezer=self._freezer,
            log=partial(self._log, wanted.log_group, stream),
            on_idle=self._idle.append,
        )
        self._environments.add(environment)
        return environment

    def _retire(self, environment: Environment) -> None:
        task = asyncio.create_task(environment.stop())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _log(self, group: str, stream: str, line: str) -> None:
        self._echo(line)
        self._logs.write(group, stream, line)
