"""Ferro Labs' gateway, one program in Go: OpenAI's chat completions over InvokeModel.

It has no `/v1/messages` before Bedrock. https://docs.ferrolabs.ai/configuration
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.environment import BenchmarkEnvironment
from benchmarks.fixtures import PROFILE, ROLE, Operation
from benchmarks.http_peer import HttpPeer, Request, free_port
from benchmarks.processes import Measured, ProcessFailed

_KEY = "fgw_" + "0" * 32
_HEADERS = {"content-type": "application/json", "authorization": f"Bearer {_KEY}"}
_UNLIMITED = {"RATE_LIMIT_RPS": "1000000", "RATE_LIMIT_BURST": "1000000"}  # 20 a second by default


class Ferro(HttpPeer):
    """Ready to answer from `endpoint`. It listens at every address of the machine."""

    def __init__(self, environment: BenchmarkEnvironment, *, endpoint: str = "") -> None:
        assert environment.peers is not None
        folder, port = Path(mkdtemp(dir=environment.scratch)), free_port()
        content = {"strategy": {"mode": "single"}, "targets": [{"virtual_key": "bedrock"}]}
        (folder / "config.json").write_text(json.dumps(content))
        variables = {
            **ROLE,
            **_UNLIMITED,
            "HOME": str(folder),
            "GATEWAY_CONFIG": str(folder / "config.json"),
            "PORT": str(port),
            "MASTER_KEY": _KEY,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": endpoint or environment.endpoint,
        }
        program = environment.peers.ferro_python.with_name("ferrogw")
        super().__init__(Measured([str(program), "serve"], variables), port)

    def request_for(self, operation: Operation) -> Request:
        """Return the same prompt as OpenAI's chat completions have it."""
        sent = json.loads(operation.request)
        messages = [{"role": "system", "content": sent["system"]}, *sent["messages"]]
        body = {
            "model": PROFILE,
            "max_tokens": sent["max_tokens"],
            "messages": messages,
            "stream": operation.stream,
        }
        return Request("/v1/chat/completions", json.dumps(body).encode(), _HEADERS)

    def judge(self, operation: Operation, status: int, body: bytes) -> None:
        """Compare the text: its format is another."""
        if operation.stream:
            deltas = operation.answer.count(b"event: content_block_delta")
            right = body.count(b'"content":') == deltas
        else:
            text = json.loads(operation.answer)["content"][0]["text"]
            right = json.loads(body)["choices"][0]["message"]["content"] == text
        if status != 200 or not right:
            raise ProcessFailed(
                f"{operation.name}: not the answer expected: {status} {body[:300]!r}"
            )
