"""The choice of an environment for an invocation: idle ones first, a fresh process for each excess.

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
from local.aws.ttl_cache import TtlCache
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
        self._functions: dict[str, TtlCache[Function]] = {}
        self._environments: set[Environment] = set()
        self._idle: list[Environment] = []
        self._starting: Counter[str] = Counter()
        self._retiring: set[asyncio.Task[None]] = set()

    async def load(self, name: str) -> Function:
        """Return the function as deployed now. Raise UnfitFunctionError."""
        if name not in self._functions:
            read = partial(function.read, self._client, name, self._folder)
            self._functions[name] = TtlCache(read)
        return await self._functions[name].get()

    async def invoke(self, name: str, event: Mapping[str, object], trace_id: str) -> Answer:
        """Return the answer as it comes. Raise EventTooLargeError, FunctionError, ThrottledError,
        UnfitFunctionError."""
        payload = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        if len(payload) > LARGEST_EVENT_BYTES:
            raise EventTooLargeError
        function = await self.load(name)
        environment = await self._idle_or_fresh(function)
        return environment.invoke(payload, trace_id)

    async def stop(self) -> None:
        """End all environments and fail what they are working on."""
        await asyncio.gather(*(environment.stop() for environment in self._environments))
        await asyncio.to_thread(self._freezer.close)

    async def _idle_or_fresh(self, function: Function) -> Environment:
        self._admit(function)
        idle = self._take_idle(function) or await self._take_finishing(function)
        if idle is not None:
            return idle
        self._admit(function)
        try:
            return await self._start(function, INIT_SECONDS)
        except FunctionError:
            return await self._start(function, function.timeout)

    async def _start(self, function: Function, seconds: float) -> Environment:
        fresh = await self._create(function)
        await fresh.started(seconds)
        return fresh

    def _admit(self, function: Function) -> None:
        """Raise ThrottledError where as many run at once as are reserved."""
        busy = [
            environment
            for environment in self._environments
            if environment.function.name == function.name
            and environment.alive
            and not environment.finishing
        ]
        at_once = (
            len(busy)
            - sum(environment in self._idle for environment in busy)
            + self._starting[function.name]
        )
        if function.reserved is not None and at_once >= function.reserved:
            raise ThrottledError

    def _take_idle(self, function: Function) -> Environment | None:
        """Return the idle environment last used; those of an older revision and the dead are let
        go."""
        while True:
            own = [
                environment
                for environment in self._idle
                if environment.function.name == function.name
            ]
            if not own:
                return None
            self._idle.remove(own[-1])
            if own[-1].alive and own[-1].function.revision == function.revision:
                return own[-1]
            self._retire(own[-1])

    async def _take_finishing(self, function: Function) -> Environment | None:
        """Return an environment that has answered and asks for its next invocation in a moment,
        which is sooner than a start; None if there is none."""
        for environment in list(self._environments):
            if (
                environment.function.name == function.name
                and environment.alive
                and environment.finishing
            ):
                await environment.settled(FINISHING_SECONDS)
                if (idle := self._take_idle(function)) is not None:
                    return idle
        return None

    async def _create(self, function: Function) -> Environment:
        self._starting[function.name] += 1
        try:
            return await self._made(function)
        finally:
            self._starting[function.name] -= 1

    async def _made(self, function: Function) -> Environment:
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid4().hex}"
        credentials = await asyncio.to_thread(
            self._sessions.assume, function.role_arn, function.name
        )
        environment = Environment(
            function,
            variables=process_environment.variables(function, credentials, stream, self._extra),
            freezer=self._freezer,
            log=partial(self._log, function.log_group, stream),
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
