"""Which parts of a body's settings, tools and prompt have to change for a model, as edits of text.

Nothing here touches a text: values are looked at, `json_object.edited` does the rest. Each function
takes a member, whatever JSON it is, and says what of it goes; what it cannot read it leaves to
Bedrock. What it says is kept in the case's `changes`.
"""

import hashlib
import json
import re
import string
from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

from catalog import Model, body
from catalog.abilities import Abilities
from gateway import errors, history, json_object
from gateway.json_object import Around, Edits, Member

Changes = dict[str | int, "str | Around | Edits | None"]

_BINDING = "block_binding"
_LABEL = frozenset(string.ascii_letters + string.digits + " \t\n\r\f\v:_@$#=/+,-.")
_LONGEST_LABEL = 256
_LONGEST_NAME = 128  # of a tool
_LARGEST_WHOLE = 2.0**53  # up to which every whole number is a float
_MOST_CHANGES = 64  # a client may send betas and fields without end
_REFERENCE = "tool_reference"
_PROPERTY_NAME = re.compile(body.PROPERTY_NAME)
_NAME = frozenset(string.ascii_letters + string.digits + "_-.")


class Case(NamedTuple):
    """What is asked of which model: the betas to be sent and the changes made so far, in order;
    whether tokens are only counted."""

    model: Model
    takes: Abilities
    betas: list[str]
    changes: dict[str, None]
    counted: bool = False

    def note(self, change: str) -> None:
        """Keep `change`; of those past the most a header should carry, only that there are more."""
        self.changes[change if len(self.changes) < _MOST_CHANGES else "more"] = None

    def is_new(self, change: str) -> bool:
        """Whether `change` would be kept by its name and is not yet."""
        return change not in self.changes and len(self.changes) < _MOST_CHANGES

    def beside(self, beta: str) -> bool:
        """Whether `beta` is sent or, since the model takes it, now is."""
        if beta in self.betas:
            return True
        if beta not in self.takes.betas:
            return False
        self.betas.append(beta)
        self.note(f"beta:{beta}:added")
        return True


def named(text: str) -> str:
    """`text` if it may stand in a header and names something, else a word for it."""
    return text if 0 < len(text) <= 64 and _NAME.issuperset(text) else "other"


def quoted(name: str) -> str:
    """A name that a caller gave, for an error: in quotation marks, other characters escaped."""
    return json.dumps(name[:_LONGEST_NAME])


def metadata(member: Member, case: Case) -> Edits:
    """A user id that Bedrock's pattern for labels does not fit becomes its hash.

    https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-request-metadata.html
    """
    user = member.value.get("user_id") if isinstance(member.value, dict) else None
    if not isinstance(user, str) or (len(user) <= _LONGEST_LABEL and _LABEL.issuperset(user)):
        return {}
    case.note("metadata.user_id:hashed")
    digest = hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()
    return {"user_id": f'"sha256:{digest}"'}


def output_config(member: Member, case: Case) -> Edits:
    """Effort goes where the model has none, and gets its beta where it needs one."""
    if not isinstance(member.value, dict):
        return {}
    gone = body.OUTPUT_FIELDS.intersection(member.value)
    if "format" in member.value and not case.takes.output_format:
        _check_format(member.value["format"], case)
        gone |= {"format"}
    if "effort" in member.value and case.takes.effort == "none":
        gone |= {"effort"}
    elif member.value.get("effort") is not None and case.takes.effort == "beside its beta":
        case.beside(body.EFFORT)
    return _without(gone, "output_config", case)


def _check_format(asked: object, case: Case) -> None:
    """Raise InvalidRequest for a format that a model without one is asked for."""
    if asked is not None and not case.counted:
        old = f"{body.OLD_OUTPUT_FORMAT}:renamed" in case.changes
        raise errors.InvalidRequest(
            f"{body.OLD_OUTPUT_FORMAT if old else 'output_config.format'}: Amazon Bedrock does not "
            f"take an output format for {case.model.name}. Ask for it in the prompt or by a tool's "
            f"input_schema, or use a model that takes it."
        )


def tool_choice(member: Member, case: Case) -> Edits:
    """Nothing changes. Raises InvalidRequest for a choice that the model does not take."""
    kind = member.value.get("type") if isinstance(member.value, dict) else None
    if kind in body.FORCED_CHOICES and not (case.takes.forced_tool or case.counted):
        raise errors.InvalidRequest(
            f"tool_choice.type: {case.model.name} decides by itself whether to use a tool, and "
            f"Amazon Bedrock does not take '{kind}' for it. Send 'auto', and name the tool in the "
            f"prompt."
        )
    return {}


def check_prefill(member: Member, edits: object, case: Case) -> None:
    """Raise InvalidRequest for a last turn of the assistant's, where the model takes none.

    `edits` are those of the messages: a turn that they take out is not the last.
    """
    if case.takes.prefill or case.counted or not isinstance(member.value, list):
        return
    gone = edits if isinstance(edits, dict) else {}
    for at in reversed(range(len(member.value))):
        if at in gone and gone[at] is None:
            continue
        last = member.value[at]
        if isinstance(last, dict) and last.get("role") == "assistant":
            raise errors.InvalidRequest(
                f"messages.{at}: This model ({case.model.name}) does not support assistant message "
                f"prefill. The conversation must end with a user message."
            )
        return


def thinking(member: Member, case: Case) -> Edits:
    """What only Anthropic's API does with thinking goes; the mode stays for Bedrock to judge."""
    if not isinstance(member.value, dict):
        return {}
    gone = {
        name for name, values in body.THINKING_FIELDS.items() if member.value.get(name) in values
    }
    binding = member.value.get(_BINDING)
    if _BINDING in member.value and not (binding and case.beside(body.THINKING_BINDING)):
        gone.add(_BINDING)
    elif isinstance(binding, dict) and (edit := _renamed_binding(binding, case)):
        return {**_without(gone, "thinking", case), _BINDING: edit}
    return _without(gone, "thinking", case)


def _renamed_binding(binding: Mapping[str, Any], case: Case) -> Changes:
    """The edits that give Anthropic's member the name that Bedrock has for it."""
    theirs, ours = body.BINDING_NAMES
    if theirs not in binding:
        return {}
    if binding.get(ours, binding[theirs]) != binding[theirs]:
        raise errors.InvalidRequest(
            f"thinking.{_BINDING}: {theirs} is Anthropic's and {ours} Amazon Bedrock's name of one "
            f"field, and the request has both, with different values. Send one of them."
        )
    case.note(f"thinking.{_BINDING}.{theirs}:renamed")
    return {theirs: None, ours: json.dumps(binding[theirs])}


def whole_numbers(value: object, names: Container[str | int]) -> Changes:
    """The edits that write what `names` hold, at any depth, in digits alone if it is whole."""
    pairs: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    edits: Changes = {}
    for key, inner in pairs:
        if key in names and is_written_otherwise(inner):
            edits[key] = str(int(inner))
        elif edit := whole_numbers(inner, names):
            edits[key] = edit
    return edits


def is_written_otherwise(value: object) -> bool:
    """Whether it is a whole number that is written with a point or an exponent."""
    return isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WHOLE


def tools(member: Member, case: Case) -> Edits:
    """Fields the model does not take go. Raises InvalidRequest for a tool Anthropic would run."""
    if not isinstance(member.value, list):
        return {}
    marked = _marked(member, case)
    edits: Changes = {}
    for position, tool in enumerate(member.value):
        if isinstance(tool, dict):
            _check_runs_here(position, tool, case)
            _check_schema(position, tool)
            found = sorted(body.TOOL_FIELDS & tool.keys())
            gone = [name for name in found if _goes(name, tool, case)]
            edit = {**_without(gone, "tools", case), **(_cache(tool, case) if marked else {})}
            if edit:
                edits[position] = edit
    return edits


def _check_runs_here(position: int, tool: Mapping[str, Any], case: Case) -> None:
    kind = tool.get("type")
    if not isinstance(kind, str) or not kind.startswith((*body.SERVER_TOOLS, body.SEARCH_TOOL)):
        return
    if kind.startswith(body.SEARCH_TOOL) and case.beside(body.TOOL_SEARCH):
        return
    raise errors.InvalidRequest(
        f"tools.{position}.type: Amazon Bedrock does not have the server tool "
        f"'{named(kind)}' for {case.model.name}."
    )


def _check_schema(position: int, tool: Mapping[str, Any]) -> None:
    """Raise InvalidRequest, with the tool's name, for a schema that costs the whole request."""
    schema = tool.get("input_schema")
    if not isinstance(schema, dict):
        return
    for keyword in body.SCHEMA_KEYWORDS:
        if keyword in schema:
            raise errors.InvalidRequest(
                f"{_schema_place(position, tool)}: Amazon Bedrock does not support {keyword} at "
                f"the top level. Move it into a property, or send the request without this tool."
            )
    properties = schema.get("properties")
    for name in properties if isinstance(properties, dict) else ():
        if not _PROPERTY_NAME.fullmatch(name):
            raise errors.InvalidRequest(
                f"{_schema_place(position, tool)}: Amazon Bedrock does not take the property "
                f"{quoted(name)}. Its name may have up to 64 letters, digits, '_', '.' "
                f"and '-'. Rename it, or send the request without this tool."
            )


def _schema_place(position: int, tool: Mapping[str, Any]) -> str:
    return f"tools.{position}.input_schema (of {quoted(str(tool.get('name')))})"


def _goes(name: str, tool: Mapping[str, Any], case: Case) -> bool:
    beta = body.TOOL_BETAS.get(name)
    if name in case.takes.tool_fields:
        return False
    if beta is None or not (tool[name] or beta in case.betas):
        return True
    beside = case.beside(beta)
    return name in body.INTO_BETA or not beside


def system(member: Member, case: Case) -> Edits:
    """Blocks that a client writes for Anthropic's billing go."""
    client = any(member.written.has(f'"{start}') for start in body.CLIENT_BLOCKS)
    if not isinstance(member.value, list) or not (client or _marked(member, case)):
        return {}
    edits = _blocks(member.value, case)
    for position, block in enumerate(member.value):
        text = block.get("text") if isinstance(block, dict) else None
        if isinstance(text, str) and text.startswith(body.CLIENT_BLOCKS):
            case.note(f"system:{text.partition(':')[0]}")
            edits[position] = None
    return edits


def messages(member: Member, case: Case) -> Edits:
    """Turns of the system become the user's; cache markers lose what Bedrock does not know."""
    if not isinstance(member.value, list):
        return {}
    marked, turned = _marked(member, case), member.written.has('"system"')
    referring = body.TOOL_SEARCH not in case.takes.betas and member.written.has(f'"{_REFERENCE}"')
    edits: Changes = {}
    for position, message in enumerate(member.value):
        if not isinstance(message, dict):
            continue
        edit: Changes | None = _within(message, case) if marked else {}
        moved = _moved(message, case, referring=referring)
        if moved is None:
            edit = None
        elif moved:
            edit = {**json_object.merged(moved, edit or {})}
        if edit is not None and turned and position and message.get("role") == "system":
            kept = case.takes.system_turns and _may_stand(position, member.value)
            edit = _turn(message, edit, case, kept=kept)
        if edit is None or edit:
            edits[position] = edit
    return edits


def _moved(message: Mapping[str, Any], case: Case, *, referring: bool) -> Changes | None:
    """The edits of what Anthropic's server tools left in a turn; None if nothing of it is left.

    `referring`: whether a tool result may hold references to tools that the model cannot load.
    """
    content = message.get("content")
    if not isinstance(content, list):
        return {}
    edits: Changes = {}
    for position, block in enumerate(content):
        if isinstance(block, dict) and _may_move(block, referring=referring):
            edit = _moved_block(block, case)
            if edit != {}:
                edits[position] = edit
    if edits and len(edits) == len(content) and all(edit is None for edit in edits.values()):
        return None
    return {"content": edits} if edits else {}


def _may_move(block: Mapping[str, Any], *, referring: bool) -> bool:
    """Whether a block can be one that `_moved_block` changes: spares it most calls."""
    kind = block.get("type")
    if kind == "text":
        return "citations" in block
    if kind == "tool_use":
        return "caller" in block or "toolset_name" in block
    return referring if kind == "tool_result" else isinstance(kind, str)


def _moved_block(block: Mapping[str, Any], case: Case) -> str | Changes | None:
    """What a block becomes: text, itself with edits, or None if it goes."""
    kind = _kind(block)
    if kind in body.BLOCKS_GONE:
        case.note(f"messages.content:{kind}")
        return None
    if kind in body.AS_TEXT and not _is_taken(kind, block, case):
        case.note(f"messages.content:{kind}:to-text")
        return _text_block(block, case)
    return _without_references(block, case) if kind == "tool_result" else _own(block, case)


def _without_references(block: Mapping[str, Any], case: Case) -> Changes:
    """The edits of a tool result that name, as text, the tools that a search found: where the model
    takes no search, all of them are loaded."""
    content = block.get("content")
    edits: Changes = {}
    for position, each in enumerate(content if isinstance(content, list) else ()):
        if _kind(each) == _REFERENCE:
            case.note(f"messages.content:{_REFERENCE}:to-text")
            text = {"type": "text", "text": f"[The tool {each.get('tool_name')}]"}
            edits[position] = json.dumps(text)
    return {"content": edits} if edits else {}


def _is_taken(kind: str, block: Mapping[str, Any], case: Case) -> bool:
    """Whether the model takes such a block, beside its beta."""
    beta = body.AS_TEXT[kind]
    if kind == "server_tool_use" and str(block.get("name")).startswith(body.SEARCH_CALL):
        beta = body.TOOL_SEARCH
    return bool(beta) and case.beside(beta)


def _text_block(block: Mapping[str, Any], case: Case) -> str:
    """A block of text that says the same, with the same cache marker."""
    new: dict[str, Any] = {"type": "text", "text": history.as_text(block)}
    marker = block.get("cache_control")
    if isinstance(marker, dict):
        gone = _marker(marker, case)
        new["cache_control"] = {name: marker[name] for name in marker if name not in gone}
    return json.dumps(new)


def _own(block: Mapping[str, Any], case: Case) -> Changes:
    """The edits of a block that is the model's own, but names a server tool."""
    fields = body.BLOCK_FIELDS if _kind(block) == "tool_use" else {}
    found = [
        name
        for name, values in fields.items()
        if name in block and (not values or block[name] in values)
    ]
    edits = _without(found, "messages.content", case)
    citations = block.get("citations")
    if isinstance(citations, list):
        gone = [at for at, each in enumerate(citations) if _kind(each) == body.CITATIONS_GONE]
        if gone:
            case.note(f"messages.content.citations:{body.CITATIONS_GONE}")
            edits["citations"] = None if len(gone) == len(citations) else dict.fromkeys(gone)
    return edits


def _may_stand(position: int, messages: list[Any]) -> bool:
    """Whether a system turn may stand there: after a user's, and before the assistant's or last."""
    before, after = messages[position - 1], messages[position + 1 : position + 2]
    return _role(before) == "user" and all(_role(each) == "assistant" for each in after)


def _role(message: object) -> object:
    return message.get("role") if isinstance(message, dict) else None


def _turn(message: Mapping[str, Any], within: Changes, case: Case, *, kept: bool) -> Changes | None:
    """The edits of a system turn, which becomes the user's unless it is kept; None if nothing of it
    is left."""
    if not kept:
        case.note("messages.role:system-to-user")
    content = message.get("content")
    blocks = content if isinstance(content, list) else []
    gone = [place for place, block in enumerate(blocks) if _kind(block) in body.TURN_BLOCKS]
    for place in gone:
        case.note(f"messages.content:{_kind(blocks[place])}")
    fields = _without(body.TURN_FIELDS.intersection(message), "messages", case)
    if not content or (blocks and len(gone) == len(blocks)):
        return None
    edits: Changes = {**within, **fields}
    if not kept:
        edits["role"] = '"user"'
    if gone:
        inner = within.get("content")
        edits["content"] = {**(inner if isinstance(inner, dict) else {}), **dict.fromkeys(gone)}
    return edits


def _kind(block: object) -> str:
    kind = block.get("type") if isinstance(block, dict) else None
    return kind if isinstance(kind, str) else ""


def _marked(member: Member, case: Case) -> bool:
    """Whether a cache marker in the text may hold what Bedrock refuses: spares most walks."""
    written = member.written
    return written.has('"scope"') or (not case.takes.hour_cache and written.has('"ttl"'))


def _blocks(blocks: Iterable[object], case: Case) -> Changes:
    """The edits of the cache markers in content blocks, at every depth that may have them."""
    edits: Changes = {}
    for position, block in enumerate(blocks):
        if isinstance(block, dict):
            edit = {**_within(block, case), **_cache(block, case)}
            if edit:
                edits[position] = edit
    return edits


def _within(holder: Mapping[str, Any], case: Case) -> Changes:
    """Of the blocks in a message's, a tool result's or a document's content."""
    edits: Changes = {}
    content, source = holder.get("content"), holder.get("source")
    if isinstance(content, list) and (edit := _blocks(content, case)):
        edits["content"] = edit
    if isinstance(source, dict) and (edit := _within(source, case)):
        edits["source"] = edit
    return edits


def _cache(block: Mapping[str, Any], case: Case) -> Changes:
    marker = block.get("cache_control")
    if not isinstance(marker, dict):
        return {}
    edit = _marker(marker, case)
    return {"cache_control": edit} if edit else {}


def _marker(marker: Mapping[str, Any], case: Case) -> Changes:
    refused = {"scope"} if case.takes.hour_cache else {"scope", "ttl"}
    return _without(refused.intersection(marker), "cache_control", case)


def cache_marker(member: Member, case: Case) -> Edits:
    """What Bedrock does not know of a marker goes, or the model of its `ttl`."""
    return _marker(member.value, case)


def _without(gone: Iterable[str], place: str, case: Case) -> Changes:
    names = sorted(gone)
    for name in names:
        case.note(f"field:{place}.{name}")
    return dict.fromkeys(names)
