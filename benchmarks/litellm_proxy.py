"""LiteLLM's proxy with its `/v1/messages` before the same upstream: one process, as it starts by
default.

https://docs.litellm.ai/docs/proxy/configs · https://docs.litellm.ai/docs/anthropic_unified
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.environment import BenchmarkEnvironment
from benchmarks.fixtures import MODEL, PROFILE, ROLE, Operation
from benchmarks.http_peer import HttpPeer, Request, free_port, judge_message
from benchmarks.processes import Measured

_KEY = "sk-benchmark"
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


class LiteLlm(HttpPeer):
    """The proxy, ready to answer."""

    def __init__(self, benchmark_environment: BenchmarkEnvironment, *, endpoint: str = "") -> None:
        assert benchmark_environment.peers is not None
        command = [str(benchmark_environment.peers.litellm_python.with_name("litellm"))]
        options = [
            "--config",
            str(_configuration(benchmark_environment, endpoint)),
            "--host",
            "127.0.0.1",
        ]
        port = free_port()
        environment = {**_ENVIRONMENT, "HOME": str(benchmark_environment.scratch)}
        command += [*options, "--port", str(port)]
        super().__init__(Measured(command, environment), port)

    def request_for(self, operation: Operation) -> Request:
        return Request(operation.path, operation.request, _HEADERS)

    def judge(self, operation: Operation, status: int, body: bytes) -> None:
        """It writes JSON anew, so that the content is compared, not the bytes."""
        judge_message(operation, status, body)


def _configuration(benchmark_environment: BenchmarkEnvironment, endpoint: str) -> Path:
    """In JSON, which is YAML."""
    parameters = {
        "model": f"bedrock/invoke/{PROFILE}",
        "aws_bedrock_runtime_endpoint": endpoint or benchmark_environment.endpoint,
        "aws_region_name": ROLE["AWS_REGION"],
    }
    content = {
        "model_list": [{"model_name": MODEL, "litellm_params": parameters}],
        "general_settings": {"master_key": _KEY},
    }
    file = Path(mkdtemp(dir=benchmark_environment.scratch)) / "config.yaml"
    file.write_text(json.dumps(content))
    return file
