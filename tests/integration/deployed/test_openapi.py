"""Schemathesis asks the deployed endpoint what docs/openapi.yaml describes, and what it does not:
no failure of ours, no status or form that the page does not tell."""

import json
from typing import Any

import pytest
import schemathesis
import yaml
from anthropic.types import Message, RawMessageStreamEvent
from botocore.eventstream import EventStreamBuffer
from hypothesis import HealthCheck, Phase, settings
from pydantic import TypeAdapter, ValidationError
from schemathesis import Case, CheckContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from tests.integration.deployed.deployment import Deployment
from tests.integration.deployed.running import PROJECT

DOCUMENT: dict[str, Any] = yaml.safe_load((PROJECT / "docs" / "openapi.yaml").read_text())
CONFIG = SchemathesisConfig.from_dict(
    {
        "max-stream-events": 100_000,  # streams are read to their end
        "phases": {"coverage": {"enabled": False}},  # a thousand calls more
        "seed": 1,
    }
)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)
EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
LAST = {"message_stop", "error"}


def events_are_anthropics(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    """What no schema says: each event of a stream is one that the SDK knows, and it ends."""
    kind = (response.headers.get("content-type") or [""])[0]
    if kind.startswith("text/event-stream"):
        *blocks, rest = response.content.decode().split("\n\n")
        assert rest == ""
        names = [event(*block.split("\n")) for block in blocks]
        assert names[-1] in LAST
    elif kind == "application/vnd.amazon.eventstream":
        frames = EventStreamBuffer()
        frames.add_data(response.content)
        messages = [frame.to_response_dict() for frame in frames]
        assert messages and all(message["status_code"] in (200, 400) for message in messages)


def event(name: str, data: str) -> str:
    event = json.loads(data.removeprefix("data: "))
    assert name == f"event: {event['type']}"
    if event["type"] not in ("ping", "error"):
        EVENT.validate_python(event)
    return str(event["type"])


def nothing_failed(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    """501 says that Bedrock has no such thing, which is no failure."""
    assert response.status_code < 500 or response.status_code == 501


def messages_are_anthropics(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    body = response.json() if response.content.startswith(b"{") else {}
    if body.get("type") == "message":
        Message.model_validate(body)


CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    nothing_failed,
    events_are_anthropics,
    messages_are_anthropics,
]


@SCHEMA.parametrize()
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_endpoint_is_as_described(case: Case[Any], deployment: Deployment) -> None:
    case.call_and_validate(
        base_url=deployment.endpoint["http_url"],
        headers={"x-api-key": deployment.key},
        checks=CHECKS,
    )


@pytest.mark.parametrize(
    "data", ['{"type": "nonesuch"}', '{"type": "message_start"}', '{"type": "content_block_stop"}']
)
def test_an_event_that_the_sdk_does_not_know_is_detected(data: str) -> None:
    name = json.loads(data)["type"]
    with pytest.raises(ValidationError):
        event(f"event: {name}", f"data: {data}")
