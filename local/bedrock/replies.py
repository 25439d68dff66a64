"""The replies of this Bedrock, where no model runs, in the shape the request asks for."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from claude_bedrock.catalog import Model
from local.bedrock import thinking
from local.bedrock.blocks import ToolResult, text_of
from local.bedrock.citations import citations
from local.bedrock.directives import Directives, ToolCall
from local.bedrock.examples import example
from local.bedrock.message_order import blocks_of
from local.bedrock.model_rules import of as rules_of
from local.bedrock.rules import forces_tool
from local.bedrock.schema import AutoChoice, Message, NamedChoice, NoChoice, Request
from local.bedrock.signatures import digest, sign
from local.bedrock.tokens import CHARACTERS_PER_TOKEN, tokens
from local.bedrock.tools import CustomTool

QUOTED = 300
PIECE = 24
_WORD = re.compile(r"\S+\s*|\s+")
_THOUGHT = "No model runs here, so there is nothing to think about; this block shows the shape."


@dataclass(frozen=True, slots=True)
class Part:
    """A content block of the reply: whole, as it opens in a stream, and the deltas between."""

    block: dict[str, Any]
    opening: dict[str, Any]
    deltas: tuple[dict[str, Any], ...]
    characters: int


@dataclass(frozen=True, slots=True)
class Reply:
    parts: tuple[Part, ...]
    stop_reason: str
    stop_sequence: str | None
    output_tokens: int

    @property
    def thinking_tokens(self) -> int:
        """How many of the output tokens are thinking."""
        thoughts = (part for part in self.parts if part.block["type"] == "thinking")
        return min(sum(tokens(part.characters) for part in thoughts), self.output_tokens)


def last_user_text(request: Request) -> str:
    """Return the text of the last user message, where directives are looked for."""
    texts = [text_of(turn.content) for turn in _last_user_turns(request)]
    return "\n".join(text for text in texts if text)


def _last_user_turns(request: Request) -> list[Message]:
    """Return the user's turns after the assistant's last: one message for Claude, which joins them.

    https://platform.claude.com/docs/en/api/messages
    """
    turns: list[Message] = []
    for turn in reversed(request.messages):
        if turn.role == "user":
            turns.insert(0, turn)
        elif turn.role == "assistant" and turns:
            break
    return turns


def compose(request: Request, model: Model, directives: Directives, salt: str) -> Reply:
    """Return the reply to a checked request; `salt` makes the ids of tool calls unique."""
    rules = rules_of(model)
    calls = _calls(request, directives)
    parts: list[Part] = []
    if directives.is_declined:
        return _declined(request, model, directives)
    # Adaptive thinking may be skipped, and is here before a forced call.
    if thinking.is_on(request, rules) and not (calls and forces_tool(request)):
        parts.append(_thinking(request, is_omitted=thinking.is_omitted(request, rules)))
    room = request.max_tokens - sum(tokens(part.characters) for part in parts)
    if calls:
        parts += [_tool_use(call, f"{salt}{index}") for index, call in enumerate(calls)]
        spent = sum(tokens(part.characters) for part in parts)
        if spent <= request.max_tokens:
            return Reply(tuple(parts), "tool_use", None, spent)
        # A call whose input is cut would be no JSON: it is left out.
        return Reply(tuple(parts[: -len(calls)]), "max_tokens", None, request.max_tokens)
    text, reason, sequence = _text(request, model, directives, max(room, 0))
    parts.append(text)
    spent = sum(tokens(part.characters) for part in parts)
    return Reply(tuple(parts), reason, sequence, min(spent, request.max_tokens))


def _declined(request: Request, model: Model, directives: Directives) -> Reply:
    """Return what is left of a reply that a classifier ended: nothing, or the events asked for.

    https://docs.aws.amazon.com/bedrock/latest/userguide/model-card-anthropic-claude-fable-5.html,
    "Content Restrictions"; https://docs.apiyi.com/en/faq/claude-content-safety-refusal (measured)
    """
    if directives.events is None:
        return Reply((), "refusal", None, 0)
    text, _, _ = _text(request, model, directives, request.max_tokens)
    return Reply((text,), "refusal", None, min(tokens(text.characters), request.max_tokens))


def _calls(request: Request, directives: Directives) -> list[ToolCall]:
    """Return the tools to call: those the prompt names and the request offers, or the one it
    forces."""
    choice = request.tool_choice
    offered = {tool.name: tool for tool in request.tools or ()}
    # With `none`, the tools are in the prompt but may not be called.
    if isinstance(choice, NoChoice):
        return []
    calls = [call for call in directives.tools if call.name in offered]
    if isinstance(choice, NamedChoice):
        calls = [call for call in calls if call.name == choice.name]
    if not calls and forces_tool(request):
        name = choice.name if isinstance(choice, NamedChoice) else next(iter(offered))
        calls = [ToolCall(name, _example_input(offered[name]))]
    # At most one call with `auto`, exactly one with `any` or `tool`.
    single = isinstance(choice, AutoChoice | NamedChoice) and choice.disable_parallel_tool_use
    return calls[:1] if single else calls


def _example_input(tool: object) -> dict[str, Any]:
    if not isinstance(tool, CustomTool):
        return {}
    return dict(example(tool.input_schema.model_dump(exclude_unset=True)))


def _tool_use(call: ToolCall, salt: str) -> Part:
    identity = {"type": "tool_use", "id": f"toolu_bdrk_{_id(salt)}", "name": call.name}
    text = json.dumps(call.input, ensure_ascii=False)
    # The input is streamed as pieces of JSON text, the first of them empty:
    # https://platform.claude.com/docs/en/build-with-claude/streaming, "Input JSON delta".
    deltas = ({"type": "input_json_delta", "partial_json": piece} for piece in ("", *_cut(text)))
    return Part(
        {**identity, "input": call.input}, {**identity, "input": {}}, tuple(deltas), len(text)
    )


def _id(salt: str) -> str:
    return sha256(salt.encode()).hexdigest()[:24]


def _thinking(request: Request, *, is_omitted: bool) -> Part:
    # Omitted thinking leaves the block with its signature alone, which later turns need.
    thought = "" if is_omitted else _THOUGHT[: request.max_tokens * CHARACTERS_PER_TOKEN // 2]
    conversation = digest(request.tools, request.system, request.messages, ())
    signature = sign(thought, conversation)
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _cut(thought)]
    # The signature comes right before the block's end.
    deltas.append({"type": "signature_delta", "signature": signature})
    return Part(
        {"type": "thinking", "thinking": thought, "signature": signature},
        {"type": "thinking", "thinking": "", "signature": ""},
        tuple(deltas),
        len(thought),
    )


def _text(
    request: Request, model: Model, directives: Directives, room: int
) -> tuple[Part, str, str | None]:
    pieces = _pieces(request, model, directives)
    text = "".join(pieces)
    end, reason, sequence = len(text), "end_turn", None
    # The text ends before the sequence, which is named beside it.
    for candidate in request.stop_sequences or ():
        index = text.find(candidate)
        if 0 <= index < end:
            end, reason, sequence = index, "stop_sequence", candidate
    if end > room * CHARACTERS_PER_TOKEN:
        end, reason, sequence = room * CHARACTERS_PER_TOKEN, "max_tokens", None
    return _text_part(request, text[:end], _until(pieces, end)), reason, sequence


def _text_part(request: Request, text: str, pieces: Iterable[str]) -> Part:
    """Return a block of text with what it cites; one that cites nothing has no such member."""
    block: dict[str, Any] = {"type": "text", "text": text}
    opening: dict[str, Any] = {"type": "text", "text": ""}
    deltas: list[dict[str, Any]] = [{"type": "text_delta", "text": piece} for piece in pieces]
    if text and (cited := citations(request)):
        block["citations"], opening["citations"] = cited, []
        deltas += [{"type": "citations_delta", "citation": citation} for citation in cited]
    return Part(block, opening, tuple(deltas), len(text))


def _pieces(request: Request, model: Model, directives: Directives) -> list[str]:
    if directives.events is not None:
        return [f"{number} " for number in range(1, directives.events + 1)]
    output = request.output_config
    if output is not None and output.format is not None:
        return list(_cut(json.dumps(example(output.format.schema_))))
    return _WORD.findall(_sentences(request, model, directives))


def _sentences(request: Request, model: Model, directives: Directives) -> str:
    opening = f"This is the local Bedrock, a stand-in for {model.display_name}: no model ran."
    results = _tool_results(request)
    if results:
        return f"{opening} The tool answered: {_quote(results)}"
    if not directives.text:
        return f"{opening} Your message had no text."
    return f"{opening} Your message was: {_quote(directives.text)}"


def _tool_results(request: Request) -> str:
    if request.messages[-1].role == "assistant":
        return ""
    blocks = [block for turn in _last_user_turns(request) for block in blocks_of(turn)]
    return " ".join(text_of(block.content) for block in blocks if isinstance(block, ToolResult))


def _quote(text: str) -> str:
    if len(text) <= QUOTED:
        return text
    return f"{text[:QUOTED]}… ({len(text)} characters in all)"


def _cut(text: str) -> Iterator[str]:
    for start in range(0, len(text), PIECE):
        yield text[start : start + PIECE]


def _until(pieces: Iterable[str], end: int) -> Iterator[str]:
    for piece in pieces:
        if end <= 0:
            return
        yield piece[:end]
        end -= len(piece)
