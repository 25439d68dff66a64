"""The edits of a body's tools that a model needs, and the tools that are refused."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from claude_bedrock.catalog import message_fields
from gateway import cache_markers, errors, json_object
from gateway.adaptation import Adaptation, Changes, kind_of, quoted, safe_token, without
from gateway.json_object import Edits, Member


def tools(member: Member, adaptation: Adaptation) -> Edits:
    """Return the edits that take out the fields the model does not take. Raises InvalidRequest for
    a tool that Anthropic would run."""
    if not isinstance(member.value, list):
        return {}
    marked = cache_markers.may_change(member, adaptation)
    edits: Changes = {}
    for position, tool in enumerate(member.value):
        if isinstance(tool, dict):
            _check_runs_here(position, tool, adaptation)
            _check_schema(position, tool)
            edit = (
                {}
                if message_fields.TOOL_FIELDS.isdisjoint(tool)
                else _without_fields(tool, adaptation)
            )
            if marked:
                edit.update(cache_markers.of_block(tool, adaptation))
            if edit:
                edits[position] = edit
    return edits


def with_inline_tools(tools: Member, messages: Member, adaptation: Adaptation) -> Member:
    """Return `tools` with those that turns of the system define, which Bedrock takes nowhere else.

    One of a listed name replaces that tool. A client sends such a turn again with every request, so
    that the list stays as it is then.
    """
    if not isinstance(tools.value, list | None):
        return tools
    listed = tools.value or []
    positions = {
        tool["name"]: at
        for at, tool in enumerate(listed)
        if isinstance(tool, dict) and isinstance(tool.get("name"), str)
    }
    replaced: Changes = {}
    added: dict[str, str] = {}
    for definition, removed in _tool_changes(messages.value):
        name, text = definition.get("name"), json.dumps(definition)
        if removed:
            added.pop(removed, None)
        elif not isinstance(name, str):
            added[text] = text
        elif name not in positions:
            added[name] = text
        elif definition != listed[positions[name]]:
            replaced[positions[name]] = text
    if not (added or replaced):
        return tools
    adaptation.note("tools:added")
    own = [json_object.edited(tools.text, replaced)[1:-1]] if listed else []
    return json_object.member(f"[{','.join([*own, *added.values()])}]")


def _tool_changes(turns: object) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield, in order, the definition of each tool that a turn of the system adds by value, or
    the name of the one that it removes."""
    for turn in turns if isinstance(turns, list) else ():
        is_system = isinstance(turn, dict) and turn.get("role") == "system"
        content = turn.get("content") if is_system else None
        for block in content if isinstance(content, list) else ():
            tool = block.get("tool") if isinstance(block, dict) else None
            if not isinstance(tool, dict):
                continue
            definition, name = tool.get("definition"), tool.get("name")
            if kind_of(tool) == message_fields.TOOL_DEFINITION and isinstance(definition, dict):
                yield definition, ""
            elif kind_of(block) == message_fields.TOOL_REMOVAL and isinstance(name, str):
                yield {}, name


def tool_choice(member: Member, adaptation: Adaptation) -> Edits:
    """Check the choice of a tool, and change nothing. Raises InvalidRequest for a choice that the
    model does not take."""
    kind = member.value.get("type") if isinstance(member.value, dict) else None
    if kind in message_fields.FORCED_CHOICES and not (
        adaptation.capabilities.forced_tool or adaptation.counted
    ):
        raise errors.InvalidRequest(
            f"tool_choice.type: {adaptation.model.name} decides by itself whether to use a tool, "
            f"and Amazon Bedrock does not take '{kind}' for it. Send 'auto', and name the tool in "
            f"the prompt."
        )
    return {}


def _check_runs_here(position: int, tool: Mapping[str, Any], adaptation: Adaptation) -> None:
    """Add the beta that a tool needs. Raises InvalidRequest for a tool Anthropic would run."""
    kind = tool.get("type")
    if isinstance(kind, str) and kind.startswith(message_fields.MEMORY_TOOL):
        adaptation.ensure_beta(message_fields.CONTEXT_MANAGEMENT)
        return
    if not isinstance(kind, str) or not kind.startswith(
        (*message_fields.SERVER_TOOLS, message_fields.SEARCH_TOOL)
    ):
        return
    if kind.startswith(message_fields.SEARCH_TOOL) and adaptation.ensure_beta(
        message_fields.TOOL_SEARCH
    ):
        return
    raise errors.InvalidRequest(
        f"tools.{position}.type: Amazon Bedrock does not have the server tool "
        f"'{safe_token(kind)}' for {adaptation.model.name}."
    )


def _check_schema(position: int, tool: Mapping[str, Any]) -> None:
    """Raise InvalidRequest, with the tool's name, for a schema that costs the whole request."""
    schema = tool.get("input_schema")
    if not isinstance(schema, dict):
        return
    for keyword in message_fields.SCHEMA_KEYWORDS:
        if keyword in schema:
            raise errors.InvalidRequest(
                f"{_schema_path(position, tool)}: Amazon Bedrock does not support {keyword} at "
                f"the top level. Move it into a property, or send the request without this tool."
            )
    properties = schema.get("properties")
    for name in properties if isinstance(properties, dict) else ():
        if not _property_name().fullmatch(name):
            raise errors.InvalidRequest(
                f"{_schema_path(position, tool)}: Amazon Bedrock does not take the property "
                f"{quoted(name)}. Its name may have up to 64 letters, digits, '_', '.' "
                f"and '-'. Rename it, or send the request without this tool."
            )


@cache
def _property_name() -> re.Pattern[str]:
    """Return the pattern, compiled when the first tool comes: no start waits for it."""
    return re.compile(message_fields.PROPERTY_NAME)


def _schema_path(position: int, tool: Mapping[str, Any]) -> str:
    return f"tools.{position}.input_schema (of {quoted(str(tool.get('name')))})"


def _without_fields(tool: Mapping[str, Any], adaptation: Adaptation) -> Changes:
    """Return the edits that take out the fields which the model does not take."""
    fields = sorted(message_fields.TOOL_FIELDS & tool.keys())
    return without([name for name in fields if _goes(name, tool, adaptation)], "tools", adaptation)


def _goes(name: str, tool: Mapping[str, Any], adaptation: Adaptation) -> bool:
    beta = message_fields.TOOL_BETAS.get(name)
    if name in adaptation.capabilities.tool_fields:
        return False
    if beta is None or not (tool[name] or beta in adaptation.betas):
        return True
    ensure_beta = adaptation.ensure_beta(beta)
    return name in message_fields.INTO_BETA or not ensure_beta
