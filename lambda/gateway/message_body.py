"""The body of a Messages request: read from the caller, written for Bedrock's InvokeModel.

The request: https://platform.claude.com/docs/en/api/messages and, as Bedrock takes it,
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from claude_bedrock.catalog import Model
from gateway import errors, json_object
from gateway.adapt import adapt
from gateway.adaptation_case import quoted
from gateway.audit import Record
from gateway.json_object import Member, Parts
from gateway.request import Request, size
from gateway.settings import Settings

_PROFILE_HEADER: Final = "anthropic-user-profile-id"
_TOOL_PLACE: Final = r"\btools\.(\d{1,6})\b"
_KINDS = {str: "string", int: "integer", list: "array"}
Members = Mapping[str, Member]


def taken(request: Request, record: Record, settings: Settings) -> str:
    """The body's text, which the request has no longer; its size goes into the record.

    Raises RequestTooLarge, InvalidRequest.
    """
    text = request.take_text(limit=settings.max_body_bytes)
    record.request_bytes = size(text)
    return text


def read(text: str, required: Mapping[str, type]) -> Members:
    """The members of a body that has `required`, by name and kind, in Anthropic's own wording.

    Raises InvalidRequest.
    """
    members = object_members(text)
    for name, kind in required.items():
        if name not in members:
            raise errors.InvalidRequest(f"{name}: Field required")
        value = members[name].value
        is_whole = kind is int and isinstance(value, float) and value.is_integer()
        if not is_whole and (not isinstance(value, kind) or isinstance(value, bool)):
            raise errors.InvalidRequest(f"{name}: Input should be a valid {_KINDS[kind]}")
    return members


def object_members(text: str) -> Members:
    """The members of the JSON object that a body is. Raises InvalidRequest."""
    try:
        return json_object.members(text)
    except json_object.NotAnObject as error:
        raise errors.InvalidRequest(str(error)) from error


def for_bedrock(
    members: Members,
    model: Model,
    request: Request,
    record: Record,
    settings: Settings,
    *,
    counted: bool = False,
) -> Parts:
    """The members for InvokeModel, to be joined; what was changed for it is noted in the record.

    `counted`: only their tokens are counted. Raises InvalidRequest for what cannot be changed, or
    may not on this stage.
    """
    header = request.headers.get("anthropic-beta", "")
    betas = [beta.strip() for beta in header.split(",") if beta.strip()]
    profile = request.headers.get(_PROFILE_HEADER, "").strip()
    if profile and not counted:
        members = _with_profile(members, profile)
    strict = settings.unsupported_fields == "reject"
    adapted = adapt(members, betas, model=model, strict=strict, counted=counted)
    record.changes = adapted.changes
    return adapted.parts


def _with_profile(members: Members, profile: str) -> Members:
    """The members with the user profile of the header, as Anthropic's own Bedrock client has them.

    `anthropic.lib.bedrock._client`, `USER_PROFILE_ID_HEADER`.
    """
    own = members["user_profile_id"].value if "user_profile_id" in members else None
    if own not in (None, profile):
        raise errors.InvalidRequest(
            f"{_PROFILE_HEADER}: the body has another user_profile_id. Send one of them."
        )
    return {**members, "user_profile_id": Member.of(profile, json.dumps(profile))}


def tool_names(body: bytes) -> list[str]:
    """The names of the tools in a body for Bedrock, by position; empty for one that has none."""
    tools = json_object.parsed(body).get("tools")
    if not isinstance(tools, list):
        return []
    names = (each.get("name") if isinstance(each, dict) else None for each in tools)
    return [name if isinstance(name, str) else "" for name in names]


def with_tool_name(message: str, names: Sequence[str]) -> str:
    """Return Bedrock's sentence with the name of the tool that it means.

    Bedrock tells a position (`tools.6.custom.input_schema: …`) or none (`tools: Tool names must be
    unique.`); whose tools came from several servers knows them by name.
    """
    place = re.search(_TOOL_PLACE, message)
    if place and int(place[1]) < len(names) and (name := quoted(names[int(place[1])])) != '""':
        return message if name in message else f"{message} (tools.{place[1]} is {name}.)"
    if message.startswith("tools:") and "unique" in message:
        before: set[str] = set()
        for name in names:
            if name in before:
                return f"{message} (More than one is {quoted(name)}.)"
            before.add(name)
    return message
