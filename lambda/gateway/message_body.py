"""The body of a Messages request: read from the caller, written for Bedrock's InvokeModel.

The request: https://platform.claude.com/docs/en/api/messages and, as Bedrock takes it,
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
"""

import json
from collections.abc import Mapping

from gateway import errors, json_object
from gateway.json_object import Member
from gateway.request import encoded

ANTHROPIC_VERSION = "bedrock-2023-05-31"
_IN_THE_URL = ("model", "stream")  # Bedrock has them in the path, and refuses them in the body
_KINDS = {str: "string", int: "integer", list: "array"}
Members = Mapping[str, Member]


def read(text: str, required: Mapping[str, type]) -> Members:
    """The members of a body that has `required`, by name and kind, in Anthropic's own wording.

    Raises InvalidRequest.
    """
    members = object_members(text)
    for name, kind in required.items():
        if name not in members:
            raise errors.InvalidRequest(f"{name}: Field required")
        value = members[name].value
        if not isinstance(value, kind) or isinstance(value, bool):
            raise errors.InvalidRequest(f"{name}: Input should be a valid {_KINDS[kind]}")
    return members


def object_members(text: str) -> Members:
    """The members of the JSON object that a body is. Raises InvalidRequest."""
    try:
        return json_object.members(text)
    except json_object.NotAnObject as error:
        raise errors.InvalidRequest(str(error)) from error


def for_bedrock(members: Members, beta_header: str, **texts: str) -> bytes:
    """The body for InvokeModel; `texts` are members to set, as JSON texts."""
    parts = {name: member.text for name, member in members.items() if name not in _IN_THE_URL}
    parts["anthropic_version"] = f'"{ANTHROPIC_VERSION}"'
    betas = _betas(members, beta_header)
    if betas:
        parts["anthropic_beta"] = json.dumps(betas)
    return encoded(json_object.join({**parts, **texts}))


def _betas(members: Members, header: str) -> list[str]:
    """Bedrock takes betas in the body only."""
    given = members["anthropic_beta"].value if "anthropic_beta" in members else []
    if not isinstance(given, list) or not all(isinstance(beta, str) for beta in given):
        raise errors.InvalidRequest("anthropic_beta: Input should be a valid array of strings")
    named = [beta.strip() for beta in header.split(",") if beta.strip()]
    return list(dict.fromkeys([*given, *named]))
