"""Thinking: whether a model takes what a request says of it, and the blocks of earlier turns.

https://platform.claude.com/docs/en/build-with-claude/extended-thinking
https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-thinking-block-binding.html
"""

from collections.abc import Sequence
from typing import Final

from local.bedrock import signatures
from local.bedrock.blocks import RedactedThinking, Thinking, ToolResult
from local.bedrock.errors import RefusedError, invalid
from local.bedrock.message_order import blocks_of
from local.bedrock.model_rules import ModelRules
from local.bedrock.schema import (
    BudgetThinking,
    Message,
    NoThinking,
    Request,
)

BINDING_BETA: Final = "thinking-binding-controls-2026-08-01"
INTERLEAVED_BETA: Final = "interleaved-thinking-2025-05-14"
_FIRST: Final = ("thinking", "redacted_thinking")


def is_on(request: Request, rules: ModelRules) -> bool:
    """Return whether the reply to `request` begins with a thinking block."""
    # Newer models think adaptively where a request does not mention it; model_rules.json has the
    # source.
    if request.thinking is None:
        return rules.thinks_by_default
    return not isinstance(request.thinking, NoThinking)


def is_omitted(request: Request, rules: ModelRules) -> bool:
    """Return whether the reply's thinking blocks hold their signature alone."""
    display = getattr(request.thinking, "display", None) or rules.thinking_display
    return bool(display == "omitted")


def check(request: Request, rules: ModelRules) -> None:
    """Raise RefusedError for the first rule of thinking that `request` breaks."""
    _check_mode(request, rules)
    _check_final(request, rules)
    _check_first(request.messages)
    _check_order(request)
    _check_signatures(request, rules)


def _check_mode(request: Request, rules: ModelRules) -> None:
    mode = request.thinking
    if mode is None:
        return
    if mode.type not in rules.thinking_types:
        takes = " or ".join(f'"thinking.type.{kind}"' for kind in sorted(rules.thinking_types))
        raise invalid(f'"thinking.type.{mode.type}" is not supported for this model. Use {takes}.')
    # `budget_tokens` has to be below `max_tokens`, since thinking counts as output.
    if isinstance(mode, BudgetThinking) and not _may_think_longer(request):
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    effort = request.output_config.effort if request.output_config else None
    if isinstance(mode, NoThinking):
        if effort and effort not in rules.disabled_thinking_efforts:
            raise invalid(
                f"output_config.effort: '{effort}' is not supported when thinking is disabled."
            )
        return
    binding = getattr(mode, "block_binding", None)
    if binding is not None and BINDING_BETA not in (request.anthropic_beta or ()):
        raise invalid(f"thinking.{mode.type}.block_binding: Extra inputs are not permitted")


def _may_think_longer(request: Request) -> bool:
    """Return whether a budget fits: below `max_tokens`, or for a whole turn of interleaved
    thinking."""
    budget = request.thinking
    # Interleaved, the budget spans all thinking blocks of a turn, and may exceed `max_tokens`.
    interleaves = bool(request.tools) and INTERLEAVED_BETA in (request.anthropic_beta or ())
    return not isinstance(budget, BudgetThinking) or (
        interleaves or budget.budget_tokens < request.max_tokens
    )


def _check_final(request: Request, rules: ModelRules) -> None:
    """A prefill has thinking only where the reply may have it."""
    final = len(request.messages) - 1
    for index, block in enumerate(blocks_of(request.messages[final])):
        if block.type in _FIRST and not is_on(request, rules):
            raise invalid(
                f"messages.{final}.content.{index}: When thinking is disabled, an `assistant` "
                "message in the final position cannot contain `thinking`. To use thinking blocks, "
                "enable `thinking` in your request."
            )


def _check_first(messages: Sequence[Message]) -> None:
    """https://github.com/anthropics/claude-code/issues/20705"""
    for position, message in enumerate(messages):
        kinds = [block.type for block in blocks_of(message)]
        if any(kind in _FIRST for kind in kinds) and kinds[0] not in _FIRST:
            raise invalid(
                f"messages.{position}.content.0: If an assistant message contains any thinking "
                "blocks, the first block must be `thinking` or `redacted_thinking`. Found "
                f"`{kinds[0]}`."
            )


def _check_order(request: Request) -> None:
    """With a budget, the turn that is being continued begins with thinking."""
    if not isinstance(request.thinking, BudgetThinking):
        return
    position = _continued_turn(request.messages)
    blocks = blocks_of(request.messages[position]) if position is not None else []
    if position is None or (blocks and blocks[0].type in _FIRST):
        return
    first_type = blocks[0].type if blocks else "text"
    raise invalid(
        f"messages.{position}.content.0.type: Expected `thinking` or `redacted_thinking`, but "
        f"found `{first_type}`. When `thinking` is enabled, a final `assistant` message must start "
        "with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` "
        "blocks). We recommend you include thinking blocks from previous turns. To avoid this "
        "requirement, disable `thinking`. Please consult our documentation at "
        "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
    )


def _continued_turn(messages: Sequence[Message]) -> int | None:
    """Return where the assistant's turn began that the reply goes on with, by way of tool results
    or of a prefill; None where the reply begins a new one."""
    begun = None
    # Tool results are in user turns, but the assistant's turn goes on across them.
    for position in range(len(messages) - 1, -1, -1):
        if messages[position].role == "assistant":
            begun = position
        elif not any(isinstance(block, ToolResult) for block in blocks_of(messages[position])):
            break
    return begun


def _check_signatures(request: Request, rules: ModelRules) -> None:
    latest = max(
        (n for n, turn in enumerate(request.messages) if turn.role == "assistant"), default=0
    )
    for position, message in enumerate(request.messages):
        for index, block in enumerate(blocks_of(message)):
            where = f"messages.{position}.content.{index}"
            if isinstance(block, RedactedThinking) and not signatures.is_of_anthropic(block.data):
                raise invalid(f"{where}: Invalid `data` in `redacted_thinking` block")
            if isinstance(block, Thinking):
                _check_signature(where, block, is_latest=position == latest)
                if rules.checks_conversation:
                    _check_conversation(where, request, position, index)


def _check_signature(where: str, block: Thinking, *, is_latest: bool) -> None:
    # A conversation that began on AWS has signatures that only Anthropic can check: they pass.
    issued = signatures.read(block.signature)
    if issued is None:
        if not signatures.is_of_anthropic(block.signature):
            raise _bad_signature(where)
    elif not signatures.is_of_thinking(issued, block.thinking):
        # For a block of the latest turn Anthropic has a sentence of its own.
        if not is_latest:
            raise _bad_signature(where)
        raise invalid(
            f"{where}: `thinking` or `redacted_thinking` blocks in the latest assistant message "
            "cannot be modified. These blocks must remain as they were in the original response."
        )


def _bad_signature(where: str) -> RefusedError:
    return invalid(f"{where}: Invalid `signature` in `thinking` block")


def _check_conversation(where: str, request: Request, position: int, index: int) -> None:
    block = blocks_of(request.messages[position])[index]
    issued = signatures.read(block.signature) if isinstance(block, Thinking) else None
    if issued is None or _drops_unbound(request):
        return
    # Blocks of the same turn come before it too: interleaved thinking follows tool calls.
    before = blocks_of(request.messages[position])[:index]
    digest = signatures.digest(request.tools, request.system, request.messages[:position], before)
    if not signatures.is_of_conversation(issued, digest):
        raise invalid(
            f"{where}: Invalid `signature` in `thinking` block. The block is bound to a different "
            "conversation. Remove the block, or set `thinking.block_binding.mismatch_behavior` to "
            '"drop_block".'
        )


def _drops_unbound(request: Request) -> bool:
    binding = getattr(request.thinking, "block_binding", None)
    return binding is not None and binding.mismatch_behavior == "drop_block"
