"""Portkey's gateway, a program for Node: `/v1/messages` over Converse.

It takes provider, credentials and upstream from headers.
https://portkey.ai/docs/api-reference/inference-api/headers
"""

from __future__ import annotations

import json

from benchmarks.environment import BenchmarkEnvironment
from benchmarks.fixtures import PROFILE, ROLE, Operation
from benchmarks.http_peer import HttpPeer, Request, free_port, judge_message
from benchmarks.processes import Measured


class Portkey(HttpPeer):
    """Ready to answer from `endpoint`. It listens at every address of the machine."""

    def __init__(self, environment: BenchmarkEnvironment, *, endpoint: str = "") -> None:
        assert environment.peers is not None
        assert environment.peers.portkey is not None
        node, program = environment.peers.portkey
        port = free_port()
        self._headers = {
            "content-type": "application/json",
            "anthropic-version": "2023-06-01",
            "x-portkey-provider": "bedrock",
            "x-portkey-custom-host": endpoint or environment.endpoint,
            "x-portkey-aws-region": ROLE["AWS_REGION"],
            "x-portkey-aws-access-key-id": ROLE["AWS_ACCESS_KEY_ID"],
            "x-portkey-aws-secret-access-key": ROLE["AWS_SECRET_ACCESS_KEY"],
            "x-portkey-aws-session-token": ROLE["AWS_SESSION_TOKEN"],
        }
        command = [str(node), str(program), f"--port={port}", "--headless"]
        variables = {"HOME": str(environment.scratch), "NODE_ENV": "production"}
        super().__init__(Measured(command, variables), port)

    def request_for(self, operation: Operation) -> Request:
        content = {**json.loads(operation.request), "model": PROFILE}
        return Request(operation.path, json.dumps(content).encode(), self._headers)

    def judge(self, operation: Operation, status: int, body: bytes) -> None:
        """It writes an answer of Converse as a message, with an id of its own."""
        judge_message(operation, status, body)
