"""Features of a Messages request that only some models take on Bedrock, each with its source and
the month in which that said so or was last read.

Where sources differ, or none speaks of Bedrock, a row has the stricter of the two, and names the
models in `unconfirmed`. `claude_bedrock.catalog.capabilities` puts the rows together by model.
"""

from typing import Final


class Feature:
    """`taken_by` and `unconfirmed` are names of models; what is not in the first does not take it.
    `disputed_by`: a source that says otherwise, of the unconfirmed ones."""

    def __init__(
        self,
        *,
        label: str,
        taken_by: frozenset[str],
        unconfirmed: frozenset[str],
        source: str,
        date: str,
        disputed_by: str = "",
    ) -> None:
        self.label = label
        self.taken_by = taken_by
        self.unconfirmed = unconfirmed
        self.source = source
        self.date = date
        self.disputed_by = disputed_by


_UP_TO_FOUR: Final = frozenset(
    {
        "claude-3-opus",
        "claude-3-haiku",
        "claude-3-5-haiku",
        "claude-3-7-sonnet",
        "claude-sonnet-4",
        "claude-opus-4",
        "claude-opus-4-1",
    }
)
_FOUR_FIVE: Final = frozenset({"claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5"})
_FOUR_SIX: Final = frozenset({"claude-sonnet-4-6", "claude-opus-4-6"})
_MYTHOS: Final = frozenset({"claude-mythos-5", "claude-mythos-5-1", "claude-mythos-preview"})
_FIVE: Final = _MYTHOS | {
    "claude-sonnet-5",
    "claude-sonnet-5-5",
    "claude-opus-5",
    "claude-opus-5-5",
    "claude-haiku-5-5",
    "claude-fable-5",
    "claude-fable-5-1",
    "claude-fable-5-2",
}
_SINCE_FOUR_SEVEN: Final = _FIVE | {"claude-opus-4-7", "claude-opus-4-8"}

OUTPUT_FORMAT: Final = Feature(
    label="`output_config.format`",
    taken_by=_FOUR_FIVE | _FOUR_SIX,
    unconfirmed=_SINCE_FOUR_SEVEN,
    source="https://github.com/anthropics/anthropic-sdk-python/issues/1759",
    date="2026-07",
    disputed_by="https://docs.aws.amazon.com/bedrock/latest/userguide/"
    "claude-messages-structured-outputs.html",
)
STRICT: Final = Feature(
    label="`strict` in a tool",
    taken_by=_FOUR_FIVE | _FOUR_SIX,
    unconfirmed=_SINCE_FOUR_SEVEN,
    source="https://github.com/lobehub/lobehub/issues/19876",
    date="2026-09",
    disputed_by="https://docs.aws.amazon.com/bedrock/latest/userguide/"
    "claude-messages-structured-outputs.html",
)
EAGER_STREAMING: Final = Feature(
    label="`eager_input_streaming` in a tool",
    taken_by=frozenset(),
    unconfirmed=_SINCE_FOUR_SEVEN,
    source="https://github.com/anthropics/claude-agent-sdk-python/issues/694",
    date="2026-11",
    disputed_by="https://platform.claude.com/docs/en/agents-and-tools/tool-use/"
    "fine-grained-tool-streaming",
)
FORCED_TOOL: Final = Feature(
    label="`tool_choice` of `any` or `tool`",
    taken_by=_UP_TO_FOUR
    | _FOUR_FIVE
    | _FOUR_SIX
    | {
        "claude-opus-4-7",
        "claude-opus-4-8",
        "claude-sonnet-5",
        "claude-opus-5",
        "claude-haiku-5-5",
        "claude-fable-5",
    },
    unconfirmed=_MYTHOS,
    source="https://platform.claude.com/docs/en/models/opus-5-5/whats-new-opus-5-5",
    date="2026-11",
)
PREFILL: Final = Feature(
    label="a last turn of the assistant's (prefill)",
    taken_by=_UP_TO_FOUR | _FOUR_FIVE,
    unconfirmed=frozenset(),
    source="https://github.com/anomalyco/opencode/issues/29760",
    date="2026-11",
)
SYSTEM_TURNS: Final = Feature(
    label="a `system` turn in the conversation",
    taken_by=frozenset({"claude-opus-4-8"}),
    unconfirmed=_FIVE,
    source="https://github.com/pydantic/pydantic-ai/blob/main/tests/models/cassettes/"
    "test_anthropic_mid_conversation_system/test_mid_conversation_system_prompt_on_bedrock.yaml",
    date="2026-11",
    disputed_by="https://platform.claude.com/docs/en/build-with-claude/"
    "mid-conversation-system-messages",
)
ALL: Final = (OUTPUT_FORMAT, STRICT, EAGER_STREAMING, FORCED_TOOL, PREFILL, SYSTEM_TURNS)
