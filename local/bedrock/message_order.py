"""The order of turns: roles, text, and tool calls with the results that answer them.

https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use
"""

from collections.abc import Iterable, Sequence

from local.bedrock.blocks import Block, Text, ToolReference, ToolResult, ToolUse
from local.bedrock.errors import invalid
from local.bedrock.schema import Message

_OWNERS = {
    "compaction": "assistant",
    "redacted_thinking": "assistant",
    "thinking": "assistant",
    "tool_result": "user",
    "tool_use": "assistant",
}
_MEDIA = {"document", "image", "search_result"}
_THINKING = ("thinking", "redacted_thinking")


def check(messages: Sequence[Message], *, assistant_may_begin: bool, blank_taken: bool) -> None:
    """Raise RefusedError for the first turn that is out of place.

    Args:
        messages: the turns.
        assistant_may_begin: whether the first turn may be the assistant's.
        blank_taken: whether a block of nothing but whitespace may stand beside others.
    """
    if not messages:
        raise invalid("messages: at least one message is required")
    if messages[0].role == "system" or (
        messages[0].role == "assistant" and not assistant_may_begin
    ):
        raise invalid('messages: first message must use the "user" role')
    # Consecutive turns of one role are no error: Claude joins them,
    # https://platform.claude.com/docs/en/api/messages
    for position, message in enumerate(messages):
        _check_content(position, message, is_last=position + 1 == len(messages))
        check_text("messages", message.content, blank_taken=blank_taken)
        _check_block_roles(position, message)
        previous = messages[position - 1] if position else None
        _check_results(position, message, previous)
        following = messages[position + 1] if position + 1 < len(messages) else None
        _check_uses(position, message, following)
    _check_ids(messages)


def check_text(
    where: str, content: str | Sequence[Block] | None, *, blank_taken: bool = False
) -> None:
    """Raise RefusedError for a block of text in which there is nothing to read."""
    if isinstance(content, str):
        if content and not content.strip():
            raise invalid(f"{where}: text content blocks must contain non-whitespace text")
        return
    for block in content or ():
        if isinstance(block, ToolResult) and not isinstance(block.content, str):
            for inner in block.content or ():
                _check_filled(where, inner)
        _check_filled(where, block)
        blank = isinstance(block, Text) and not block.text.strip()
        if blank and not (blank_taken and len(content or ()) > 1):
            raise invalid(f"{where}: text content blocks must contain non-whitespace text")


def _check_filled(where: str, block: object) -> None:
    if isinstance(block, Text) and not block.text:
        raise invalid(f"{where}: text content blocks must be non-empty")


def check_prefill(messages: Sequence[Message], *, taken: bool) -> None:
    """Raise RefusedError for a last turn of the assistant's that the model cannot go on from."""
    last = messages[-1]
    if last.role != "assistant":
        return
    if not taken:
        raise invalid(
            "This model does not support assistant message prefill. The conversation must end "
            "with a user message."
        )
    text = last.content if isinstance(last.content, str) else _last_text(last.content)
    if text != text.rstrip():
        raise invalid("messages: final assistant content cannot end with trailing whitespace")


def check_references(messages: Sequence[Message], offered: Iterable[str]) -> None:
    """Raise RefusedError for a result of tool search that names a tool which is not offered."""
    names = set(offered)
    for position, message in enumerate(messages):
        for index, block in enumerate(blocks_of(message)):
            inner = block.content if isinstance(block, ToolResult) else None
            for item in inner if isinstance(inner, list) else ():
                if isinstance(item, ToolReference) and item.tool_name not in names:
                    raise invalid(
                        f"messages.{position}.content.{index}: Tool reference '{item.tool_name}' "
                        "not found in available tools"
                    )


def blocks_of(message: Message) -> list[Block]:
    """Return the blocks of a turn, none where its content is a string."""
    return [] if isinstance(message.content, str) else message.content


def _last_text(blocks: Sequence[Block]) -> str:
    last = blocks[-1] if blocks else None
    return last.text if isinstance(last, Text) else ""


def _check_content(position: int, message: Message, *, is_last: bool) -> None:
    # An empty last turn of the assistant's is a prefill without text.
    if message.content or (is_last and message.role == "assistant"):
        return
    if message.role == "user":
        raise invalid(f"messages.{position}: user messages must have non-empty content")
    raise invalid(
        f"messages.{position}: all messages must have non-empty content except for the optional "
        "final assistant message"
    )


def _check_block_roles(position: int, message: Message) -> None:
    blocks = blocks_of(message)
    is_assistant = message.role == "assistant"
    for index, block in enumerate(blocks):
        # In the words that callers of Anthropic's API report; its documentation is silent on them.
        if is_assistant and block.type in _MEDIA:
            raise invalid(
                f"messages.{position}.content: '{block.type}' blocks are not permitted within "
                "assistant turns"
            )
        if is_assistant == (block.type == "tool_result") and block.type in _OWNERS:
            raise invalid(
                f"messages.{position}: `{block.type}` blocks can only be in "
                f"`{_OWNERS[block.type]}` messages"
            )
        if message.role == "system" and block.type != "text":
            raise invalid(f"messages.{position}.content.{index}.type: Input should be 'text'")
    # Thinking leads to a text or to a call of a tool: it is never last.
    if blocks and blocks[-1].type in _THINKING:
        raise invalid(
            f"messages.{position}: The final block in an assistant message cannot be `thinking`."
        )


def _uses(message: Message | None) -> list[str]:
    return [b.id for b in blocks_of(message) if isinstance(b, ToolUse)] if message else []


def _results(message: Message | None) -> list[str]:
    if message is None:
        return []
    return [b.tool_use_id for b in blocks_of(message) if isinstance(b, ToolResult)]


def _check_results(position: int, message: Message, previous: Message | None) -> None:
    # A result belongs to the turn right after its call, not to any later one.
    use_ids = _uses(previous)
    result_ids: set[str] = set()
    for index, block in enumerate(blocks_of(message)):
        if not isinstance(block, ToolResult):
            continue
        if block.tool_use_id not in use_ids:
            raise invalid(
                f"messages.{position}.content.{index}: unexpected `tool_use_id` found in "
                f"`tool_result` blocks: {block.tool_use_id}. Each `tool_result` block must have a "
                "corresponding `tool_use` block in the previous message."
            )
        if block.tool_use_id in result_ids:
            raise invalid(
                f"messages.{position}.content.{index}: each tool_use must have a single result. "
                f"Found multiple `tool_result` blocks with id: {block.tool_use_id}"
            )
        result_ids.add(block.tool_use_id)
        # Callers of Anthropic's API report these words; its documentation is silent on the rule.
        inner = block.content if isinstance(block.content, list) else []
        if block.is_error and not all(isinstance(item, Text) for item in inner):
            raise invalid(
                f"messages.{position}.content.{index}.tool_result: all content must be type `text` "
                "if `is_error` is true"
            )


def _check_uses(position: int, message: Message, following: Message | None) -> None:
    uses = _uses(message)
    answered = _results(following)
    unanswered = [identity for identity in uses if identity not in answered]
    if unanswered:
        raise invalid(
            f"messages.{position}: `tool_use` ids were found without `tool_result` blocks "
            f"immediately after: {', '.join(unanswered)}. Each `tool_use` block must have a "
            "corresponding `tool_result` block in the next message."
        )
    # Results come first in their turn, text only after them:
    # https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
    first = blocks_of(following)[: len(uses)] if following else []
    if not all(isinstance(block, ToolResult) for block in first):
        raise invalid(
            f"messages.{position + 1}: Did not find {len(uses)} `tool_result` block(s) at the "
            "beginning of this message. Messages following `tool_use` blocks must begin with a "
            "matching number of `tool_result` blocks."
        )


def _check_ids(messages: Sequence[Message]) -> None:
    earlier_ids: set[str] = set()
    for position, message in enumerate(messages):
        for index, block in enumerate(blocks_of(message)):
            if isinstance(block, ToolUse) and block.id in earlier_ids:
                raise invalid(f"messages.{position}.content.{index}: `tool_use` ids must be unique")
            if isinstance(block, ToolUse):
                earlier_ids.add(block.id)
