"""Who is measured: our function, the bare loop, boto3."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.canned import MODEL, Operation
from benchmarks.ground import Ground
from benchmarks.processes import Measured, ProcessFailed
from benchmarks.runtime_service import RuntimeService

_BARE_LOOP = Path(__file__).with_name("bare_loop.py")
_ROLE = {
    "AWS_ACCESS_KEY_ID": "AKIDBENCHMARKBENCHMARK",
    "AWS_SECRET_ACCESS_KEY": "benchmark/benchmark/benchmark/benchmark",
    "AWS_SESSION_TOKEN": "benchmark" * 40,  # about as long as a role's
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_GATEWAY = {
    "_HANDLER": "gateway.handler.handle",
    "AWS_LAMBDA_FUNCTION_NAME": "gateway",
    "STAGE": "bench",
    "ROUTES": "global",
    "ALLOWED_MODELS": f"{MODEL},claude-opus-4-5,claude-haiku-4-5",
    "MAX_BODY_BYTES": "5000000",
    "PING_SECONDS": "15",
    "ADAPT": "lenient",
    "API_KEY_NAMES": '{"key1":"team-a"}',
    "POWERTOOLS_SERVICE_NAME": "gateway",
    "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


class Contender(Protocol):
    """A process that makes calls when told."""

    def call(self, operation: Operation, times: int = 1) -> None:
        """Make them one after the other, and be idle again. Raises ProcessFailed."""

    def cpu_ms(self) -> float:
        """What the process tree has used since it was started."""

    def close(self) -> None: ...


class Function:
    """A Lambda function's process, started and fed as Lambda would."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._service = RuntimeService()
        address = {"AWS_LAMBDA_RUNTIME_API": self._service.address}
        self._process = Measured(command, {**environment, **address})
        with self._process.explained():
            self._service.wait_until_idle()

    def call(self, operation: Operation, times: int = 1) -> None:
        for _ in range(times):
            with self._process.explained():
                answer = self._service.invoke(operation.proxy_event)
            if answer.status != 200 or answer.body != operation.answer:
                raise ProcessFailed(f"{operation.name}: not the answer expected: {answer}"[:500])

    def cpu_ms(self) -> float:
        return self._process.cpu_ms()

    def close(self) -> None:
        self._service.close()
        self._process.close()


class DirectCaller:
    """A program that calls Bedrock itself, and makes calls when told on its standard input."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = Measured(command, environment, talks=True)

    def call(self, operation: Operation, times: int = 1) -> None:
        self._process.ask(f"{'stream' if operation.stream else 'json'} {times}")

    def cpu_ms(self) -> float:
        return self._process.cpu_ms()

    def close(self) -> None:
        self._process.close()


def gateway(ground: Ground, *, tls: bool = False) -> Function:
    """The built function, through the wrapper script that Lambda is told to use."""
    environment = {
        **_ROLE,
        **_GATEWAY,
        "LAMBDA_TASK_ROOT": str(ground.function_folder),
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": ground.tls_endpoint if tls else ground.endpoint,
        "SSL_CERT_FILE": str(ground.ca_bundle),
    }
    bootstrap = ground.function_folder / "gateway" / "bootstrap"
    return Function([str(bootstrap), str(ground.python)], environment)


def bare_loop(ground: Ground) -> Function:
    """The floor; no shell starts it."""
    files = [str(ground.json_file), str(ground.stream_file)]
    return Function([str(ground.python), str(_BARE_LOOP), *files], {})


def direct_boto3(ground: Ground) -> DirectCaller:
    """The boto3 of the environment that runs the benchmarks."""
    environment = {**_ROLE, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": ground.endpoint}
    return DirectCaller([sys.executable, "-m", "benchmarks.boto3_caller"], environment)
