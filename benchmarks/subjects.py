"""The subjects of the measurements: our function, the bare loop, boto3."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Protocol

from benchmarks.environment import BenchmarkEnvironment
from benchmarks.fixtures import KEY_ID, MODEL, ROLE, Operation
from benchmarks.processes import Measured, ProcessFailed
from benchmarks.runtime_service import RuntimeService

_BARE_LOOP = Path(__file__).with_name("bare_loop.py")
_GATEWAY = {
    "_HANDLER": "gateway.handler.handle",
    "AWS_LAMBDA_FUNCTION_NAME": "gateway",
    "STAGE": "bench",
    "GEOGRAPHIES": "global",
    "ALLOWED_MODELS": f"{MODEL},claude-opus-4-5,claude-haiku-4-5",
    "MAX_BODY_BYTES": "5000000",
    "PING_SECONDS": "15",
    "UNSUPPORTED_FIELDS": "drop",
    "API_KEY_NAMES": json.dumps({KEY_ID: "team-a"}),
    "POWERTOOLS_SERVICE_NAME": "gateway",
    "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


class Contender(Protocol):
    """A process that makes calls when told."""

    @property
    def process(self) -> Measured: ...

    def call(self, operation: Operation, times: int = 1) -> None:
        """Make them one after the other, and be idle again. Raises ProcessFailed."""

    def close(self) -> None: ...


class Function:
    """A Lambda function's process, started and fed as Lambda would."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._service = RuntimeService()
        address = {"AWS_LAMBDA_RUNTIME_API": self._service.address}
        self.process = Measured(command, {**environment, **address})
        with ExitStack() as unless_it_starts:
            unless_it_starts.callback(self.close)
            with self.process.explained():
                self._service.wait_until_idle()
            unless_it_starts.pop_all()

    def call(self, operation: Operation, times: int = 1) -> None:
        for _ in range(times):
            self.first_ms(operation)

    def first_ms(self, operation: Operation) -> float:
        """Make one call. How long, by the clock, until the first byte of the answer was there."""
        with self.process.explained():
            answer = self._service.invoke(self._event(operation))
        if answer.status != 200 or answer.body != operation.answer:
            text = f"{operation.name}: not the answer expected: {answer}"[:500]
            raise ProcessFailed(f"{text}\n{self.process.complaint()}")
        return answer.first_ms

    def close(self) -> None:
        self._service.close()
        self.process.close()

    def _event(self, operation: Operation) -> bytes:
        return operation.proxy_event


_KEY_NAME = b"team-a"


class NewCallers(Function):
    """The same, called each time by a key that has not called yet."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._numbers = count()
        super().__init__(command, environment)

    def _event(self, operation: Operation) -> bytes:
        number = str(next(self._numbers)).encode()
        event = operation.proxy_event.replace(KEY_ID.encode(), b"key-" + number)
        return event.replace(_KEY_NAME, _KEY_NAME + number)


class DirectCaller:
    """A program that calls Bedrock itself, and makes calls when told on its standard input."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.process = Measured(command, environment, talks=True)

    def call(self, operation: Operation, times: int = 1) -> None:
        self.process.request(f"{'stream' if operation.stream else 'json'} {times}")

    def close(self) -> None:
        self.process.close()


def gateway(
    benchmark_environment: BenchmarkEnvironment,
    *,
    endpoint: str = "",
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    kind: type[Function] = Function,
) -> Function:
    """Return the built function, through the wrapper script that Lambda is told to use; of the
    ground's plain upstream and as built, unless told otherwise."""
    folder = folder or benchmark_environment.function_folder
    environment = {
        **ROLE,
        **_GATEWAY,
        "LAMBDA_TASK_ROOT": str(folder),
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": endpoint or benchmark_environment.endpoint,
        "SSL_CERT_FILE": str(benchmark_environment.ca_bundle),
        **(variables or {}),
    }
    bootstrap = folder / "gateway" / "bootstrap"
    return kind([str(bootstrap), str(benchmark_environment.python)], environment)


def bare_loop(environment: BenchmarkEnvironment, *, stream_file: Path | None = None) -> Function:
    """Return the bare loop; no shell starts it."""
    files = [str(environment.json_file), str(stream_file or environment.stream_file)]
    return Function([str(environment.python), str(_BARE_LOOP), *files], {})


def raw_relay(
    environment: BenchmarkEnvironment, *, endpoint: str = "", request_file: Path | None = None
) -> Function:
    """Return the raw relay, the floor of a native stream and of a paced one; of the native
    operation, unless `request_file` is of another."""
    command = [str(environment.python), "-m", "benchmarks.raw_relay"]
    upstream, file = endpoint or environment.endpoint, request_file or environment.request_file
    arguments = [upstream, str(file), str(environment.ca_bundle)]
    return Function([*command, *arguments], {})


def direct_boto3(benchmark_environment: BenchmarkEnvironment) -> DirectCaller:
    """boto3, of the environment that runs the benchmarks or of its own."""
    environment = {**ROLE, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": benchmark_environment.endpoint}
    command = [str(benchmark_environment.boto3_python), "-m", "benchmarks.boto3_caller"]
    return DirectCaller(command, environment)
