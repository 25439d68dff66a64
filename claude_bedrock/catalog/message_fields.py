"""The fields, tools and betas of a Messages body on Bedrock, whatever the model.

`claude_bedrock.catalog.capabilities` says which model takes what, and `gateway.unsupported_fields`
applies both.
The fields are those of https://platform.claude.com/docs/en/api/messages; what Bedrock lacks of
them is told by
https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy, and what it
has by https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CLAUDE_CODE: Final = "claude-code-20250219"
COMPACT: Final = "compact-2026-01-12"
COMPUTER: Final = "computer-use-2025-01-24"
COMPUTER_2: Final = "computer-use-2025-11-24"
CONTEXT_1M: Final = "context-1m-2025-08-07"
CONTEXT_MANAGEMENT: Final = "context-management-2025-06-27"
EFFORT: Final = "effort-2025-11-24"
INTERLEAVED: Final = "interleaved-thinking-2025-05-14"
STREAMED_INPUT: Final = "fine-grained-tool-streaming-2025-05-14"
THINKING_BINDING: Final = "thinking-binding-controls-2026-08-01"
STRUCTURED: Final = "structured-outputs-2025-12-15"
TOOL_EXAMPLES: Final = "tool-examples-2025-10-29"
TOOL_SEARCH: Final = "tool-search-tool-2025-10-19"

# --- fields

FIELD_BETAS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"context_management": (CONTEXT_MANAGEMENT, COMPACT)}
)
"""Fields of the body that Bedrock takes beside one of these betas; gone where none is taken."""

OLD_OUTPUT_FORMAT: Final = "output_format"
"""What `output_config.format` was called; Anthropic's API takes it "for a transition period", and
LiteLLM and older SDKs send it: https://platform.claude.com/docs/en/build-with-claude/structured-outputs"""

TOOL_BETAS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "defer_loading": TOOL_SEARCH,
        "eager_input_streaming": STREAMED_INPUT,
        "input_examples": TOOL_EXAMPLES,
    }
)
"""Fields of a custom tool that Anthropic's API takes as they are and Bedrock beside a beta."""

INTO_BETA: Final = frozenset({"eager_input_streaming"})
"""Those of them that Bedrock knows as the beta alone: the field goes and the beta
does its work. https://github.com/anthropics/claude-agent-sdk-python/issues/694"""

TOOL_FIELDS: Final = frozenset({*TOOL_BETAS, "strict", "allowed_callers"})
"""Fields of a custom tool that not every model takes; `allowed_callers` none does, since it belongs
to code execution, which Bedrock does not have."""

TAKEN: Final = frozenset(
    {
        "anthropic_beta",
        "anthropic_version",
        "context_management",
        "max_tokens",
        "messages",
        "metadata",
        "output_config",
        "stop_sequences",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
        "user_profile_id",
    }
)
"""Fields that Bedrock has. One that is neither here nor below is passed for Bedrock to name, unless
an unknown beta came too and Anthropic's SDK (`claude_bedrock.catalog.message_schema`) does not
know the field: then it can only be that beta's, and goes with it."""

BEDROCK_PREFIX: Final = "amazon-bedrock-"
"""How Bedrock's own members of a body begin: they are never taken out."""

BEDROCK_FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"thinking.block_binding": ("mismatch_behavior",)}
)
"""Fields within a body that Bedrock has and Anthropic's SDK does not, by the schema's places."""

DROPPED: Final = frozenset(
    {
        "cache_control",
        "diagnostics",
        "fallback_credit_token",
        "fallbacks",
        OLD_OUTPUT_FORMAT,
        "service_tier",
        "speed",
        "tags",
    }
)
"""Fields that Bedrock does not have and whose loss changes speed or labels, never what is asked nor
who pays. For a top-level `cache_control` the gateway marks a block, as Anthropic's API does."""

REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "billing_policy": "Your AWS account pays for every request here: send it without "
        "`billing_policy`.",
        "compaction": "Summarize the conversation by a request of your own, or send "
        "`context_management` with a `compact_20260112` edit where the model takes it.",
        "container": "Send the request without `container`, and what its skills say in the prompt.",
        "inference_geo": "Send the request without `inference_geo`.",
        "mcp_servers": "Send the request without `mcp_servers`.",
        "safeguards": "Send the request without `safeguards`.",
        "thread": "Send the request without `thread`.",
    }
)
"""Fields that Bedrock does not have and whose loss would change what is asked or who pays (where it
may be answered, with which tools, under which guard, after which turns), and what to do instead: an
error names one with a value. A container without skills only names files that code execution left,
and goes. Claude Code goes on without `safeguards` then:
https://code.claude.com/docs/en/llm-gateway-protocol"""

UNCOUNTED: Final = frozenset({"billing_policy", "compaction"})
"""Those of them that change no count of tokens, and are left out of a request for one:
`anthropic.types.message_count_tokens_params` says so of `compaction`."""

PAID_BY_CALLER: Final[tuple[object, ...]] = (
    {"bill_to": "self"},
    {"type": "billing_policy", "bill_to": "self"},
)
"""Values of `billing_policy` that say what is true here anyway."""

SCHEMA_KEYWORDS: Final = ("allOf", "anyOf", "oneOf")
"""What Bedrock refuses at the top of a tool's `input_schema`, and only there, whatever the model:
https://github.com/trycua/cua/issues/3303 (2026)."""

PROPERTY_NAME: Final = r"[a-zA-Z0-9_.-]{1,64}"
"""What the names of a tool's own properties match, at the top of its `input_schema`:
https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/issues/709
(measured on Bedrock, August 2026)."""

FORCED_CHOICES: Final = ("any", "tool")
"""Values of `tool_choice.type` that force a tool."""

SERVER_TOOLS: Final = ("advisor_", "code_execution_", "mcp_toolset", "web_fetch_", "web_search_")
"""What the `type` of a tool that Anthropic runs begins with; Bedrock has none of them."""

MEMORY_TOOL: Final = "memory_"
"""What the `type` of the memory tool begins with. Anthropic's API takes it as it is; on Bedrock the
beta of context management goes with it where the model takes that:
https://platform.claude.com/docs/en/agents-and-tools/tool-use/memory-tool"""

SEARCH_TOOL: Final = "tool_search_tool_"
"""What the `type` of the tool that finds deferred tools begins with: taken beside its beta."""

OUTPUT_FIELDS: Final = frozenset({"task_budget"})
"""Members of `output_config` that go; `effort` goes where a model has none."""

THINKING_FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"display": ("updates",)})
"""Members of `thinking` that go, and with which values."""

BINDING_NAMES: Final = ("prefix_mismatch_behavior", "mismatch_behavior")
"""What a member of `thinking.block_binding` is called by Anthropic and by Bedrock:
https://platform.claude.com/docs/en/build-with-claude/preserved-thinking,
https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-thinking-block-binding.html"""

TURN_FIELDS: Final = frozenset({"clear_at", "output_config"})
"""Members of a `system` turn that go. Where the model does not take such a turn, or not in that
place (https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages: after
a user's, and before the assistant's or last), it becomes a user's, in its place, as clients do
themselves with a model that has none."""

TOOL_REMOVAL: Final = "tool_removal"
TURN_BLOCKS: Final = frozenset({"tool_addition", TOOL_REMOVAL})
"""Blocks of a `system` turn that go: without `defer_loading` every tool is offered throughout. A
removal becomes a sentence in its turn, and so does what offers the tool again: taking it out of
`tools` would change what comes before each cache marker and each bound thinking block. Anthropic's
page says that Bedrock takes both by reference, with a beta of their own, and Converse has blocks
for them; no answer of InvokeModel to them is public (2026-11-30):
https://docs.aws.amazon.com/sdk-for-python/v1/reference/clients/bedrock-runtime/structures/ToolRemovalBlock/
https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages"""

TOOL_DEFINITION: Final = "tool_definition"
"""The `type` of the `tool` of a `tool_addition` that defines one by value: it goes among `tools`,
unless a later turn removes it.
https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages"""

AS_TEXT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "advisor_tool_result": "",
        "bash_code_execution_tool_result": "",
        "code_execution_tool_result": "",
        "compaction": COMPACT,
        "container_upload": "",
        "mcp_tool_result": "",
        "mcp_tool_use": "",
        "server_tool_use": "",
        "text_editor_code_execution_tool_result": "",
        "tool_search_tool_result": TOOL_SEARCH,
        "web_fetch_tool_result": "",
        "web_search_tool_result": "",
    }
)
"""Blocks in a conversation's history that Bedrock does not have, and which become text, so that one
that was begun with Anthropic's API goes on. With a beta: where the model does not take that."""

SEARCH_CALL: Final = "tool_search_tool"
"""How the `name` of the `server_tool_use` begins that belongs to the beta of tool search."""

REMOVED_BLOCKS: Final = frozenset({"fallback", "mcp_tool_listing"})
"""Blocks in the history that say nothing to the model."""

BLOCK_FIELDS: Final[Mapping[str, tuple[object, ...]]] = MappingProxyType(
    {"caller": (), "toolset_name": (None,)}
)
"""Fields of a `tool_use` in the history that say which of Anthropic's tools made it, and which of
their values go; none stands for any."""

REMOVED_CITATIONS: Final = "web_search_result_location"
"""The `type` of a citation of what a server tool found."""

CITED_FILE: Final = "file_id"
"""A field of a citation in Anthropic's answers that its requests lack: it names a file that
Anthropic stores. https://platform.claude.com/docs/en/build-with-claude/citations"""

CLIENT_BLOCKS: Final = ("x-anthropic-billing-header:",)
"""Beginnings of lines of the system prompt that are for Anthropic's billing and not for the model.
Bedrock refuses them as reserved: https://github.com/musistudio/claude-code-router/issues/1161"""

INTEGERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "context_management": ("value",),
        "max_tokens": (),
        "thinking": ("budget_tokens",),
        "top_k": (),
    }
)
"""Members that are whole numbers, or hold them under these names at any depth. Some languages write
`100.0` or `1e3` for one; it goes to Bedrock in digits alone."""

# --- betas

COUNTED_BETAS: Final = frozenset(
    {
        COMPACT,
        COMPUTER,
        COMPUTER_2,
        CONTEXT_1M,
        CONTEXT_MANAGEMENT,
        EFFORT,
        INTERLEAVED,
        THINKING_BINDING,
        TOOL_EXAMPLES,
        TOOL_SEARCH,
    }
)
"""Betas that a request to count tokens is sent with: those without which Bedrock refuses a field, a
block or a size. What CountTokens makes of another no page says, and it would change no count."""

KNOWN_BETAS: Final = frozenset(
    {
        "advanced-tool-use-2025-11-20",
        "advisor-tool-2026-03-01",
        "afk-mode-2026-01-31",
        "cache-diagnosis-2026-04-07",
        CLAUDE_CODE,
        "code-execution-2025-05-22",
        COMPACT,
        "compact-2026-09-04",
        "computer-use-2024-10-22",
        COMPUTER,
        COMPUTER_2,
        CONTEXT_1M,
        CONTEXT_MANAGEMENT,
        "dangerous-tool-use-2026-09-03",
        EFFORT,
        "extended-cache-ttl-2025-04-11",
        "fallback-credit-2026-06-01",
        "fallback-credit-2026-07-01",
        "fast-mode-2026-02-01",
        "files-api-2025-04-14",
        STREAMED_INPUT,
        "inline-tools-2026-09-15",
        INTERLEAVED,
        "mcp-client-2025-04-04",
        "mcp-client-2025-11-20",
        "mcp-client-2026-09-15",
        "mid-conversation-output-config-2026-07-01",
        "mid-conversation-system-clear-at-2026-08-21",
        "mid-conversation-system-2026-04-07",
        "mid-conversation-tool-changes-2026-07-01",
        "model-context-window-exceeded-2025-08-26",
        "oauth-2025-04-20",
        "output-128k-2025-02-19",
        "output-300k-2026-03-24",
        "pdfs-2024-09-25",
        "per-turn-control-2026-07-01",
        "prompt-caching-2024-07-31",
        "prompt-caching-scope-2026-01-05",
        "redact-thinking-2026-02-12",
        "request-tags-2026-08-21",
        "server-side-fallback-2026-06-01",
        "server-side-fallback-2026-07-01",
        "skills-2025-10-02",
        "structured-outputs-2025-11-13",
        STRUCTURED,
        "task-budgets-2026-03-13",
        THINKING_BINDING,
        "thinking-display-updates-2026-08-18",
        "thinking-token-count-2026-05-13",
        "token-counting-2024-11-01",
        "token-efficient-tools-2025-02-19",
        "token-efficient-tools-2026-03-28",
        TOOL_EXAMPLES,
        TOOL_SEARCH,
    }
)
"""Betas whose fields, if they have any, are named above."""
