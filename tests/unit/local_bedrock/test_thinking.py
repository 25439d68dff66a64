"""Thinking that goes back: it is taken as it was issued, and not otherwise."""

import json
from typing import Any

import pytest

from claude_bedrock.catalog import MODELS
from local.bedrock import directives, replies, rules, schema
from local.bedrock.errors import RefusedError
from tests.unit.local_bedrock.conftest import body_of
from tests.unit.local_bedrock.signed import anthropic_form

Json = dict[str, Any]
MODEL = {model.name: model for model in MODELS}
BINDING = "thinking-binding-controls-2026-08-01"
TOOL: Json = {"name": "clock", "input_schema": {"type": "object"}}
REQUEST: Json = {"messages": [{"role": "user", "content": "[[tool: clock]]"}], "tools": [TOOL]}


def parsed(fields: Json) -> schema.Request:
    return schema.parse(body_of(**fields).encode())


def answered(name: str, fields: Json) -> list[Json]:
    """The turns after `fields` was asked of a model and its call of a tool was answered."""
    request = parsed(fields)
    rules.check(request, MODEL[name])
    prompt_directives = directives.read(replies.last_user_text(request))
    made = [
        part.block for part in replies.compose(request, MODEL[name], prompt_directives, "s").parts
    ]
    (call,) = (block for block in made if block["type"] == "tool_use")
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "noon"}
    turns = [{"role": "assistant", "content": made}, {"role": "user", "content": [result]}]
    return [*fields["messages"], *turns]


def check(name: str, fields: Json) -> None:
    rules.check(parsed(fields), MODEL[name])


def refusal(name: str, fields: Json) -> str:
    with pytest.raises(RefusedError) as refused:
        check(name, fields)
    return refused.value.message


def changed(turns: list[Json], **block: str) -> list[Json]:
    """The turns with other members in the first block of the assistant's turn."""
    copy: list[Json] = json.loads(json.dumps(turns))
    copy[1]["content"][0] |= block
    return copy


BUDGET: Json = {**REQUEST, "thinking": {"type": "enabled", "budget_tokens": 1024}}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("claude-sonnet-4-5", BUDGET),
        ("claude-sonnet-4-6", {**REQUEST, "thinking": {"type": "adaptive"}}),
        ("claude-opus-5-5", REQUEST),
        ("claude-fable-5-1", {**REQUEST, "thinking": {"type": "adaptive", "display": "omitted"}}),
    ],
)
def test_what_was_issued_is_taken_back(name: str, fields: Json) -> None:
    check(name, {**fields, "messages": answered(name, fields)})


def test_a_changed_thought_is_refused() -> None:
    turns = answered("claude-sonnet-4-5", BUDGET)
    message = refusal("claude-sonnet-4-5", {**BUDGET, "messages": changed(turns, thinking="no")})
    assert message.startswith(
        "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant "
        "message cannot be modified."
    )
    later = [*changed(turns, thinking="no"), {"role": "assistant", "content": "x"}]
    more = {**REQUEST, "messages": [*later, {"role": "user", "content": "y"}]}
    assert refusal("claude-sonnet-4-5", more).endswith("Invalid `signature` in `thinking` block")


def test_a_changed_signature_is_refused_and_one_of_anthropics_form_is_taken() -> None:
    turns = answered("claude-sonnet-4-5", BUDGET)
    signature = turns[1]["content"][0]["signature"]
    broken = f"{signature[:40]}{'A' if signature[40] != 'A' else 'B'}{signature[41:]}"
    assert "messages.1.content.0" in refusal(
        "claude-sonnet-4-5", {**BUDGET, "messages": changed(turns, signature=broken)}
    )
    check(
        "claude-sonnet-4-5",
        {**BUDGET, "messages": changed(turns, signature=anthropic_form(), thinking="of theirs")},
    )


@pytest.mark.parametrize(
    "change",
    [
        {"system": "Another."},
        {"tools": [TOOL, {**TOOL, "name": "map"}]},
    ],
)
def test_newer_models_bind_thinking_to_its_conversation(change: Json) -> None:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-thinking-block-binding.html"""
    turns = answered("claude-fable-5-1", REQUEST)
    fields = {**REQUEST, **change, "messages": turns}
    drops = {"type": "adaptive", "block_binding": {"mismatch_behavior": "drop_block"}}

    assert "The block is bound to a different conversation." in refusal("claude-fable-5-1", fields)
    check("claude-fable-5-1", {**fields, "thinking": drops, "anthropic_beta": [BINDING]})
    check("claude-opus-4-8", {**fields, "thinking": {"type": "adaptive"}})


def test_cache_markers_may_move() -> None:
    turns = answered("claude-fable-5-1", REQUEST)
    text = {"type": "text", "text": "[[tool: clock]]", "cache_control": {"type": "ephemeral"}}
    turns[0] = {"role": "user", "content": [text]}
    check("claude-fable-5-1", {**REQUEST, "messages": turns})


def test_a_binding_needs_its_beta() -> None:
    thinking = {"type": "adaptive", "block_binding": {"mismatch_behavior": "error"}}
    assert refusal("claude-opus-4-8", {"thinking": thinking}) == (
        "thinking.adaptive.block_binding: Extra inputs are not permitted"
    )


def test_a_prefill_has_thinking_only_where_thinking_is_on() -> None:
    block = {"type": "thinking", "thinking": "", "signature": anthropic_form()}
    text = {"type": "text", "text": "b"}
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": [block, text]}]
    assert "When thinking is disabled, an `assistant` message in the final position" in refusal(
        "claude-sonnet-4-5", {"messages": turns}
    )
