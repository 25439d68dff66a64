"""What goes with a beta that nobody knows: what the SDK does not know, at any depth; no more."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.catalog import message_schema
from gateway import unknown_fields
from gateway.errors import InvalidRequest
from tests.unit.gateway.adaptation import HI, TOOL, body, sent

BETA = "brand-new-thing-2027-01-01"
TEXT = {"type": "text", "text": "hi"}
MARKED = {**TEXT, "cache_control": {"type": "ephemeral"}}
PATHS: list[tuple[str, str, dict[str, Any]]] = [
    ("tools.0.priority", "tools.priority", {"tools": [TOOL]}),
    ("messages.0.content.0.weight", "messages.content.weight",
     {"messages": [{"role": "user", "content": [TEXT]}]}),
    ("messages.0.weight", "messages.weight", {"messages": [HI]}),
    ("output_config.verbosity", "output_config.verbosity", {"output_config": {"effort": "low"}}),
    ("thinking.depth", "thinking.depth", {"thinking": {"type": "adaptive"}}),
    ("system.0.cache_control.priority", "system.cache_control.priority", {"system": [MARKED]}),
    ("tool_choice.max_uses", "tool_choice.max_uses",
     {"tools": [TOOL], "tool_choice": {"type": "auto"}}),
    ("metadata.team", "metadata.team", {"metadata": {"user_id": "u"}}),
    ("brandNew", "brandNew", {}),
    ("messages.0.content.0.content.0.source.content.0.weight",
     "messages.content.content.source.content.weight",
     {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t",
      "content": [{"type": "document", "source": {"type": "content", "content": [TEXT]}}]}]}]}),
]  # fmt: skip


def with_field(fields: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(fields))
    *way, name = path.split(".")
    at: Any = copy
    for step in way:
        at = at[int(step)] if step.isdecimal() else at[step]
    at[name] = value
    return copy


@pytest.mark.parametrize(
    ("path", "named", "fields"), PATHS, ids=[location[0] for location in PATHS]
)
def test_it_goes_from_every_depth_and_is_named(
    path: str, named: str, fields: dict[str, Any]
) -> None:
    adapted = sent("claude-opus-5", BETA, **with_field(fields, path, {"a": 1}))
    assert adapted.changes == (f"beta:{BETA}", f"field:{named}")
    assert body(adapted) == body(sent("claude-opus-5", **fields))


@pytest.mark.parametrize(
    ("path", "_named", "fields"), PATHS, ids=[location[0] for location in PATHS]
)
def test_without_such_a_beta_it_is_bedrocks_to_name(
    path: str, _named: str, fields: dict[str, Any]
) -> None:
    changed = with_field(fields, path, 1)
    adapted = sent("claude-opus-5", **changed)
    assert adapted.changes == ()
    assert all(body(adapted)[name] == value for name, value in changed.items())


@pytest.mark.parametrize(
    ("path", "meant", "fields"),
    [
        ("sytem", "system", {}),
        ("systems", "system", {}),
        ("temprature", "temperature", {}),
        ("maxTokens", "max_tokens", {}),
        ("stop_sequence", "stop_sequences", {}),
        ("tools.0.input_shema", "input_schema", {"tools": [TOOL]}),
        ("messages.0.contnet", "content", {"messages": [HI]}),
        ("messages.0.content.0.Cache_Control", "cache_control",
         {"messages": [{"role": "user", "content": [TEXT]}]}),
        ("thinking.budget_token", "budget_tokens", {"thinking": {"type": "adaptive"}}),
    ],
)  # fmt: skip
def test_a_typo_is_a_mistake_beside_any_beta(path: str, meant: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent("claude-opus-5", BETA, **with_field(fields, path, "x"))
    assert refused.value.message.startswith(f"{path}: ")
    assert f"`{meant}`" in refused.value.message


def test_what_others_know_or_no_rule_covers_stays() -> None:
    block = {"type": "brand_new_block", "payload": {"a": 1}}
    called = {"type": "tool_use", "id": "t", "name": "clock", "input": {"weight": 1}}
    fields: dict[str, Any] = {
        "amazon-bedrock-guardrailConfig": {"tagSuffix": "x"},
        "user_profile_id": "u",
        "betas": [],
        "tools": [{"name": "a", "input_schema": {"type": "object", "weight": 1}}],
        "messages": [HI, {"role": "assistant", "content": [called]}, {"content": [block]}],
    }
    adapted = sent("claude-opus-5", BETA, **fields)
    assert adapted.changes == (f"beta:{BETA}",)
    assert {name: body(adapted)[name] for name in fields} == fields


def test_fields_without_end_are_compared_with_known_ones_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = []
    monkeypatch.setattr(unknown_fields, "_check_typo", lambda name, *_: compared.append(name))
    blocks = [{**TEXT, "weight": 1}] * 300 + [{**TEXT, f"strange_{n}": 1} for n in range(300)]
    many: dict[str, Any] = {f"unheard_of_{number}": 1 for number in range(300)}
    adapted = sent("claude-opus-5", BETA, messages=[{"role": "user", "content": blocks}], **many)
    assert adapted.changes[-1] == "more"
    assert len(compared) < 100
    assert {field for block in body(adapted)["messages"][0]["content"] for field in block} == {
        "type",
        "text",
    }


@given(st.sampled_from(["system", "temperature", "max_tokens"]), st.data())
def test_a_letter_less_more_or_swapped_is_near(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(name) - 2))
    swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    for typo in (name[:at] + name[at + 1 :], name[:at] + "x" + name[at:], swapped):
        assert unknown_fields._is_near(typo, name)
    assert not unknown_fields._is_near(name + "xxx", name)


def test_the_schema_is_that_of_the_sdk_installed() -> None:
    # It imports the SDK, which takes a second in each process that collects tests.
    from tools.docs import message_schema as generator  # noqa: PLC0415

    made: dict[str, Any] = {}
    exec(generator.page(), made)  # noqa: S102
    hint = "run: make docs"
    assert made["FIELDS"] == message_schema.FIELDS, hint
    assert made["TYPES"] == message_schema.TYPES, hint
