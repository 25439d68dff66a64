"""Context management: the edits that Bedrock takes, each beside its beta.

https://platform.claude.com/docs/en/build-with-claude/context-editing
https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-compaction.html
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import Field

from local.bedrock.blocks import Strict
from local.bedrock.errors import RefusedError, invalid

EDITING: Final = "context-management-2025-06-27"
COMPACTION: Final = "compact-2026-01-12"
_BETAS: Final = {
    "clear_thinking_20251015": EDITING,
    "clear_tool_uses_20250919": EDITING,
    "compact_20260112": COMPACTION,
}
_Count = Annotated[int, Field(ge=0)]


class InputTokens(Strict):
    type: Literal["input_tokens"]
    value: Annotated[int, Field(ge=1)]


class ToolUses(Strict):
    type: Literal["tool_uses"]
    value: _Count


class ThinkingTurns(Strict):
    type: Literal["thinking_turns"]
    value: Annotated[int, Field(ge=1)]


class AllThinking(Strict):
    type: Literal["all"]


class ClearToolUses(Strict):
    type: Literal["clear_tool_uses_20250919"]
    trigger: Annotated[InputTokens | ToolUses, Field(discriminator="type")] | None = None
    keep: ToolUses | None = None
    clear_at_least: InputTokens | None = None
    exclude_tools: list[str] | None = None
    clear_tool_inputs: bool | list[str] | None = None


class ClearThinking(Strict):
    type: Literal["clear_thinking_20251015"]
    keep: (
        Annotated[ThinkingTurns | AllThinking, Field(discriminator="type")] | Literal["all"] | None
    ) = None


class Compact(Strict):
    type: Literal["compact_20260112"]
    trigger: InputTokens | None = None
    instructions: str | None = None
    pause_after_compaction: bool | None = None


Edit = Annotated[ClearToolUses | ClearThinking | Compact, Field(discriminator="type")]


class ContextManagement(Strict):
    edits: list[Edit] | None = None


def check(
    context_management: ContextManagement | None, betas: Iterable[str], *, thinks: bool
) -> None:
    """Raise RefusedError for an edit without its beta, or one that has no place here.

    Args:
        given: the field of the request.
        betas: the request's betas.
        thinks: whether the request has thinking on.
    """
    if context_management is None:
        return
    taken = {tag for tag, beta in _BETAS.items() if beta in betas}
    # Without any of the betas the whole field is unknown, with one only the other's edits are.
    if not taken:
        raise invalid("context_management: Extra inputs are not permitted")
    for position, edit in enumerate(context_management.edits or ()):
        if edit.type not in taken:
            raise _unknown_edit(position, edit.type, taken)
        if isinstance(edit, ClearThinking):
            _check_clear_thinking(position, thinks)


def _unknown_edit(position: int, kind: str, taken: Iterable[str]) -> RefusedError:
    tags = ", ".join(f"'{tag}'" for tag in sorted(taken))
    return invalid(
        f"context_management.edits.{position}: Input tag '{kind}' found using 'type' does not "
        f"match any of the expected tags: {tags}"
    )


def _check_clear_thinking(position: int, thinks: bool) -> None:
    if not thinks:
        raise invalid(
            "context_management: `clear_thinking_20251015` strategy requires `thinking` to be "
            "enabled or adaptive"
        )
    if position:
        raise invalid(
            "context_management: `clear_thinking_20251015` strategy must be first in `edits`"
        )
