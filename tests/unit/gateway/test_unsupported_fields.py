"""What is changed for which model, that it is named, and that nothing else is touched."""

import json
from typing import Any

import pytest

from gateway import cache_markers, json_object
from gateway.errors import InvalidRequest
from gateway.unsupported_fields import adapt
from local.bedrock import rules, schema
from tests.unit.gateway.adaptation import BILLING, HI, TOOL, body, model, sent

BINDING = "thinking-binding-controls-2026-08-01"
OLD, NEW = (
    {"prefix_mismatch_behavior": "drop_block"},
    {"mismatch_behavior": "drop_block"},
)
PREFILL = {"role": "assistant", "content": "The answer is"}
NOW = {"role": "system", "content": "be brief"}
NESTED = {"type": "object", "properties": {"a.b-C_1": {"anyOf": [{"properties": {"a b$": {}}}]}}}
FORMAT = {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}


def refusal(name: str = "claude-sonnet-4-5", *betas: str, **fields: Any) -> str:  # noqa: ANN401
    with pytest.raises(InvalidRequest) as refused:
        sent(name, *betas, **fields)
    return refused.value.message


def test_a_plain_request_is_passed_as_it_is() -> None:
    adapted = sent(temperature=0.5)
    assert body(adapted) == {
        "max_tokens": 4096,
        "messages": [HI],
        "temperature": 0.5,
        "anthropic_version": "bedrock-2023-05-31",
    }
    assert adapted.changes == ()


def test_betas_of_body_and_header_are_sent_once_and_in_order() -> None:
    first, two = "interleaved-thinking-2025-05-14", "claude-code-20250219"
    adapted = sent("claude-sonnet-4-5", first, two, anthropic_beta=[two])
    assert body(adapted)["anthropic_beta"] == [two, first]
    assert adapted.changes == ()


def test_an_unknown_beta_goes_with_the_unknown_fields() -> None:
    adapted = sent("claude-opus-5", "new-thing-2027-01-01", "Über", new_thing={"a": 1}, Ö=1)
    assert adapted.changes == (
        "beta:new-thing-2027-01-01",
        "beta:other",
        "field:new_thing",
        "field:other",
    )
    assert body(sent(new_thing=1))["new_thing"] == 1  # for Bedrock to name: nothing asked for it


def test_the_receipt_stays_short_enough_for_a_header() -> None:
    adapted = sent("claude-opus-5", *(f"beta-{number}" for number in range(5000)))
    assert len(adapted.changes) == 65
    assert adapted.changes[-1] == "more"


@pytest.mark.parametrize(
    ("name", "betas", "fields", "changes", "expected"),
    [
        ("claude-opus-4-7", ["context-management-2025-06-27"], {"context_management": {}},
         ["beta:context-management-2025-06-27", "field:context_management"], {}),
        ("claude-opus-4-6", ["compact-2026-01-12"], {"context_management": {}}, [],
         {"context_management": {}, "anthropic_beta": ["compact-2026-01-12"]}),
        ("claude-opus-5", ["context-1m-2025-08-07"], {}, ["beta:context-1m-2025-08-07"], {}),
        ("claude-opus-4-6", ["context-1m-2025-08-07"], {}, [],
         {"anthropic_beta": ["context-1m-2025-08-07"]}),
        ("claude-sonnet-4-5", ["effort-2025-11-24"], {"output_config": {"effort": "low"}},
         ["beta:effort-2025-11-24", "field:output_config.effort"], {"output_config": None}),
        ("claude-opus-4-5", [], {"output_config": {"effort": "low"}},
         ["beta:effort-2025-11-24:added"], {"anthropic_beta": ["effort-2025-11-24"]}),
        ("claude-opus-5", ["effort-2025-11-24"], {"output_config": {"effort": "low"}},
         ["beta:effort-2025-11-24"], {"output_config": {"effort": "low"}}),
        ("claude-opus-4-6", [], {"output_config": {"task_budget": {}, "format": {}}},
         ["field:output_config.task_budget"], {"output_config": {"format": {}}}),
        ("claude-sonnet-5", [], {"thinking": {"type": "adaptive", "display": "updates"}},
         ["field:thinking.display"], {"thinking": {"type": "adaptive"}}),
        ("claude-sonnet-5", [], {"thinking": {"display": [], "block_binding": {}}},
         ["field:thinking.block_binding"], {"thinking": {"display": []}}),
        ("claude-fable-5-1", [BINDING], {"thinking": {"type": "adaptive", "block_binding": OLD}},
         ["thinking.block_binding.prefix_mismatch_behavior:renamed"],
         {"thinking": {"type": "adaptive", "block_binding": NEW}, "anthropic_beta": [BINDING]}),
        ("claude-opus-4-7", [], {"thinking": {"type": "adaptive", "block_binding": OLD}},
         [f"beta:{BINDING}:added", "thinking.block_binding.prefix_mismatch_behavior:renamed"],
         {"thinking": {"type": "adaptive", "block_binding": NEW}, "anthropic_beta": [BINDING]}),
        ("claude-opus-5", [BINDING], {"thinking": {"type": "adaptive", "block_binding": NEW}}, [],
         {"thinking": {"type": "adaptive", "block_binding": NEW}, "anthropic_beta": [BINDING]}),
        ("claude-opus-5", [BINDING, "new-2027-01-01"],
         {"thinking": {"type": "adaptive", "block_binding": NEW | OLD}},
         ["beta:new-2027-01-01", "thinking.block_binding.prefix_mismatch_behavior:renamed"],
         {"thinking": {"type": "adaptive", "block_binding": NEW}}),
        ("claude-sonnet-4-6", [BINDING],
         {"thinking": {"type": "adaptive", "block_binding": OLD}},
         [f"beta:{BINDING}", "field:thinking.block_binding"],
         {"thinking": {"type": "adaptive"}, "anthropic_beta": None}),
        ("claude-opus-5", [], {"compaction": None, "billing_policy": {"bill_to": "self"}},
         ["field:compaction", "field:billing_policy"],
         {"compaction": None, "billing_policy": None}),
        ("claude-sonnet-5", [], {"thinking": {"type": "adaptive", "display": "omitted"}}, [],
         {"thinking": {"type": "adaptive", "display": "omitted"}}),
        ("claude-opus-4-5", ["advanced-tool-use-2025-11-20"],
         {"tools": [{**TOOL, "defer_loading": True, "input_examples": [{}]}]},
         ["beta:advanced-tool-use-2025-11-20", "beta:tool-search-tool-2025-10-19:added",
          "beta:tool-examples-2025-10-29:added"],
         {"tools": [{**TOOL, "defer_loading": True, "input_examples": [{}]}],
          "anthropic_beta": ["tool-search-tool-2025-10-19", "tool-examples-2025-10-29"]}),
        ("claude-haiku-4-5", [], {"tools": [{**TOOL, "defer_loading": True}]},
         ["field:tools.defer_loading"], {"tools": [TOOL]}),
        ("claude-haiku-4-5", [], {"tools": [{**TOOL, "allowed_callers": ["direct"]}]},
         ["field:tools.allowed_callers"], {"tools": [TOOL]}),
        ("claude-haiku-4-5", [], {"tools": [{**TOOL, "eager_input_streaming": True}]},
         ["beta:fine-grained-tool-streaming-2025-05-14:added", "field:tools.eager_input_streaming"],
         {"tools": [TOOL], "anthropic_beta": ["fine-grained-tool-streaming-2025-05-14"]}),
        ("claude-haiku-4-5", [], {"tools": [{**TOOL, "eager_input_streaming": False}]},
         ["field:tools.eager_input_streaming"], {"tools": [TOOL], "anthropic_beta": None}),
        ("claude-opus-5", [], {"tools": [{**TOOL, "eager_input_streaming": True, "strict": True}]},
         ["field:tools.eager_input_streaming", "field:tools.strict"], {"tools": [TOOL]}),
        ("claude-opus-4-1", [], {"tools": [{**TOOL, "strict": True}]}, ["field:tools.strict"],
         {"tools": [TOOL]}),
        ("claude-opus-5", [], {"output_config": {"effort": "low", "format": None}},
         ["field:output_config.format"], {"output_config": {"effort": "low"}}),
        ("claude-opus-5", [], {"tool_choice": {"type": "any"}}, [],
         {"tool_choice": {"type": "any"}}),
        ("claude-opus-5-5", [], {"tool_choice": {"type": "none"}}, [],
         {"tool_choice": {"type": "none"}}),
        ("claude-haiku-4-5", [], {"messages": [HI, PREFILL]}, [], {"messages": [HI, PREFILL]}),
        ("claude-opus-4-8", [], {"messages": [HI, NOW, PREFILL, HI, NOW]}, [],
         {"messages": [HI, NOW, PREFILL, HI, NOW]}),
        ("claude-opus-4-8", [], {"messages": [HI, {**NOW, "clear_at": 1}]},
         ["field:messages.clear_at"], {"messages": [HI, NOW]}),
        ("claude-opus-4-8", [], {"messages": [HI, NOW, HI]}, ["messages.role:system-to-user"],
         {"messages": [HI, {**NOW, "role": "user"}, HI]}),
        ("claude-opus-5", [], {"messages": [HI, NOW]}, ["messages.role:system-to-user"],
         {"messages": [HI, {**NOW, "role": "user"}]}),
        ("claude-opus-5", [], {"tools": [{"name": "a", "input_schema": NESTED}]}, [],
         {"tools": [{"name": "a", "input_schema": NESTED}]}),
        ("claude-opus-4-1", [], {"tools": [{**TOOL, "cache_control": {"ttl": "1h"}}]},
         ["field:cache_control.ttl"], {"tools": [{**TOOL, "cache_control": {}}]}),
        ("claude-haiku-4-5", [], {"tools": [{"type": "memory_20250818", "name": "memory"}]},
         ["beta:context-management-2025-06-27:added"],
         {"anthropic_beta": ["context-management-2025-06-27"]}),
        ("claude-opus-4-7", [], {"tools": [{"type": "memory_20250818", "name": "memory"}]},
         [], {"tools": [{"type": "memory_20250818", "name": "memory"}]}),
        ("claude-opus-4-5", [], {"tools": [{"type": "tool_search_tool_bm25_20251119"}]},
         ["beta:tool-search-tool-2025-10-19:added"], {}),
        ("claude-opus-5", [], {"cache_control": {"type": "ephemeral"}, "service_tier": "auto",
          "container": "c", "fallbacks": []},
         ["field:service_tier", "field:container", "field:fallbacks", "cache_control:placed"],
         {"cache_control": None, "service_tier": None}),
        ("claude-opus-5", [], {"mcp_servers": [], "safeguards": None},
         ["field:mcp_servers", "field:safeguards"], {"mcp_servers": None}),
        ("claude-opus-5", [], {"system": [{"type": "text", "text": BILLING}]},
         ["system:x-anthropic-billing-header"], {"system": None}),
        ("claude-opus-5", [], {"system": [{"type": "text", "text": f"{BILLING}\nBe brief.\n"}]},
         ["system:x-anthropic-billing-header"],
         {"system": [{"type": "text", "text": "Be brief.\n"}]}),
        ("claude-opus-5", [], {"system": f"{BILLING}\nBe brief.\n"},
         ["system:x-anthropic-billing-header"], {"system": "Be brief.\n"}),
        ("claude-opus-5", [], {"system": f"{BILLING}\n "},
         ["system:x-anthropic-billing-header"], {"system": None}),
        ("claude-opus-5", [], {"metadata": {"user_id": "user-1"}}, [],
         {"metadata": {"user_id": "user-1"}}),
        ("claude-opus-5", [], {"metadata": {"user_id": "é"}}, ["metadata.user_id:hashed"],
         {"metadata": {"user_id":
          "sha256:4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"}}),
        ("claude-haiku-4-5", ["structured-outputs-2025-11-13"], {"output_format": FORMAT},
         ["output_format:renamed", "beta:structured-outputs-2025-11-13"],
         {"output_format": None, "output_config": {"format": FORMAT}}),
        ("claude-haiku-4-5", ["structured-outputs-2025-11-13", "new-2027-01-01"],
         {"output_format": FORMAT, "output_config": {"format": None}},
         ["output_format:renamed", "beta:structured-outputs-2025-11-13", "beta:new-2027-01-01"],
         {"output_format": None, "output_config": {"format": FORMAT}}),
        ("claude-sonnet-4-6", [], {"output_format": FORMAT, "output_config": {"effort": "low"}},
         ["output_format:renamed"], {"output_config": {"effort": "low", "format": FORMAT}}),
        ("claude-haiku-4-5", [], {"output_format": FORMAT, "output_config": {"format": FORMAT}},
         ["output_format:renamed"], {"output_config": {"format": FORMAT}}),
        ("claude-haiku-4-5", [], {"output_format": None}, ["field:output_format"],
         {"output_format": None, "output_config": None}),
        ("claude-opus-5", [], {"messages": [HI, {"role": "system", "output_config": {}}]},
         ["messages.role:system-to-user", "field:messages.output_config"], {"messages": [HI]}),
        ("claude-opus-5", [], {"container": {"id": "c", "skills": None}}, ["field:container"],
         {"container": None}),
        ("claude-opus-5", [], {"messages": [{"role": "system", "content": "x"}, HI]}, [],
         {"messages": [{"role": "system", "content": "x"}, HI]}),
    ],
)  # fmt: skip
def test_each_change_is_made_and_named(
    name: str,
    betas: list[str],
    fields: dict[str, Any],
    changes: list[str],
    expected: dict[str, Any],
) -> None:
    adapted = sent(name, *betas, **fields)
    assert list(adapted.changes) == changes
    assert {field: body(adapted).get(field) for field in expected} == expected
    if changes:
        with pytest.raises(InvalidRequest) as refused:
            sent(name, *betas, strict=True, **fields)
        assert all(change in refused.value.message for change in changes)
    else:
        assert sent(name, *betas, strict=True, **fields) == adapted


@pytest.mark.parametrize(
    ("name", "betas", "fields", "parts"),
    [
        ("claude-sonnet-4-5", ["context-1m-2025-08-07"], {}, ["claude-sonnet-4-5", "200,000"]),
        ("claude-sonnet-4-5", [], {"container": {"skills": [{"skill_id": "xlsx"}]}}, ["container"]),
        ("claude-sonnet-4-5", [], {"temperature": 0, "top_p": 0.5}, ["`temperature` and `top_p`"]),
        ("claude-fable-5-2", [], {"top_p": 1}, ["`top_p`", "It takes 0.99, or none."]),
        ("claude-fable-5-1", [], {"temperature": 1, "top_p": 0.99}, ["`temperature` and `top_p`"]),
        ("claude-fable-5", [], {"top_p": 1}, ["`top_p`", "at least 0.99 and below 1"]),
        ("claude-opus-4-8", [], {"temperature": 0.2}, ["`temperature` is deprecated"]),
        ("claude-opus-5", [], {"top_k": 5}, ["`top_k` is deprecated"]),
        ("claude-opus-5", [], {"safeguards": {"a": 1}}, ["safeguards: "]),
        ("claude-opus-5", [], {"inference_geo": "us"}, ["inference_geo: "]),
        ("claude-opus-5", [], {"mcp_servers": [{}]}, ["mcp_servers: "]),
        ("claude-opus-5", [], {"tools": [TOOL, {"type": "web_search_20250305"}]},
         ["tools.1.type: ", "'web_search_20250305'", "claude-opus-5"]),
        ("claude-opus-5", [], {"tools": [{"type": "code_execution_ä"}]}, ["'other'"]),
        ("claude-haiku-4-5", [], {"tools": [{"type": "tool_search_tool_regex_20251119"}]},
         ["'tool_search_tool_regex_20251119'", "claude-haiku-4-5"]),
        ("claude-haiku-4-5", [], {"output_format": FORMAT, "output_config": {"format": {}}},
         ["output_format: ", "output_config.format", "different values"]),
        ("claude-opus-5", ["compact-2026-09-04"], {"compaction": {"type": "summarize"}},
         ["compaction: ", "Summarize the conversation"]),
        ("claude-opus-5", [], {"billing_policy": {"bill_to": "user_profile"}},
         ["billing_policy: ", "Your AWS account pays"]),
        ("claude-opus-5", [],
         {"thinking": {"block_binding": {**NEW, "prefix_mismatch_behavior": "error"}}},
         ["thinking.block_binding: ", "prefix_mismatch_behavior", "different values"]),
        ("claude-opus-4-7", [], {"output_config": {"format": FORMAT}},
         ["output_config.format: ", "claude-opus-4-7", "input_schema"]),
        ("claude-opus-4-1", [], {"output_format": FORMAT}, ["output_format: ", "claude-opus-4-1"]),
        ("claude-sonnet-5-5", [], {"tool_choice": {"type": "tool", "name": "clock"}},
         ["tool_choice.type: ", "'tool'", "Send 'auto'"]),
        ("claude-opus-4-6", [], {"messages": [HI, PREFILL]},
         ["messages.1: ", "does not support assistant message prefill"]),
        ("claude-opus-5", [], {"tools": [TOOL, {"name": "mcp__x", "input_schema": {"anyOf": []}}]},
         ["tools.1.input_schema", '"mcp__x"', "anyOf at the top level", "without this tool"]),
        ("claude-haiku-4-5", [],
         {"tools": [{"name": "odd", "input_schema": {"properties": {"a b$\n": {}}}}]},
         ["tools.0.input_schema", '"odd"', '"a b$\\n"', "Rename it"]),
        ("claude-opus-5", [], {"anthropic_beta": "a"}, ["anthropic_beta: "]),
        ("claude-opus-5", [], {"anthropic_beta": [1]}, ["anthropic_beta: "]),
    ],
)  # fmt: skip
def test_what_cannot_be_left_out_is_refused_by_name(
    name: str, betas: list[str], fields: dict[str, Any], parts: list[str]
) -> None:
    message = refusal(name, *betas, **fields)
    assert all(part in message for part in parts)


def test_both_samplers_go_through_where_a_model_takes_both() -> None:
    assert sent("claude-sonnet-4", temperature=0.5, top_p=0.5).changes == ()
    assert sent("claude-opus-5", temperature=1, top_p=None).changes == ()
    assert sent("claude-fable-5-2", top_p=0.99).changes == ()
    assert sent("claude-fable-5", temperature=1, top_p=0.995).changes == ()


def test_only_the_marker_changes_where_a_marker_has_to() -> None:
    thinking = r'{"type" : "thinking","thinking":"\u00e9", "signature":"a/b=="}'
    block = r'{"type":"text", "text" :"\ud83d\ude00", "cache_control": {"scope":"g",  "type":"e"}}'
    result = rf'{{"type":"tool_result","content":[ {block} , {thinking}],"n":1.0}}'
    written = f'[ {{"role":"user" ,"content": [{thinking}, {result}]}},  {{"role":"x"}} ]'
    text = f'{{"model":"m","max_tokens":1,"messages": {written}}}'
    adapted = adapt(json_object.members(text), (), model=model("claude-opus-5"), strict=False)
    assert adapted.changes == ("field:cache_control.scope",)
    assert adapted.parts["messages"] == written.replace('"scope":"g",', "")


def test_a_prompt_in_which_nothing_can_match_is_not_walked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cache_markers, "within", None)
    talk = [{"role": "user", "content": [{"type": "text", "text": 'the "scope", a system'}]}]
    assert sent(messages=talk, system=[{"type": "text", "text": "x"}], tools=[TOOL]).changes == ()


def added(definition: object) -> dict[str, Any]:
    block = {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": definition}}
    return {"role": "system", "content": [block]}


@pytest.mark.parametrize("tools", [None, [], [{**TOOL, "name": "map"}]])
@pytest.mark.parametrize("name", ["claude-haiku-4-5", "claude-opus-4-8"])
def test_a_tool_that_the_conversation_defines_is_offered(name: str, tools: Any) -> None:  # noqa: ANN401
    own = {} if tools is None else {"tools": tools}
    later = [HI, added(TOOL), added({**TOOL, "description": "Newer"}), HI]
    adapted = sent(name, messages=later, **own)

    assert body(adapted)["tools"] == [*(tools or []), {**TOOL, "description": "Newer"}]
    assert body(adapted)["messages"] == [HI, HI]
    assert adapted.changes[0] == "tools:added"
    request = schema.parse(json.dumps(body(adapted)).encode())
    rules.check(request, model(name))  # the local Bedrock takes it


def test_a_tool_that_the_conversation_defines_and_removes_is_not_offered() -> None:
    removal = {"type": "tool_removal", "tool": {"type": "tool_reference", "name": TOOL["name"]}}
    removed = {"role": "system", "content": [removal]}

    assert "tools" not in body(sent(messages=[HI, added(TOOL), removed, HI]))
    again = sent(messages=[HI, added(TOOL), removed, added(TOOL), HI])
    assert body(again)["tools"] == [TOOL]


@pytest.mark.parametrize(
    ("name", "role"), [("claude-haiku-4-5", "user"), ("claude-opus-4-8", "system")]
)
def test_a_removed_tool_is_withdrawn_in_words_and_offered_again(name: str, role: str) -> None:
    tool = {"type": "tool_reference", "name": TOOL["name"]}
    answer = {"role": "assistant", "content": "ok"}
    turns = [
        {"role": "system", "content": [{"type": kind, "tool": tool}]}
        for kind in ("tool_addition", "tool_removal", "tool_addition")
    ]
    talk = [part for turn in turns for part in (HI, turn, answer)]
    adapted = body(sent(name, messages=[*talk, HI], tools=[TOOL]))

    said = [turn for turn in adapted["messages"] if turn not in (HI, answer)]
    withdrawn = f'The tool "{TOOL["name"]}" is withdrawn. Do not call it from here on.'
    texts = [withdrawn, f'The tool "{TOOL["name"]}" is offered again.']
    assert said == [{"role": role, "content": [{"type": "text", "text": text}]} for text in texts]
    assert adapted["tools"] == [TOOL]


def test_a_definition_replaces_the_tool_of_its_name() -> None:
    newer = {**TOOL, "description": "Newer"}
    adapted = sent("claude-haiku-4-5", messages=[HI, added(newer)], tools=[TOOL])
    assert body(adapted)["tools"] == [newer]
    adapted = sent("claude-haiku-4-5", messages=[HI, added(TOOL)], tools=[TOOL])
    assert "tools:added" not in adapted.changes


def test_a_tool_of_anthropics_is_refused_where_the_conversation_defines_it_too() -> None:
    toolset = {"type": "mcp_toolset", "mcp_server_name": "s"}
    assert "mcp_toolset" in refusal(messages=[HI, added(toolset)])
