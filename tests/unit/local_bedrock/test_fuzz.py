"""Whatever JSON stands anywhere in a body, the answer is a message or a refusal, never a crash."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from claude_bedrock.catalog import MODELS
from local.bedrock import directives, message, replies, rules, schema
from local.bedrock.errors import RefusedError
from local.bedrock.examples import example as fitting
from local.bedrock.examples import is_schema
from local.bedrock.message import Answer
from local.bedrock.tokens import PromptCache

SONNET = next(model for model in MODELS if model.name == "claude-sonnet-4-5")
WORDS = ["type", "text", "object", "array", "enum", "items", "required", "properties", "anyOf"]
KEYS = st.sampled_from(WORDS) | st.text(max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
FULL: dict[str, Any] = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 64,
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "hi [[tool: book]]"}]},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t", "name": "book", "input": {}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]},
    ],
    "system": [{"type": "text", "text": "brief", "cache_control": {"type": "ephemeral"}}],
    "tools": [{"name": "book", "input_schema": {"type": "object", "properties": {"a": {}}}}],
    "tool_choice": {"type": "any"},
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    "thinking": {"type": "disabled"},
    "metadata": {"user_id": "u"},
    "stop_sequences": ["END"],
}


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    nested_paths = [path]
    for key, item in inner if isinstance(value, dict | list) else ():
        nested_paths += (
            paths(item, (*path, key)) if isinstance(item, dict | list) else [(*path, key)]
        )
    return nested_paths


def put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:  # noqa: ANN401
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


@given(st.sampled_from(paths(FULL)), VALUES, st.sampled_from(["any", "none"]))
@example(("tools", 0, "input_schema", "properties", "a"), {"type": ["null"]}, "any")
@example(("output_config", "format", "schema"), {"type": "array", "items": True}, "none")
def test_any_value_at_any_path_is_answered_or_refused(
    path: tuple[str | int, ...], value: object, choice: str
) -> None:
    body = put({**FULL, "tool_choice": {"type": choice}}, path, value)
    try:
        request = schema.parse(json.dumps(body).encode())
        rules.check(request, SONNET)
        prompt_directives = directives.read(replies.last_user_text(request))
    except RefusedError as refused:
        assert refused.name == "ValidationException"
        return
    usage = PromptCache().usage(request, "scope", smallest=1024)
    reply = replies.compose(request, SONNET, prompt_directives, "salt")
    assert json.loads(message.serialize(Answer("m", "claude", reply, usage)))["role"] == "assistant"


NESTED = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 9.0},
                "tags": {"$ref": "#/$defs/tags"},
            },
            "required": ["name", "tags"],
        },
        "tags": {"type": "array", "minItems": 2, "items": {"enum": ["a"]}},
    },
    "anyOf": [{"$ref": "#/$defs/node"}],
}


@given(st.dictionaries(KEYS, VALUES, max_size=3))
@example(NESTED)
@example({"$ref": "#"})
@example({"$ref": "#/nowhere"})
@example({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}})
def test_any_valid_schema_has_an_example(candidate: dict[str, Any]) -> None:
    if is_schema(candidate):
        json.dumps(fitting(candidate))


def test_an_example_fits_its_schema() -> None:
    Draft202012Validator(NESTED).validate(fitting(NESTED))
