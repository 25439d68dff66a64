"""The edits of the system prompt and of the turns that a model needs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from claude_bedrock.catalog import message_fields
from gateway import cache_markers, errors, history, json_object
from gateway.adaptation import Adaptation, Changes, kind_of, quoted, without
from gateway.json_object import Edits, Member

_REFERENCE = "tool_reference"


def system(member: Member, adaptation: Adaptation) -> Edits:
    """Remove what a client writes for Anthropic's billing."""
    client = any(member.written.has(f'"{start}') for start in message_fields.CLIENT_BLOCKS)
    if not isinstance(member.value, list) or not (
        client or cache_markers.may_change(member, adaptation)
    ):
        return {}
    edits = cache_markers.of_blocks(member.value, adaptation)
    for position, block in enumerate(member.value):
        text = block.get("text") if isinstance(block, dict) else None
        if isinstance(text, str) and text.startswith(message_fields.CLIENT_BLOCKS):
            rest, own = without_client_line(text, adaptation), edits.get(position)
            own_edits = own if isinstance(own, dict) else {}
            edits[position] = {**own_edits, "text": json.dumps(rest)} if rest else None
    return edits


def without_client_line(text: str, adaptation: Adaptation) -> str:
    """Return a system prompt without the client's billing line that it begins with, and note the
    change."""
    adaptation.note(f"system:{text.partition(':')[0]}")
    rest = text.partition("\n")[2]
    return rest if rest.strip() else ""


def messages(member: Member, adaptation: Adaptation) -> Edits:
    """Turns of the system become the user's; cache markers lose what Bedrock does not know."""
    if not isinstance(member.value, list):
        return {}
    marked = cache_markers.may_change(member, adaptation)
    searches = message_fields.TOOL_SEARCH in adaptation.capabilities.betas
    edits: Changes = {}
    withdrawn: set[str] = set()
    for position, blocks in _changing_turns(member.value, marked=marked, searches=searches):
        message = member.value[position]
        edit: Changes | None = cache_markers.within(message, adaptation) if marked else {}
        moved = _moved(message["content"], blocks, adaptation) if blocks else {}
        if moved is None:
            edit = None
        elif moved:
            edit = {**json_object.merged(moved, edit or {})}
        if edit is not None and position and message.get("role") == "system":
            stays = adaptation.capabilities.system_turns and _may_stand(position, member.value)
            edit = _turn(message, edit, withdrawn, adaptation, stays=stays)
        if edit is None or edit:
            edits[position] = edit
    return edits


def _changing_turns(
    turns: Sequence[Any], *, marked: bool, searches: bool
) -> Iterator[tuple[int, list[int]]]:
    """Yield the positions of the turns that may change, each with those of the blocks that
    `_moved_block` may change.

    A conversation may have hundreds of turns, and most of them stay: one loop reads them all,
    without a call for each. `searches`: whether the model loads the tools that a search has found.
    """
    for position, turn in enumerate(turns):
        if not isinstance(turn, dict):
            continue
        content = turn.get("content")
        blocks: list[int] = []
        for at, block in enumerate(content) if isinstance(content, list) else ():
            kind = block.get("type") if isinstance(block, dict) else None
            if kind == "text":
                may_change = "citations" in block
            elif kind == "tool_use":
                may_change = "caller" in block or "toolset_name" in block
            elif kind == "tool_result":
                may_change = not searches and _refers(block.get("content"))
            else:
                may_change = isinstance(kind, str)
            if may_change:
                blocks.append(at)
        if blocks or marked or turn.get("role") == "system":
            yield position, blocks


def _refers(content: object) -> bool:
    """Return whether the content of a tool result names tools that a search has found."""
    if isinstance(content, list):
        for block in content:
            if isinstance(block, dict) and block.get("type") == _REFERENCE:
                return True
    return False


def check_prefill(member: Member, edits: object, adaptation: Adaptation) -> None:
    """Raise InvalidRequest for a last turn of the assistant's, where the model takes none.

    `edits` are those of the messages: a turn that they take out is not the last.
    """
    if adaptation.capabilities.prefill or adaptation.counted or not isinstance(member.value, list):
        return
    removed = edits if isinstance(edits, dict) else {}
    for at in reversed(range(len(member.value))):
        if at in removed and removed[at] is None:
            continue
        last = member.value[at]
        if isinstance(last, dict) and last.get("role") == "assistant":
            raise errors.InvalidRequest(
                f"messages.{at}: This model ({adaptation.model.name}) does not support assistant "
                f"message prefill. The conversation must end with a user message."
            )
        return


def _moved(
    content: Sequence[Any], positions: Iterable[int], adaptation: Adaptation
) -> Changes | None:
    """Return the edits of what Anthropic's server tools left in a turn; None if nothing of it is
    left."""
    edits: Changes = {}
    for position in positions:
        edit = _moved_block(content[position], adaptation)
        if edit != {}:
            edits[position] = edit
    if edits and len(edits) == len(content) and all(edit is None for edit in edits.values()):
        return None
    return {"content": edits} if edits else {}


def _moved_block(block: Mapping[str, Any], adaptation: Adaptation) -> str | Changes | None:
    """Return the block's new form: text, itself with edits, or None if it is removed."""
    kind = kind_of(block)
    if kind in message_fields.REMOVED_BLOCKS:
        adaptation.note(f"messages.content:{kind}")
        return None
    if kind in message_fields.AS_TEXT and not _is_taken(kind, block, adaptation):
        adaptation.note(f"messages.content:{kind}:to-text")
        return _text_block(block, adaptation)
    return (
        _without_references(block, adaptation) if kind == "tool_result" else _own(block, adaptation)
    )


def _without_references(block: Mapping[str, Any], adaptation: Adaptation) -> Changes:
    """Return the edits of a tool result that name, as text, the tools that a search found: where
    the model takes no search, all of them are loaded."""
    content = block.get("content")
    edits: Changes = {}
    for position, item in enumerate(content if isinstance(content, list) else ()):
        if kind_of(item) == _REFERENCE:
            adaptation.note(f"messages.content:{_REFERENCE}:to-text")
            text = {"type": "text", "text": f"[The tool {item.get('tool_name')}]"}
            edits[position] = json.dumps(text)
    return {"content": edits} if edits else {}


def _is_taken(kind: str, block: Mapping[str, Any], adaptation: Adaptation) -> bool:
    """Return whether the model takes such a block, beside its beta."""
    beta = message_fields.AS_TEXT[kind]
    if kind == "server_tool_use" and str(block.get("name")).startswith(message_fields.SEARCH_CALL):
        beta = message_fields.TOOL_SEARCH
    return bool(beta) and adaptation.ensure_beta(beta)


def _text_block(block: Mapping[str, Any], adaptation: Adaptation) -> str:
    """Return a block of text that says the same, with the same cache marker."""
    new: dict[str, Any] = {"type": "text", "text": history.as_text(block)}
    marker = block.get("cache_control")
    if isinstance(marker, dict):
        removed = cache_markers.of_marker(marker, adaptation)
        new["cache_control"] = {name: marker[name] for name in marker if name not in removed}
    return json.dumps(new)


def _own(block: Mapping[str, Any], adaptation: Adaptation) -> Changes:
    """Return the edits of a block that is the model's own, but names a server tool."""
    fields = message_fields.BLOCK_FIELDS if kind_of(block) == "tool_use" else {}
    names = [
        name
        for name, values in fields.items()
        if name in block and (not values or block[name] in values)
    ]
    edits = without(names, "messages.content", adaptation)
    citations = block.get("citations")
    if isinstance(citations, list) and (edit := _citation_edits(citations, adaptation)) != {}:
        edits["citations"] = edit
    return edits


def _citation_edits(citations: Sequence[Any], adaptation: Adaptation) -> Changes | None:
    """Return the edits of the citations in an earlier answer; None if nothing of them is left."""
    edits: Changes = {}
    for at, item in enumerate(citations):
        if kind_of(item) == message_fields.REMOVED_CITATIONS:
            adaptation.note(f"messages.content.citations:{message_fields.REMOVED_CITATIONS}")
            edits[at] = None
        elif isinstance(item, dict) and message_fields.CITED_FILE in item:
            names = (message_fields.CITED_FILE,)
            edits[at] = without(names, "messages.content.citations", adaptation)
    is_empty = len(edits) == len(citations) and all(edit is None for edit in edits.values())
    return None if edits and is_empty else edits


def _may_stand(position: int, messages: list[Any]) -> bool:
    """Return whether a system turn may stand there: after a user's, and before the assistant's or
    last."""
    before, after = messages[position - 1], messages[position + 1 : position + 2]
    return _role(before) == "user" and all(_role(item) == "assistant" for item in after)


def _role(message: object) -> object:
    return message.get("role") if isinstance(message, dict) else None


def _turn(
    message: Mapping[str, Any],
    within: Changes,
    withdrawn: set[str],
    adaptation: Adaptation,
    *,
    stays: bool,
) -> Changes | None:
    """Return the edits of a system turn, which becomes the user's unless it stays; None if nothing
    of it is left. `withdrawn` are the tools that earlier turns removed, and is kept up to date."""
    if not stays:
        adaptation.note("messages.role:system-to-user")
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    changed: dict[str | int, str | None] = {}
    for position, block in enumerate(blocks):
        if kind_of(block) in message_fields.TURN_BLOCKS:
            adaptation.note(f"messages.content:{kind_of(block)}")
            changed[position] = _tool_change(block, withdrawn)
    fields = without(message_fields.TURN_FIELDS.intersection(message), "messages", adaptation)
    gone = [position for position, text in changed.items() if text is None]
    if not content or (blocks and len(gone) == len(blocks)):
        return None
    edits: Changes = {**within, **fields}
    if not stays:
        edits["role"] = '"user"'
    if changed:
        inner = within.get("content")
        edits["content"] = {**(inner if isinstance(inner, dict) else {}), **changed}
    return edits


def _tool_change(block: Mapping[str, Any], withdrawn: set[str]) -> str | None:
    """Return the block of text that withdraws a tool, or offers it again; None for a tool that is
    offered anyway."""
    tool = block.get("tool")
    if not isinstance(tool, dict):
        return None
    definition = tool.get("definition")
    name = (definition if isinstance(definition, dict) else tool).get("name")
    if not isinstance(name, str):
        return None
    if kind_of(block) == message_fields.TOOL_REMOVAL:
        withdrawn.add(name)
        text = f"The tool {quoted(name)} is withdrawn. Do not call it from here on."
    elif name in withdrawn:
        withdrawn.remove(name)
        text = f"The tool {quoted(name)} is offered again."
    else:
        return None
    return json.dumps({"type": "text", "text": text})
