"""LiteLLM's proxy with its `/v1/messages` before the same upstream: one process, as it starts by
default.

https://docs.litellm.ai/docs/proxy/configs · https://docs.litellm.ai/docs/anthropic_unified
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.environment import BenchmarkEnvironment
from benchmarks.fixtures import MODEL, PROFILE, Operation
from benchmarks.processes import Measured, ProcessFailed
from benchmarks.subjects import ROLE

_KEY = "sk-benchmark"
_TIMEOUT_SECONDS = 120
_DELTA = b"event: content_block_delta"
_HEADERS = {
    "x-api-key": _KEY,
    "content-type": "application/json",
    "anthropic-version": "2023-06-01",
}
_ENVIRONMENT = {
    **ROLE,
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it fetches prices from the internet
    "LITELLM_LOG": "ERROR",
}


class LiteLlm:
    """The proxy, ready to answer."""

    def __init__(self, benchmark_environment: BenchmarkEnvironment) -> None:
        assert benchmark_environment.peers is not None
        self._port = _free_port()
        command = [str(benchmark_environment.peers.litellm_python.with_name("litellm"))]
        options = ["--config", str(_configuration(benchmark_environment)), "--host", "127.0.0.1"]
        environment = {**_ENVIRONMENT, "HOME": str(benchmark_environment.scratch)}
        self.process = Measured([*command, *options, "--port", str(self._port)], environment)
        with ExitStack() as unless_it_starts:
            unless_it_starts.callback(self.close)
            with self.process.explained():
                self._wait()
            unless_it_starts.pop_all()

    def call(self, operation: Operation, times: int = 1) -> None:
        """On a connection of its own, so that several callers may call at once."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_SECONDS)
        with self.process.explained():
            for _ in range(times):
                connection.request("POST", operation.path, operation.request, _HEADERS)
                response = connection.getresponse()
                _judge(operation, response.status, response.read())
        connection.close()

    def close(self) -> None:
        self.process.close()

    def _wait(self) -> None:
        until = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < until and self.process.runs():
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return
        raise ProcessFailed("LiteLLM does not listen")


def _judge(operation: Operation, status: int, body: bytes) -> None:
    """It writes JSON anew, so that the content is compared, not the bytes."""
    if operation.stream:
        right = body.count(_DELTA) == operation.answer.count(_DELTA)
    else:
        right = json.loads(body).get("content") == json.loads(operation.answer)["content"]
    if status != 200 or not right:
        raise ProcessFailed(f"{operation.name}: not the answer expected: {status} {body[:500]!r}")


def _configuration(benchmark_environment: BenchmarkEnvironment) -> Path:
    """In JSON, which is YAML."""
    parameters = {
        "model": f"bedrock/invoke/{PROFILE}",
        "aws_bedrock_runtime_endpoint": benchmark_environment.endpoint,
        "aws_region_name": ROLE["AWS_REGION"],
    }
    content = {
        "model_list": [{"model_name": MODEL, "litellm_params": parameters}],
        "general_settings": {"master_key": _KEY},
    }
    file = Path(mkdtemp(dir=benchmark_environment.scratch)) / "config.yaml"
    file.write_text(json.dumps(content))
    return file


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
