"""The body of a Messages request: its members, and the names of its tools.

https://platform.claude.com/docs/en/api/messages
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from gateway import errors, json_object
from gateway.adaptation import quoted
from gateway.json_object import Member

_TOOL_POSITION: Final = r"\btools\.(\d{1,6})\b"
_NOT_BASE64: Final = r"\.source\b.*'base64'"
_KINDS = {str: "string", int: "integer", list: "array"}
Members = Mapping[str, Member]


def read(text: str, required: Mapping[str, type]) -> Members:
    """Return the members of a body that has `required`, by name and kind, in Anthropic's own
    wording.

    Raises InvalidRequest.
    """
    members = object_members(text)
    for name, kind in required.items():
        if name not in members:
            raise errors.InvalidRequest(f"{name}: Field required")
        value = members[name].value
        is_integer = kind is int and isinstance(value, float) and value.is_integer()
        if not is_integer and (not isinstance(value, kind) or isinstance(value, bool)):
            raise errors.InvalidRequest(f"{name}: Input should be a valid {_KINDS[kind]}")
    return members


def object_members(text: str) -> Members:
    """Return the members of the JSON object that a body is. Raises InvalidRequest."""
    try:
        return json_object.members(text)
    except json_object.NotAnObject as error:
        raise errors.InvalidRequest(str(error)) from error


def tool_names(body: bytes) -> list[str]:
    """Return the names of the tools in a body for Bedrock, by position; empty for one that has
    none."""
    tools = json_object.parsed(body).get("tools")
    if not isinstance(tools, list):
        return []
    names = (tool.get("name") if isinstance(tool, dict) else None for tool in tools)
    return [name if isinstance(name, str) else "" for name in names]


def with_hint(message: str, names: Sequence[str]) -> str:
    """Return Bedrock's sentence with the name of the tool that it means, or with what to send in
    place of a URL or a file's id. `names` are those of the request's tools."""
    if re.search(_NOT_BASE64, message):
        return f"{message} (Bedrock fetches no URL and no file: send the content as base64.)"
    return _with_tool_name(message, names)


def _with_tool_name(message: str, names: Sequence[str]) -> str:
    """Return Bedrock's sentence with the name of the tool that it means.

    Bedrock tells a position (`tools.6.custom.input_schema: …`) or none (`tools: Tool names must be
    unique.`); whose tools came from several servers knows them by name.
    """
    position = re.search(_TOOL_POSITION, message)
    if (
        position
        and int(position[1]) < len(names)
        and (name := quoted(names[int(position[1])])) != '""'
    ):
        return message if name in message else f"{message} (tools.{position[1]} is {name}.)"
    if message.startswith("tools:") and "unique" in message:
        before: set[str] = set()
        for name in names:
            if name in before:
                return f"{message} (More than one is {quoted(name)}.)"
            before.add(name)
    return message
