"""What Bedrock refuses in a body and in what words: one row per rule."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.catalog import MODELS, Model
from local.bedrock import metadata, rules, schema
from local.bedrock.errors import RefusedError
from tests.unit.local_bedrock.files import image, pdf, text
from tests.unit.local_bedrock.signed import anthropic_form, signed

IMAGE = {"type": "base64", "media_type": "image/png", "data": text(image())}
PDF = {"type": "base64", "media_type": "application/pdf", "data": text(pdf())}
CLOSED = {"type": "object", "additionalProperties": False}
TOOL = {"name": "clock", "input_schema": {"type": "object"}}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "noon"}
CACHED = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
QUOTE = {
    "type": "char_location",
    "cited_text": "x",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 1,
}
FOUND = {
    "type": "search_result_location",
    "cited_text": "x",
    "search_result_index": 0,
    "source": "s",
    "title": None,
    "start_block_index": 0,
    "end_block_index": 1,
}


def quoting(*citations: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": "x", "citations": citations}


def model(name: str) -> Model:
    return next(model for model in MODELS if model.name == name)


def parse(name: str = "claude-sonnet-4-5", **fields: object) -> schema.Request:
    """Parses and checks a smallest request with `fields` over it; None takes a field out."""
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 4096,
        "messages": [user("hi")],
        **fields,
    }
    present = {key: value for key, value in body.items() if value is not None}
    request = schema.parse(json.dumps(present).encode())
    rules.check(request, model(name))
    return request


CITED = {"enabled": True}


def user(*content: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"role": "user", "content": content[0] if isinstance(content[0], str) else content}


def assistant(*content: Any) -> dict[str, Any]:  # noqa: ANN401
    return {**user(*content), "role": "assistant"}


def refusal(name: str = "claude-sonnet-4-5", **fields: object) -> str:
    with pytest.raises(RefusedError) as refused:
        parse(name, **fields)
    assert refused.value.name == "ValidationException"
    return refused.value.message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"anthropic_version": None}, "anthropic_version: Field required"),
        ({"anthropic_version": "2023-06-01"}, "Invalid API version"),
        ({"anthropic_version": "2026-10-21"}, "Invalid API version"),
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": "7"}, "max_tokens: Input should be a valid integer"),
        ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
        (
            {"max_tokens": 64_001},
            "The maximum tokens you requested exceeds the model limit of 64000",
        ),
        ({"messages": None}, "messages: Field required"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": [assistant("hi")]}, 'messages: first message must use the "user" role'),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role: Input should be"),
        ({"messages": [user("")]}, "messages.0: user messages must have non-empty content"),
        ({"model": "claude"}, "model: Extra inputs are not permitted"),
        ({"stream": True}, "stream: Extra inputs are not permitted"),
        ({"tags": {}}, "tags: Extra inputs are not permitted"),
        ({"service_tier": "auto"}, "service_tier: Extra inputs are not permitted"),
        ({"cache_control": {"type": "ephemeral"}}, "cache_control: Extra inputs are not"),
        ({"metadata": {"team": "x"}}, "metadata.team: Extra inputs are not permitted"),
        ({"anthropic_beta": ["oauth-2025-04-20"]}, "invalid beta flag"),
        ({"anthropic_beta": ["context-1m-2025-08-07"]}, "invalid beta flag"),
        ({"context_management": {"edits": []}}, "context_management: Extra inputs are not"),
        ({"tools": [{**TOOL, "defer_loading": True}]}, "tools.0.custom.defer_loading: Extra"),
        ({"tools": [{**TOOL, "scope": "global"}]}, "tools.0.custom.scope: Extra inputs are not"),
        ({"tools": [{"name": "clock"}]}, "tools.0.custom.input_schema: Field required"),
        (
            {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
            "tools.0: Input tag 'web_search_20250305' found using 'type' does not match any of",
        ),
        (
            {"tools": [{**TOOL, "input_schema": {"type": "object", "required": "a"}}]},
            "tools.0.custom.input_schema.required: Input should be a valid array",
        ),
        (
            {"tools": [{**TOOL, "input_schema": {"type": "object", "anyOf": []}}]},
            "tools.0.custom.input_schema: JSON schema is invalid.",
        ),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "text"}}}},
            "output_config.format.schema: JSON schema is invalid.",
        ),
        ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
        ({"tool_choice": {"type": "auto"}}, "tool_choice: tool_choice may only be specified"),
        (
            {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "map"}},
            "Tool 'map' not found in provided tools",
        ),
        ({"temperature": 1.5}, "temperature: Input should be less than or equal to 1"),
        (
            {"thinking": {"type": "between_tools", "display": "omitted"}},
            "thinking.between_tools.display: Extra inputs are not permitted",
        ),
        ({"temperature": 0.5, "top_p": 0.5}, "`temperature` and `top_p` cannot both be specified"),
        ({"output_config": {"effort": "high"}}, "This model does not support the effort"),
        (
            {"messages": [user({"type": "text", "text": "x", "scope": 1})]},
            "messages.0.content.0.text.scope: Extra inputs are not permitted",
        ),
        (
            {"messages": [user({"type": "image", "source": {"type": "url", "url": "http://x"}})]},
            "messages.0.content.0.image.source.type: Input should be 'base64'",
        ),
        (
            {"messages": [user({"type": "server_tool_use"})]},
            "messages.0.content.0: Input tag 'server_tool_use' found using 'type' does not match",
        ),
        ({"messages": [user(CALL)]}, "messages.0: `tool_use` blocks can only be in `assistant`"),
        (
            {"messages": [user("a"), assistant(RESULT)]},
            "messages.1: `tool_result` blocks can only be in `user` messages",
        ),
        (
            {"messages": [user("a"), assistant({"type": "document", "source": PDF}), user("b")]},
            "messages.1.content: 'document' blocks are not permitted within assistant turns",
        ),
        (
            {"messages": [user("a"), assistant({"type": "image", "source": IMAGE}), user("b")]},
            "messages.1.content: 'image' blocks are not permitted within assistant turns",
        ),
        (
            {"messages": [user("a"), assistant(quoting({"type": "web"})), user("b")]},
            "messages.1.content.0.text.citations.0: Input tag 'web' found using 'type' does not",
        ),
        (
            {"messages": [user("a"), assistant(quoting({**QUOTE, "file_id": None})), user("b")]},
            "messages.1.content.0.text.citations.0.char_location.file_id: Extra inputs are not",
        ),
        (
            {"messages": [user("a"), assistant(CALL), user("b")]},
            "messages.1: `tool_use` ids were found without `tool_result` blocks",
        ),
        (
            {"messages": [user("a"), assistant("b"), user(RESULT)]},
            "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_",
        ),
        (
            {
                "tools": [TOOL],
                "messages": [
                    user("a"),
                    assistant(CALL),
                    user(
                        {
                            **RESULT,
                            "is_error": True,
                            "content": [{"type": "image", "source": IMAGE}],
                        }
                    ),
                ],
            },
            "messages.2.content.0.tool_result: all content must be type `text` if `is_error` is",
        ),
        ({"messages": [user(*[CACHED] * 5)]}, "A maximum of 4 blocks with cache_control may be"),
        (
            {
                "tools": [TOOL],
                "messages": [
                    user("a"),
                    assistant(CALL),
                    user({**RESULT, "content": [CACHED] * 4}, CACHED),
                ],
            },
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
        ),
        (
            {"system": [{**CACHED, "cache_control": {"type": "ephemeral", "ttl": "2h"}}]},
            "system.0.cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 1000}},
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 4096}},
            "`max_tokens` must be greater than `thinking.budget_tokens`.",
        ),
    ],
)
def test_a_broken_rule_is_named(fields: dict[str, Any], message: str) -> None:
    assert refusal(**fields).startswith(message)


BEYOND_BOUNDS = [b'{"a": 1e999}', b'{"a": %b}' % (b"9" * 1001), b'{"a": %b}' % (b"9" * 5000)]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"\xff", b"[" * 5000, *BEYOND_BOUNDS]
)
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(RefusedError, match="Malformed input request"):
        schema.parse(body)


def test_a_newer_model_refuses_too_many_tokens_in_anthropics_words() -> None:
    assert refusal("claude-sonnet-5", max_tokens=128_001) == (
        "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for "
        "anthropic.claude-sonnet-5"
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_lacks_is_malformed_wherever_it_stands(number: float) -> None:
    schema_with = {"type": "object", "default": number}
    for fields in ({"temperature": number}, {"tools": [{**TOOL, "input_schema": schema_with}]}):
        assert refusal(**fields).startswith("Malformed input request")


BUDGET = {"type": "enabled", "budget_tokens": 2048}
ADAPTIVE = {"type": "adaptive"}
DISABLED = {"type": "disabled"}


@pytest.mark.parametrize(
    ("name", "thinking", "taken"),
    [
        ("claude-sonnet-4-5", BUDGET, True),
        ("claude-sonnet-4-5", ADAPTIVE, False),
        ("claude-sonnet-4-6", BUDGET, True),
        ("claude-sonnet-4-6", ADAPTIVE, True),
        ("claude-opus-4-7", BUDGET, False),
        ("claude-opus-4-7", ADAPTIVE, True),
        ("claude-opus-4-7", DISABLED, False),
        ("claude-sonnet-5", BUDGET, False),
        ("claude-sonnet-5", DISABLED, True),
        ("claude-opus-5-5", DISABLED, False),
        ("claude-fable-5", ADAPTIVE, True),
    ],
)
def test_each_generation_thinks_in_its_own_way(
    name: str, thinking: dict[str, object], taken: bool
) -> None:
    if taken:
        parse(name, thinking=thinking)
    else:
        assert f'"thinking.type.{thinking["type"]}" is not supported' in refusal(
            name, thinking=thinking
        )


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("claude-sonnet-4-5", {"temperature": 0.5, "thinking": BUDGET}, "may only be set to 1"),
        ("claude-sonnet-4-5", {"top_k": 5, "thinking": BUDGET}, "`top_k` must be unset"),
        ("claude-sonnet-4-5", {"top_p": 0.9, "thinking": BUDGET}, "`top_p` must be greater"),
        (
            "claude-sonnet-4-5",
            {"tools": [TOOL], "tool_choice": {"type": "any"}, "thinking": BUDGET},
            "Thinking may not be enabled when tool_choice forces tool use.",
        ),
        ("claude-opus-4-7", {"temperature": 0.5}, "`temperature` is deprecated"),
        ("claude-fable-5", {"top_k": 1}, "`top_k` is deprecated"),
        ("claude-fable-5-1", {"temperature": 1, "top_p": 0.99}, "`temperature` and `top_p` cannot"),
        (
            "claude-opus-5-5",
            {"temperature": 1, "anthropic_version": "2026-10-21"},
            "`temperature` is not supported by this API version.",
        ),
        ("claude-opus-4-7", {"anthropic_beta": ["claude-code-20250219"]}, "invalid beta flag"),
    ],
)
def test_a_model_has_rules_of_its_own(name: str, fields: dict[str, object], message: str) -> None:
    assert message in refusal(name, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0.5, "top_k": 5},
        {"temperature": 1, "thinking": BUDGET},
        {"top_p": 0.95, "thinking": BUDGET},
        {
            "thinking": {"type": "enabled", "budget_tokens": 10_000},
            "tools": [TOOL],
            "anthropic_beta": ["interleaved-thinking-2025-05-14"],
        },
        {"system": "be brief"},
        {"system": [CACHED], "stop_sequences": ["END"]},
        {"system": "x-anthropic-billing-header: cc_version=2.1.332; cc_entrypoint=cli;"},
        {"metadata": {"user_id": "a-hash_1"}},
        {"metadata": {"user_id": '{"device_id": "d"}'}},
        {"anthropic_beta": ["claude-code-20250219", "interleaved-thinking-2025-05-14"]},
        {
            "anthropic_beta": ["context-management-2025-06-27"],
            "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
        },
        {"output_config": {"format": {"type": "json_schema", "schema": CLOSED}}},
        {"tools": [TOOL, {"type": "bash_20250124", "name": "bash"}]},
        {"tools": [{**TOOL, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
        {"tools": [TOOL], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        {"messages": [user({"type": "image", "source": IMAGE}, CACHED)]},
        {
            "messages": [
                user(
                    {"type": "document", "source": PDF, "title": "t", "citations": CITED},
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": "x"},
                        "citations": CITED,
                    },
                )
            ]
        },
        {
            "messages": [
                user("a"),
                assistant({"type": "thinking", "thinking": "", "signature": signed("")}, CALL),
                user(RESULT, {"type": "text", "text": "go on"}),
            ]
        },
        {
            "messages": [
                user("a"),
                assistant(
                    {"type": "redacted_thinking", "data": anthropic_form()},
                    {"type": "text", "text": "b"},
                ),
                user("c"),
            ]
        },
    ],
)
def test_what_bedrock_takes_is_taken(fields: dict[str, Any]) -> None:
    assert parse(**fields).max_tokens == 4096


SCREEN = {"name": "computer", "display_width_px": 800, "display_height_px": 600}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("claude-opus-4-8", {"messages": [user("a"), {"role": "system", "content": "Be brief."}]}),
        ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}),
        (
            "claude-sonnet-5",
            {"messages": [user("a"), assistant(quoting(QUOTE, FOUND)), user("b")]},
        ),
        ("claude-sonnet-4", {"anthropic_beta": ["token-efficient-tools-2025-02-19"]}),
        *(
            (name, {"tools": [TOOL], "tool_choice": {"type": "any"}, "thinking": ADAPTIVE})
            for name in ("claude-opus-4-8", "claude-sonnet-5", "claude-fable-5")
        ),
        *(
            (
                name,
                {
                    "anthropic_beta": ["computer-use-2025-11-24"],
                    "tools": [{**SCREEN, "type": "computer_20251124", "enable_zoom": True}],
                },
            )
            for name in (
                "claude-opus-4-5",
                "claude-opus-4-7",
                "claude-opus-4-8",
                "claude-fable-5-2",
            )
        ),
        (
            "claude-sonnet-4-6",
            {
                "anthropic_beta": ["compact-2026-01-12"],
                "context_management": {"edits": [{"type": "compact_20260112"}]},
                "messages": [
                    user("a"),
                    assistant({"type": "compaction", "content": "so far"}),
                    user("b"),
                ],
            },
        ),
        ("claude-opus-4-7", {"top_p": 1, "temperature": 1}),
        ("claude-fable-5", {"top_p": 0.995, "temperature": 1}),
        ("claude-fable-5-2", {"top_p": 0.99}),
        ("claude-opus-5-5", {"output_config": {"effort": "xhigh"}}),
    ],
)
def test_what_a_model_takes_is_taken(name: str, fields: dict[str, Any]) -> None:
    assert parse(name, **fields).max_tokens == 4096


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("claude-sonnet-4-5", {"tools": [{**TOOL, "name": "a" * 129}]}, "tools.0.custom.name: "),
        (
            "claude-sonnet-4-6",
            {"messages": [user("a"), assistant({"type": "compaction", "content": "x"}), user("b")]},
            "messages.1.content.0: Input tag 'compaction' found using 'type' does not match any",
        ),
        (
            "claude-sonnet-4-5",
            {
                "system": [CACHED],
                "messages": [user({**CACHED, "cache_control": {"type": "ephemeral", "ttl": "1h"}})],
            },
            "messages.0.content.0.cache_control.ttl: a ttl='1h' cache_control block must not come",
        ),
        (
            "claude-opus-5",
            {"thinking": DISABLED, "output_config": {"effort": "max"}},
            "output_config.effort: 'max' is not supported when thinking is disabled.",
        ),
        (
            "claude-opus-5",
            {"messages": [user("a"), {"role": "system", "content": "b"}]},
            "messages.1.role: Input should be 'user' or 'assistant'",
        ),
        ("claude-fable-5-2", {"top_p": 1}, "`top_p` is deprecated for this model."),
        (
            "claude-opus-4-5",
            {
                "anthropic_beta": ["tool-search-tool-2025-10-19"],
                "tools": [{**TOOL, "defer_loading": True}],
            },
            "At least one tool must have defer_loading=false.",
        ),
    ],
)
def test_a_rule_of_a_model_or_feature_is_named(
    name: str, fields: dict[str, Any], message: str
) -> None:
    assert refusal(name, **fields).startswith(message)


def test_every_model_has_rules() -> None:
    assert {row.name for row in MODELS if not accepts_plain_request(row)} == set()


def accepts_plain_request(row: Model) -> bool:
    return parse(row.name, max_tokens=row.max_output_tokens).max_tokens == row.max_output_tokens


PART = st.text(st.sampled_from('aZ09 :_@$#=/+,-.é{"\n'), max_size=3)


@given(st.dictionaries(PART, PART, max_size=18))
def test_request_metadata_is_taken_or_refused_by_its_rules(entries: dict[str, str]) -> None:
    refused_characters = set('é{"') & set("".join(k + v for k, v in entries.items()))
    if entries and len(entries) <= 16 and "" not in entries and not refused_characters:
        assert metadata.read(json.dumps(entries)) == entries
    else:
        with pytest.raises(RefusedError, match="Request metadata"):
            metadata.read(json.dumps(entries))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{}",
        "[]",
        "[" * 8000,
        '"text"',
        '{"a": 1}',
        '{"": "empty key"}',
        json.dumps({"k": "v" * 257}),
        json.dumps({"k" * 257: "v"}),
        json.dumps({f"k{n}": "v" for n in range(17)}),
        json.dumps({"k": "naïve"}, ensure_ascii=False),
        json.dumps({f"k{n}": "v" * 256 for n in range(16)}, indent=600),
    ],
)
def test_bad_request_metadata_is_refused(header: str) -> None:
    with pytest.raises(RefusedError, match="Request metadata"):
        metadata.read(header)


def test_request_metadata_may_fill_its_limits() -> None:
    entries = {f"{n:0256}": "v" * 256 for n in range(16)}
    assert metadata.read(json.dumps(entries)) == entries
    assert metadata.read(None) is None
    assert metadata.read('{"empty": ""}') == {"empty": ""}
