"""How turns follow each other: roles, and tool calls with the results that answer them.

https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use
"""

from local.bedrock.blocks import Block, ToolResult, ToolUse
from local.bedrock.errors import invalid
from local.bedrock.schema import Message


def check(messages: list[Message]) -> None:
    """Raises RefusedError for the first turn that is out of place."""
    if not messages:
        raise invalid("messages: at least one message is required")
    if messages[0].role != "user":
        raise invalid('messages: first message must use the "user" role')
    for position, message in enumerate(messages):
        if not message.content and position + 1 < len(messages):
            raise invalid(f"messages.{position}: all messages must have non-empty content")
        _check_places(position, message)
        previous = messages[position - 1] if position else None
        _check_results(position, message, previous)
        following = messages[position + 1] if position + 1 < len(messages) else None
        _check_uses(position, message, following)
    if not messages[-1].content:
        raise invalid("messages: final message must have non-empty content")


_ASSISTANT_ONLY = {"tool_use", "thinking", "redacted_thinking"}
_USER_ONLY = {"tool_result", "image", "search_result"}


def _check_places(position: int, message: Message) -> None:
    misplaced = _ASSISTANT_ONLY if message.role == "user" else _USER_ONLY
    owner = "assistant" if message.role == "user" else "user"
    for index, block in enumerate(blocks_of(message)):
        if block.type in misplaced:
            raise invalid(
                f"messages.{position}.content.{index}: `{block.type}` blocks can only be in "
                f"`{owner}` messages"
            )


def blocks_of(message: Message) -> list[Block]:
    return [] if isinstance(message.content, str) else message.content


def _uses(message: Message | None) -> list[str]:
    return [b.id for b in blocks_of(message) if isinstance(b, ToolUse)] if message else []


def _results(message: Message | None) -> list[str]:
    if message is None:
        return []
    return [b.tool_use_id for b in blocks_of(message) if isinstance(b, ToolResult)]


def _check_results(position: int, message: Message, previous: Message | None) -> None:
    for unasked in set(_results(message)).difference(_uses(previous)):
        raise invalid(
            f"messages.{position}: unexpected `tool_use_id` found in `tool_result` blocks: "
            f"{unasked}. Each `tool_result` block must have a corresponding `tool_use` block in "
            "the previous message."
        )


def _check_uses(position: int, message: Message, following: Message | None) -> None:
    for unanswered in set(_uses(message)).difference(_results(following)):
        raise invalid(
            f"messages.{position}: `tool_use` ids were found without `tool_result` blocks "
            f"immediately after: {unanswered}. Each `tool_use` block must have a corresponding "
            "`tool_result` block in the next message."
        )
