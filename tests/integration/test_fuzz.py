"""Any JSON anywhere in a Messages request is answered or refused, by gateway and strict Bedrock."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from gateway import handler, request
from gateway.service import Service
from gateway.settings import load
from gateway.signing import Signer
from gateway.upstream import Upstream
from tests.integration.deployed.deployment import MODEL
from tests.unit.gateway.wire import SentResponse

KEYS = {"AWS_ACCESS_KEY_ID": "dev", "AWS_SECRET_ACCESS_KEY": "secret"}
MODELS = (MODEL, "claude-opus-4-5", "claude-sonnet-4-6", "claude-opus-5-5")
SECONDS = 15.0  # the gateway's for one call: past them it answers 504, which fails
MARKER = {"type": "ephemeral", "ttl": "1h"}
PIXEL = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQ="}
SAID = {"type": "text", "text": "hi", "cache_control": MARKER}
WHOLE: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 3000,
    "stream": False,
    "anthropic_beta": ["context-management-2025-06-27"],
    "messages": [
        {
            "role": "user",
            "content": [
                SAID,
                {"type": "image", "source": PIXEL},
                {"type": "document", "source": PDF, "citations": {"enabled": True}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "so", "signature": "c2ln"},
                {"type": "tool_use", "id": "t", "name": "book", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": [SAID]}],
        },
    ],
    "system": [SAID],
    "tools": [
        {
            "name": "book",
            "description": "books",
            "input_schema": {"type": "object", "properties": {"a": {"type": "integer"}}},
            "eager_input_streaming": True,
        }
    ],
    "tool_choice": {"type": "auto"},
    "thinking": {"type": "disabled"},
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    "metadata": {"user_id": "u"},
    "stop_sequences": ["END"],
    "context_management": {"edits": []},
}  # fmt: skip
WORDS = st.sampled_from(
    ["type", "text", "tool_use", "thinking", "adaptive", "enabled", "system", "ephemeral", "object",
     "array", "items", "$ref", "#", "content", "source", "auto", "any", "claude-opus-4-5"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)
Path = tuple[str | int, ...]


def whole(model: str, *, stream: bool) -> dict[str, Any]:
    """All of it as `model` takes it: this year's do not rest."""
    thinking = {"type": "adaptive"} if model.endswith("-5-5") else WHOLE["thinking"]
    return {**WHOLE, "model": model, "stream": stream, "thinking": thinking}


def places(value: Any, path: Path = ()) -> Iterator[Path]:  # noqa: ANN401
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else inner:
        yield from places(item, (*path, key))


def put(value: Any, path: Path, new: Any) -> Any:  # noqa: ANN401
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The gateway's own connection and signature, to a local Bedrock in a process of its own."""
    command = [sys.executable, "-m", "local.bedrock", "--port", "0"]
    environment = {**os.environ, **KEYS, "AWS_REGION": "us-east-1", "PYTHONPATH": "lambda"}
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process,
    ):
        patch.setenv("POWERTOOLS_SERVICE_NAME", "gateway")
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "ClaudeOnBedrock")
        assert process.stdout is not None
        endpoint = process.stdout.readline().split()[-1]
        settings = load(
            {
                "AWS_REGION": "us-east-1",
                "STAGE": "fuzz",
                "ROUTE": "global",
                "ALLOWED_MODELS": ",".join(MODELS),
                "MAX_BODY_BYTES": "1000000",
                "PING_SECONDS": "15",
                "ADAPT": "lenient",
                "API_KEY_NAMES": "{}",
            }
        )
        with closing(Upstream(endpoint, Signer("us-east-1", KEYS))) as upstream:
            yield Service(settings, upstream, lambda: SECONDS)
        process.terminate()


def post(service: Service, body: str, path: str = "/v1/messages") -> SentResponse:
    event = {
        "httpMethod": "POST",
        "path": path,
        "headers": {"content-type": "application/json"},
        "requestContext": {"requestId": "gw-1"},
        "body": body,
    }
    response = SentResponse()
    with redirect_stdout(io.StringIO()):
        handler.serve(request.from_event(event), response, service)
    return response


def check(response: SentResponse) -> None:
    """It is an answer that is whole, or Anthropic's error with the caller to blame."""
    if response.status != 200:
        content = response.json()
        assert 400 <= response.status < 500, content
        assert (content["type"], content["request_id"]) == ("error", response.headers["request-id"])
        assert content["error"].keys() >= {"type", "message"}
    elif response.headers["content-type"].startswith("text/event-stream"):
        assert response.events()[-1][0] == "message_stop"
    else:
        assert response.json().keys() & {"content", "input_tokens"}


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_the_whole_is_answered(service: Service, path: str) -> None:
    for model, stream in product(MODELS if path == "/v1/messages" else MODELS[:1], [False, True]):
        response = post(service, json.dumps(whole(model, stream=stream)), path)
        assert response.status == 200, response.body
        check(response)


@pytest.mark.parametrize("value", [None, True, -1, 1e400, "", "x", "\ud800", [], {}, [{}], 10**30])
def test_any_kind_at_every_place_is_answered_or_refused(service: Service, value: object) -> None:
    for place in places(WHOLE):
        check(post(service, json.dumps(put(WHOLE, place, value))))


@given(
    st.sampled_from(list(places(WHOLE))),
    VALUES,
    st.sampled_from(MODELS),
    st.sampled_from(["whole", "streamed", "counted"]),
)
@example(("messages", 0, "content"), "[[tool: book]]", MODEL, "streamed")
@profile(max_examples=1_000)
def test_any_json_at_any_place_is_answered_or_refused(
    service: Service, place: Path, value: object, model: str, how: str
) -> None:
    body = put(whole(model, stream=how == "streamed"), place, value)
    if how == "counted" and isinstance(body, dict):
        body["model"] = MODEL  # that Bedrock counts for no other is told by 501, see docs/api.md
    check(post(service, json.dumps(body), f"/v1/messages{'/count_tokens' * (how == 'counted')}"))


@given(st.text() | VALUES.map(json.dumps) | st.text().map(lambda end: json.dumps(WHOLE)[:-1] + end))
@example("[" * 5_000)
@example('{"model":' * 5_000)
@profile(max_examples=200)
def test_any_text_is_answered_or_refused(service: Service, text: str) -> None:
    check(post(service, text))
