"""Refusals of the real Bedrock, quoted in public: the request, the words, who quoted them and when.

`date` is the month in which the source said it, or, where that is not known, in which it was read
(2026-11). A row whose source quotes no Bedrock, but Anthropic's API behind it, says so in `of`.
"""

from typing import Any, NamedTuple

Json = dict[str, Any]


class Refusal(NamedTuple):
    """`fields` go over a smallest body; `models` are catalog names."""

    what: str
    fields: Json
    words: str
    source: str
    date: str
    models: tuple[str, ...] = ("claude-sonnet-4-5",)
    of: str = "Bedrock"


def user(*content: Json | str) -> Json:
    return {"role": "user", "content": [_block(part) for part in content]}


def assistant(*content: Json | str) -> Json:
    return {**user(*content), "role": "assistant"}


def _block(content: Json | str) -> Json:
    return {"type": "text", "text": content} if isinstance(content, str) else content


def tool(schema: Json | None = None, **fields: Any) -> Json:  # noqa: ANN401
    return {"name": "clock", "input_schema": {"type": "object", **(schema or {})}, **fields}


def output(schema: Json) -> Json:
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


CLOSED: Json = {"type": "object", "additionalProperties": False}
CALL: Json = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
RESULT: Json = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "noon"}
FORGED = "c2lnbmVkIGJ5IG5vYm9keSwgZm9yIG5vdGhpbmc="
THOUGHT: Json = {"type": "thinking", "thinking": "hm", "signature": FORGED}
BUDGET: Json = {"type": "enabled", "budget_tokens": 1024}
BILLING = "x-anthropic-billing-header: cc_version=2.1.38.a; cc_entrypoint=cli; cch=00000;"
ISSUES = "https://github.com/{}/issues/{}".format

REFUSALS = (
    Refusal(
        "structured output on a model without it",
        output(CLOSED),
        "output_config.format: Extra inputs are not permitted",
        ISSUES("anthropics/anthropic-sdk-python", 1759),
        "2026-07",
        ("claude-opus-4-8", "claude-sonnet-5"),
    ),
    Refusal(
        "structured output on the newest models, which other sources dispute",
        output(CLOSED),
        "output_config.format: Extra inputs are not permitted",
        "https://www.npmjs.com/package/@ai-sdk/amazon-bedrock/v/5.0.101",
        "2026-11",
        (
            "claude-opus-4-1",
            "claude-opus-4-7",
            "claude-opus-5",
            "claude-opus-5-5",
            "claude-sonnet-5-5",
            "claude-haiku-5-5",
            "claude-fable-5",
            "claude-fable-5-1",
        ),
    ),
    Refusal(
        "a strict tool on a model without them",
        {"tools": [tool(CLOSED, strict=True)]},
        "tools.0.custom.strict: Extra inputs are not permitted",
        ISSUES("lobehub/lobehub", 19876),
        "2026-09",
        ("claude-opus-5-5", "claude-fable-5-1"),
    ),
    Refusal(
        "strict: false as well, since it is the field that Bedrock does not know",
        {"tools": [tool(CLOSED, strict=False)]},
        "tools.0.custom.strict: Extra inputs are not permitted",
        "https://www.npmjs.com/package/@ai-sdk/amazon-bedrock/v/5.0.101",
        "2026-11",
        ("claude-opus-4-1", "claude-opus-4-7", "claude-sonnet-5-5"),
    ),
    *(
        Refusal(
            f"{name} at the top of a tool's schema",
            {"tools": [tool({name: [{"type": "object"}]})]},
            "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at "
            "the top level",
            ISSUES("trycua/cua", 3303),
            "2026-11",
            ("claude-sonnet-4-5", "claude-opus-5-5"),
        )
        for name in ("anyOf", "oneOf", "allOf")
    ),
    *(
        Refusal(
            "a tool's property of an odd name",
            {"tools": [tool({"properties": {name: {"type": "string"}}})]},
            "tools.0.custom.input_schema.properties: Property keys should match pattern "
            "'^[a-zA-Z0-9_.-]{1,64}$'",
            ISSUES(
                "aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws",
                709,
            ),
            "2026-08",
        )
        for name in ("a b$", "", "a" * 65, "größe")
    ),
    *(
        Refusal(
            f"tool_choice {choice['type']} on a model that cannot be forced",
            {"tools": [tool()], "tool_choice": choice},
            'tool_choice: type "tool" and "any" are not supported for this model.',
            ISSUES("can1357/oh-my-pi", 12939),
            "2026-09",
            ("claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1"),
            of="Anthropic's API",
        )
        for choice in ({"type": "any"}, {"type": "tool", "name": "clock"})
    ),
    *(
        Refusal(
            "a last turn of the assistant's, from 4.6 on",
            {"messages": [user("a"), turn]},
            "This model does not support assistant message prefill. The conversation must end with "
            "a user message.",
            ISSUES("anomalyco/opencode", 29760),
            "2026-11",
            (
                "claude-opus-4-6",
                "claude-sonnet-4-6",
                "claude-opus-4-7",
                "claude-opus-4-8",
                "claude-sonnet-5-5",
                "claude-fable-5",
            ),
        )
        for turn in (assistant("b"), {"role": "assistant", "content": "{"})
    ),
    Refusal(
        "thinking with a budget, and none before the last call of a tool",
        {
            "thinking": BUDGET,
            "tools": [tool()],
            "messages": [user("a"), assistant(CALL), user(RESULT)],
        },
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
        "`tool_use`. When `thinking` is enabled, a final `assistant` message must start with a "
        "thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks).",
        ISSUES("langchain-ai/langchain-aws", 844),
        "2026-11",
    ),
    Refusal(
        "thinking with a budget, and text before it",
        {
            "thinking": BUDGET,
            "tools": [tool()],
            "messages": [user("a"), assistant("b", THOUGHT, CALL), user(RESULT)],
        },
        "messages.1.content.0: If an assistant message contains any thinking blocks, the first "
        "block must be `thinking` or `redacted_thinking`. Found `text`.",
        ISSUES("anthropics/claude-code", 20705),
        "2026-01",
        of="Anthropic's API",
    ),
    *(
        Refusal(
            "a signature that nobody issued",
            {"messages": [user("a"), assistant(thought, "b"), user("c")]},
            "messages.1.content.0: Invalid `signature` in `thinking` block",
            ISSUES("openclaw/openclaw", 88020),
            "2026-11",
            ("claude-sonnet-4-5", "claude-opus-5-5"),
        )
        for thought in (THOUGHT, {**THOUGHT, "signature": ""}, {**THOUGHT, "signature": "no64!"})
    ),
    Refusal(
        "redacted thinking that nobody sealed",
        {
            "messages": [
                user("a"),
                assistant({"type": "redacted_thinking", "data": FORGED}, "b"),
                user("c"),
            ]
        },
        "messages.1.content.0: Invalid `data` in `redacted_thinking` block",
        "https://github.com/microsoft/vscode/pull/320196",
        "2026-06",
        of="Anthropic's API",
    ),
    Refusal(
        "a turn of thinking alone",
        {"messages": [user("a"), assistant(THOUGHT), user("c")]},
        "messages.1: The final block in an assistant message cannot be `thinking`.",
        ISSUES("tailcallhq/forgecode", 2107),
        "2025-12",
        of="Anthropic's API",
    ),
    *(
        Refusal(
            "blank text",
            {"messages": [{"role": "user", "content": content}]},
            "messages: text content blocks must contain non-whitespace text",
            "https://github.com/NousResearch/hermes-agent/pull/41985",
            "2026-06",
        )
        for content in ("  \n", [{"type": "text", "text": " "}])
    ),
    *(
        Refusal(
            "empty text",
            fields,
            f"{where}: text content blocks must be non-empty",
            ISSUES("anomalyco/opencode", 15715),
            "2026-11",
        )
        for where, fields in (
            ("messages", {"messages": [user("")]}),
            ("messages", {"messages": [user("a", "")]}),
            ("system", {"system": [{"type": "text", "text": ""}]}),
            (
                "messages",
                {
                    "tools": [tool()],
                    "messages": [
                        user("a"),
                        assistant(CALL),
                        user({**RESULT, "content": [{"type": "text", "text": ""}]}),
                    ],
                },
            ),
        )
    ),
    *(
        Refusal(
            "a prefill that ends in whitespace",
            {"messages": [user("a"), turn]},
            "messages: final assistant content cannot end with trailing whitespace",
            ISSUES("langchain-ai/langchain-aws", 599),
            "2026-11",
            ("claude-sonnet-4-5", "claude-haiku-4-5"),
        )
        for turn in (assistant("yes "), {"role": "assistant", "content": "yes\n"})
    ),
    Refusal(
        "two calls of one id",
        {
            "tools": [tool()],
            "messages": [user("a"), assistant(CALL, CALL), user(RESULT)],
        },
        "messages.1.content.1: `tool_use` ids must be unique",
        ISSUES("anomalyco/opencode", 1279),
        "2026-11",
    ),
    Refusal(
        "the id of a call used again turns later",
        {
            "tools": [tool()],
            "messages": [user("a"), assistant(CALL), user(RESULT), assistant(CALL), user(RESULT)],
        },
        "messages.3.content.0: `tool_use` ids must be unique",
        ISSUES("anomalyco/opencode", 1279),
        "2026-11",
    ),
    Refusal(
        "two results of one call",
        {
            "tools": [tool()],
            "messages": [user("a"), assistant(CALL), user(RESULT, RESULT)],
        },
        "messages.2.content.1: each tool_use must have a single result. Found multiple "
        "`tool_result` blocks with id: toolu_1",
        "https://github.com/QwenLM/qwen-code/pull/8163",
        "2026-07",
        of="Anthropic's API",
    ),
    Refusal(
        "text before the result",
        {
            "tools": [tool()],
            "messages": [user("a"), assistant(CALL), user("well", RESULT)],
        },
        "messages.2: Did not find 1 `tool_result` block(s) at the beginning of this message. "
        "Messages following `tool_use` blocks must begin with a matching number of `tool_result` "
        "blocks.",
        ISSUES("browser-use/browser-use", 988),
        "2026-11",
    ),
    *(
        Refusal(
            "the header of Anthropic's billing in the system prompt",
            {"system": system},
            "x-anthropic-billing-header is a reserved keyword and may not be used in the system "
            "prompt.",
            ISSUES("anthropics/claude-code-action", 928),
            "2026-02",
        )
        for system in (
            "x-anthropic-billing-header: cc_version=2",
            [{"type": "text", "text": BILLING}],
            f"{BILLING}\nBe brief.",
        )
    ),
    *(
        Refusal(
            "a tool of Anthropic's without its beta",
            {"tools": [{"type": kind, "name": name, **more}]},
            f"tools.0: Input tag '{kind}' found using 'type' does not match any of the expected "
            "tags: 'bash_20250124', 'custom', 'text_editor_20250124', 'text_editor_20250429', "
            "'text_editor_20250728'",
            "https://github.com/pydantic/pydantic-ai/blob/main/tests/models/cassettes/"
            "test_bedrock_count_tokens/"
            "test_anthropic_bedrock_count_tokens_rejects_server_tools.yaml",
            "2026-11",
            ("claude-sonnet-4-5", "claude-opus-4-8"),
        )
        for kind, name, more in (
            ("web_search_20250305", "web_search", {}),
            ("code_execution_20250825", "code_execution", {}),
            ("computer_20250124", "computer", {"display_width_px": 9, "display_height_px": 9}),
            ("computer_20251124", "computer", {"display_width_px": 9, "display_height_px": 9}),
            ("computer_29990101", "computer", {"display_width_px": 9, "display_height_px": 9}),
            ("memory_20250818", "memory", {}),
            ("tool_search_tool_regex_20251119", "tool_search_tool_regex", {}),
            ("text_editor_20241022", "str_replace_editor", {}),
        )
    ),
    *(
        Refusal(
            "a schema that output cannot be held to",
            output(schema),
            f"output_config.format.schema: {words}",
            source,
            "2026-11",
        )
        for schema, words, source in (
            (
                {"type": "object"},
                "For 'object' type, 'additionalProperties' must be explicitly set to false",
                "https://github.com/future-agi/future-agi/pull/411",
            ),
            (
                {**CLOSED, "properties": {"a": {"type": "object", "properties": {}}}},
                "For 'object' type, 'additionalProperties' must be explicitly set to false",
                "https://github.com/future-agi/future-agi/pull/411",
            ),
            (
                {**CLOSED, "properties": {"a": {"type": "number", "maximum": 1, "minimum": 0}}},
                "For 'number' type, properties maximum, minimum are not supported",
                ISSUES("BerriAI/litellm", 29624),
            ),
            (
                {**CLOSED, "properties": {"a": {"type": "array", "maxItems": 3}}},
                "For 'array' type, property 'maxItems' is not supported",
                ISSUES("vercel/ai", 17597),
            ),
        )
    ),
    Refusal(
        "a strict tool with a reference to nothing",
        {"tools": [tool({**CLOSED, "properties": {"a": {"$ref": "#/$defs/No"}}}, strict=True)]},
        "tools.0.custom: Invalid schema: Reference to non-existent definition",
        ISSUES("langchain4j/langchain4j", 5097),
        "2026-11",
    ),
    Refusal(
        "an effort above high on Opus 4.5",
        {
            "anthropic_beta": ["effort-2025-11-24"],
            "output_config": {"effort": "max"},
        },
        "output_config.effort: Input should be 'low', 'medium' or 'high'",
        ISSUES("coder/coder", 25356),
        "2026-05",
        ("claude-opus-4-5",),
    ),
    Refusal(
        "an effort without its beta on Opus 4.5",
        {"output_config": {"effort": "low"}},
        "output_config.effort: Extra inputs are not permitted",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/"
        "model-parameters-anthropic-claude-messages-request-response.html",
        "2026-11",
        ("claude-opus-4-5",),
    ),
    Refusal(
        "the effort xhigh on 4.6",
        {"output_config": {"effort": "xhigh"}},
        "This model does not support effort level 'xhigh'. Supported levels: high, low, max, "
        "medium.",
        "https://github.com/askalf/dario/pull/413",
        "2026-05",
        ("claude-opus-4-6", "claude-sonnet-4-6"),
        of="Anthropic's API",
    ),
    Refusal(
        "eager_input_streaming, even beside its beta",
        {
            "anthropic_beta": ["fine-grained-tool-streaming-2025-05-14"],
            "tools": [tool(eager_input_streaming=True)],
        },
        "tools.0.custom.eager_input_streaming: Extra inputs are not permitted",
        ISSUES("anthropics/claude-agent-sdk-python", 694),
        "2026-11",
        ("claude-sonnet-4-5", "claude-sonnet-4-6"),
    ),
    Refusal(
        "eager_input_streaming on the newest models",
        {"tools": [tool(eager_input_streaming=True)]},
        "tools.0.custom.eager_input_streaming: Extra inputs are not permitted",
        "https://www.npmjs.com/package/@ai-sdk/amazon-bedrock/v/5.0.101",
        "2026-11",
        ("claude-opus-4-7", "claude-opus-5-5", "claude-fable-5-1"),
    ),
    *(
        Refusal(
            "a stop sequence of nothing but whitespace",
            {"stop_sequences": sequences},
            "stop_sequences: each stop sequence must contain non-whitespace",
            ISSUES("BerriAI/litellm", 3286),
            "2026-11",
        )
        for sequences in ([" "], [""], ["END", "\n"])
    ),
    Refusal(
        "an edit of the context that there is not",
        {
            "anthropic_beta": ["context-management-2025-06-27"],
            "context_management": {"edits": [{"type": "forget_20260101"}]},
        },
        "context_management.edits.0: Input tag 'forget_20260101' found using 'type' does not match "
        "any of the expected tags:",
        "https://platform.claude.com/docs/en/build-with-claude/context-editing",
        "2026-11",
        of="Anthropic's API",
    ),
    Refusal(
        "compaction beside the beta of context editing",
        {
            "anthropic_beta": ["context-management-2025-06-27"],
            "context_management": {"edits": [{"type": "compact_20260112"}]},
        },
        "context_management.edits.0: Input tag 'compact_20260112' found using 'type' does not "
        "match any of the expected tags: 'clear_thinking_20251015', 'clear_tool_uses_20250919'",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-compaction.html",
        "2026-11",
        ("claude-sonnet-4-6",),
    ),
    Refusal(
        "a reference to a tool that is not offered",
        {
            "tools": [tool()],
            "messages": [
                user("a"),
                assistant(CALL),
                user({**RESULT, "content": [{"type": "tool_reference", "tool_name": "map"}]}),
            ],
        },
        "messages.2.content.0: Tool reference 'map' not found in available tools",
        ISSUES("anthropics/claude-code", 25212),
        "2026-02",
    ),
    Refusal(
        "an hour in the cache on a model that has five minutes",
        {
            "system": [
                {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
            ]
        },
        "system.0.cache_control.ephemeral.ttl: Extra inputs are not permitted",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html",
        "2026-11",
        ("claude-opus-4-1",),
    ),
    Refusal(
        "a member of a cache marker that Bedrock does not know",
        {
            "system": [
                {
                    "type": "text",
                    "text": "x",
                    "cache_control": {"type": "ephemeral", "scope": "global"},
                }
            ]
        },
        "system.0.cache_control.ephemeral.scope: Extra inputs are not permitted",
        "https://github.com/horselock/claude-code-proxy/pull/14",
        "2026-04",
        of="Anthropic's API",
    ),
    Refusal(
        "Anthropic's name for what becomes of unbound thinking",
        {
            "anthropic_beta": ["thinking-binding-controls-2026-08-01"],
            "thinking": {
                "type": "adaptive",
                "block_binding": {"prefix_mismatch_behavior": "drop_block"},
            },
        },
        "thinking.adaptive.block_binding.prefix_mismatch_behavior: Extra inputs are not permitted",
        "https://github.com/vercel/ai/pull/20728",
        "2026-09",
        ("claude-opus-4-8", "claude-sonnet-5"),
    ),
    Refusal(
        "the beta of thinking's binding on a model before 4.7",
        {"anthropic_beta": ["thinking-binding-controls-2026-08-01"]},
        "invalid beta flag",
        ISSUES("vercel/ai", 20729),
        "2026-09",
        ("claude-sonnet-4-6",),
    ),
)
