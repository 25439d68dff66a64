"""A gateway real but for Bedrock: what it sends is kept, what Bedrock answers is set."""

import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from claude_bedrock import catalog
from gateway import handler, model_resolution, observability, request
from gateway.caller_sessions import CallerSessions
from gateway.request_context import RequestContext
from gateway.retries import RetryBudget
from gateway.settings import Settings, load
from tests.unit.gateway.fakes import FakeBedrock, SentResponse

MODEL = "claude-sonnet-4-5"
PROFILE = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
EVENT: dict[str, Any] = {
    "httpMethod": "POST",
    "path": "/v1/messages",
    "headers": {"Content-Type": "application/json"},
    "requestContext": {"requestId": "gw-1", "identity": {"apiKeyId": "key1"}},
    "isBase64Encoded": False,
}

ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "STAGE": "test",
    "GEOGRAPHIES": "global",
    "ALLOWED_MODELS": f"{MODEL},claude-opus-4-5",
    "MAX_BODY_BYTES": "10000",
    "PING_SECONDS": "15",
    "UNSUPPORTED_FIELDS": "drop",
    "API_KEY_NAMES": '{"key1": "team-a"}',
}


@pytest.fixture
def settings() -> Settings:
    return load(ENVIRONMENT)


@pytest.fixture(autouse=True)
def _powertools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "gateway")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "ClaudeOnBedrock")


def _log_to_this_test() -> None:
    """The logger outlives a test, the standard output that pytest captures does not."""
    for log_handler in observability._logger().handlers:
        assert isinstance(log_handler, logging.StreamHandler)
        log_handler.stream = sys.stdout


class Caller:
    """Sends requests to the gateway and keeps what both sides saw."""

    def __init__(self, settings: Settings) -> None:
        self.bedrock = FakeBedrock()
        self.settings = settings
        self.retry_budget = RetryBudget(jitter=lambda: 0.0)
        self.remaining = 900.0
        self.sessions: CallerSessions | None = None

    def send(
        self,
        body: object,
        method: str = "POST",
        path: str = "/v1/messages",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> SentResponse:
        event = {
            **EVENT,
            "httpMethod": method,
            "path": path,
            "queryStringParameters": dict(query) if query else None,
            "headers": {"Content-Type": "application/json", **(headers or {})},
            "body": body if isinstance(body, str) else json.dumps(body),
        }
        return self.send_event(event)

    def send_event(self, event: dict[str, Any]) -> SentResponse:
        response = SentResponse()
        self._serve(response, event)
        return response

    def send_to(self, response: SentResponse, body: object) -> None:
        """A Messages call, answered to somebody else's response."""
        self._serve(response, {**EVENT, "body": json.dumps(body)})

    def _serve(self, response: SentResponse, event: dict[str, Any]) -> None:
        _log_to_this_test()
        handler.serve(
            RequestContext(
                request.from_event(event),
                response,
                self.settings,
                self.bedrock,
                self.retry_budget,
                remaining=self.remaining,
                sessions=self.sessions,
            )
        )

    def resolved(self, name: str) -> catalog.Resolved:
        return model_resolution.resolve(name, self.settings)


def audit_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The audit line of the one request that this test has sent since it last looked."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (audit,) = [line["audit"] for line in lines if line.get("message") == "audit"]
    assert isinstance(audit, dict)
    return audit


@pytest.fixture
def caller(settings: Settings) -> Caller:
    return Caller(settings)
