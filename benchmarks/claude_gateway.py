"""`claude gateway`, a command of Claude Code: `/v1/messages` over InvokeModel, for a person who has
signed in. Postgres is a program of its own, and not in the figures.

https://code.claude.com/docs/en/claude-apps-gateway
"""

from __future__ import annotations

from benchmarks.claude_sign_in import ClaudeSignIn
from benchmarks.environment import BenchmarkEnvironment
from benchmarks.fixtures import Operation
from benchmarks.http_peer import HttpPeer, Request, judge_message
from benchmarks.processes import ProcessFailed


class ClaudeGateway(HttpPeer):
    """Ready to answer from `endpoint`."""

    def __init__(
        self, environment: BenchmarkEnvironment, sign_in: ClaudeSignIn, *, endpoint: str = ""
    ) -> None:
        self._headers = {
            "authorization": f"Bearer {sign_in.token}",
            "content-type": "application/json",
            "anthropic-version": "2023-06-01",
        }
        process = sign_in.start(environment.scratch, endpoint or environment.endpoint)
        super().__init__(process, sign_in.port)

    def request_for(self, operation: Operation) -> Request:
        return Request(operation.path, operation.request, self._headers)

    def judge(self, operation: Operation, status: int, body: bytes) -> None:
        """A JSON answer is Bedrock's to the byte; of a stream the deltas are counted."""
        judge_message(operation, status, body)
        if not operation.stream and body != operation.answer:
            raise ProcessFailed(f"{operation.name}: other bytes than Bedrock's: {body[:500]!r}")
