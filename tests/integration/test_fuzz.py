"""Any JSON anywhere in a Messages request is answered or refused, by gateway and strict Bedrock."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from tests.integration.conftest import Gateway
from tests.unit.gateway.fakes import SentResponse
from tests.unit.gateway.test_bad_input import ANTHROPIC, CONVERSE, COUNTING, PATHS, UNTOUCHED
from tests.unit.gateway.test_bad_input import VALUES as ODD
from tests.unit.gateway.test_bad_input import request_text as odd_body
from tests.unit.local_bedrock.files import image, pdf, text
from tests.unit.local_bedrock.signed import anthropic_form

MODELS = ("claude-haiku-4-5", "claude-opus-4-5", "claude-sonnet-4-6", "claude-opus-5-5")
FORMATS = MODELS[:3]  # this year's take none
MARKER = {"type": "ephemeral", "ttl": "1h"}
PIXEL = {"type": "base64", "media_type": "image/png", "data": text(image())}
PDF = {"type": "base64", "media_type": "application/pdf", "data": text(pdf())}
TEXT_BLOCK = {"type": "text", "text": "hi", "cache_control": MARKER}
NOTHING_MORE = {"type": "object", "additionalProperties": False}
COMPLETE: dict[str, Any] = {
    "model": MODELS[0],
    "max_tokens": 3000,
    "stream": False,
    "anthropic_beta": ["context-management-2025-06-27"],
    "messages": [
        {
            "role": "user",
            "content": [
                TEXT_BLOCK,
                {"type": "image", "source": PIXEL},
                {"type": "document", "source": PDF, "citations": {"enabled": False}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "so", "signature": anthropic_form()},
                {"type": "tool_use", "id": "t", "name": "book", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": [TEXT_BLOCK]}],
        },
    ],
    "system": [TEXT_BLOCK],
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
    "output_config": {"format": {"type": "json_schema", "schema": NOTHING_MORE}},
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


def complete_request(model: str, *, stream: bool) -> dict[str, Any]:
    """All of it as `model` takes it: this year's do not rest."""
    thinking = {"type": "adaptive"} if model.endswith("-5-5") else COMPLETE["thinking"]
    return {**COMPLETE, "model": model, "stream": stream, "thinking": thinking}


def paths(value: Any, path: Path = ()) -> Iterator[Path]:  # noqa: ANN401
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    for key, item in enumerate(value) if isinstance(value, list) else inner:
        yield from paths(item, (*path, key))


def put(value: Any, path: Path, new: Any) -> Any:  # noqa: ANN401
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


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
def test_complete_bodies_are_answered(gateway: Gateway, path: str) -> None:
    for model, stream in product(MODELS if path == "/v1/messages" else MODELS[:1], [False, True]):
        formats = {} if model in FORMATS else {"output_config": {"effort": "low"}}
        response = gateway.post(
            json.dumps({**complete_request(model, stream=stream), **formats}), path
        )
        assert response.status == 200, response.body
        check(response)


@pytest.mark.parametrize("value", [None, True, -1, 1e400, "", "x", "\ud800", [], {}, [{}], 10**30])
def test_any_kind_at_every_path_is_answered_or_refused(gateway: Gateway, value: object) -> None:
    for path in paths(COMPLETE):
        check(gateway.post(json.dumps(put(COMPLETE, path, value))))


@given(
    st.sampled_from(list(paths(COMPLETE))),
    VALUES,
    st.sampled_from(MODELS),
    st.sampled_from(["whole", "streamed", "counted"]),
)
@example(("messages", 0, "content"), "[[tool: book]]", MODELS[0], "streamed")
@example(("messages", 0, "content", 2, "source", "data"), "\x80", MODELS[0], "whole")
@profile(max_examples=1_000)
def test_any_json_at_any_path_is_answered_or_refused(
    gateway: Gateway, path: Path, value: object, model: str, how: str
) -> None:
    body = put(complete_request(model, stream=how == "streamed"), path, value)
    if how == "counted" and isinstance(body, dict):
        body["model"] = MODELS[
            0
        ]  # that Bedrock counts for no other is told by 501, see docs/api.md
    check(gateway.post(json.dumps(body), f"/v1/messages{'/count_tokens' * (how == 'counted')}"))


@given(
    st.text() | VALUES.map(json.dumps) | st.text().map(lambda end: json.dumps(COMPLETE)[:-1] + end)
)
@example("[" * 5_000)
@example('{"model":"claude-haiku-4-5","max_tokens":1,"messages":["\ud800"]}')
@example('{"model":' * 5_000)
@profile(max_examples=200)
def test_any_text_is_answered_or_refused(gateway: Gateway, text: str) -> None:
    check(gateway.post(text))


def check_native(response: SentResponse) -> None:
    """It is an answer, or Bedrock's exception with the caller to blame."""
    if response.status != 200:
        assert 400 <= response.status < 500, response.body
        assert response.headers["x-amzn-errortype"].endswith("Exception")
        assert response.json()["message"]


@given(PATHS, ODD)
@example(COUNTING, "[" * 50_000 + "]" * 50_000)
@example(UNTOUCHED[0], "[" * 50_000 + "]" * 50_000)
@example(UNTOUCHED[1], '{"a":' * 5_000 + "1" + "}" * 5_000)
@example(CONVERSE[0], '[{"text":"\\ud800"}]')
@example(UNTOUCHED[0], '"\\ud800"')
@profile(max_examples=300)
def test_odd_json_in_any_format_is_answered_or_refused(
    gateway: Gateway, path: str, value: str
) -> None:
    (check if path in ANTHROPIC else check_native)(gateway.post(odd_body(value), path))
