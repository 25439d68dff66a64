"""The edits of a body's settings that a model needs."""

import hashlib
import json
import string
from collections.abc import Container, Iterable, Mapping
from typing import Any

from claude_bedrock.catalog import message_fields
from gateway import errors
from gateway.adaptation import Adaptation, Changes, without
from gateway.json_object import Edits, Member

_BINDING = "block_binding"
_LABEL = frozenset(string.ascii_letters + string.digits + " \t\n\r\f\v:_@$#=/+,-.")
_LONGEST_LABEL = 256
_MAX_INTEGER = 2.0**53  # up to which every whole number is a float


def metadata(member: Member, adaptation: Adaptation) -> Edits:
    """Replace a user id that Bedrock's pattern for labels does not fit by its hash.

    https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-request-metadata.html
    """
    user = member.value.get("user_id") if isinstance(member.value, dict) else None
    if not isinstance(user, str) or (len(user) <= _LONGEST_LABEL and _LABEL.issuperset(user)):
        return {}
    adaptation.note("metadata.user_id:hashed")
    digest = hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()
    return {"user_id": f'"sha256:{digest}"'}


def output_config(member: Member, adaptation: Adaptation) -> Edits:
    """Return the edits that take out members which the model does not take, and add the beta that
    an effort needs."""
    if not isinstance(member.value, dict):
        return {}
    removed = message_fields.OUTPUT_FIELDS.intersection(member.value)
    if "format" in member.value and not adaptation.capabilities.output_format:
        _check_format(member.value["format"], adaptation)
        removed |= {"format"}
    if "effort" in member.value and adaptation.capabilities.effort == "none":
        removed |= {"effort"}
    elif (
        member.value.get("effort") is not None
        and adaptation.capabilities.effort == "beside its beta"
    ):
        adaptation.ensure_beta(message_fields.EFFORT)
    return without(removed, "output_config", adaptation)


def _check_format(requested: object, adaptation: Adaptation) -> None:
    """Raise InvalidRequest for a format that a model without one is asked for."""
    if requested is not None and not adaptation.counted:
        old_name = message_fields.OLD_OUTPUT_FORMAT
        renamed = f"{old_name}:renamed" in adaptation.changes
        raise errors.InvalidRequest(
            f"{old_name if renamed else 'output_config.format'}: Amazon Bedrock does not take an "
            f"output format for {adaptation.model.name}. Ask for it in the prompt or by a tool's "
            f"input_schema, or use a model that takes it."
        )


def thinking(member: Member, adaptation: Adaptation) -> Edits:
    """Remove what only Anthropic's API does with thinking; the mode stays for Bedrock to
    judge."""
    if not isinstance(member.value, dict):
        return {}
    removed = {
        name
        for name, values in message_fields.THINKING_FIELDS.items()
        if member.value.get(name) in values
    }
    binding = member.value.get(_BINDING)
    if _BINDING in member.value and not (
        binding and adaptation.ensure_beta(message_fields.THINKING_BINDING)
    ):
        removed.add(_BINDING)
    elif isinstance(binding, dict) and (edit := _renamed_binding(binding, adaptation)):
        return {**without(removed, "thinking", adaptation), _BINDING: edit}
    return without(removed, "thinking", adaptation)


def _renamed_binding(binding: Mapping[str, Any], adaptation: Adaptation) -> Changes:
    """Return the edits that give Anthropic's member the name that Bedrock has for it."""
    anthropic_name, bedrock_name = message_fields.BINDING_NAMES
    if anthropic_name not in binding:
        return {}
    if binding.get(bedrock_name, binding[anthropic_name]) != binding[anthropic_name]:
        raise errors.InvalidRequest(
            f"thinking.{_BINDING}: {anthropic_name} is Anthropic's and {bedrock_name} Amazon "
            f"Bedrock's name of one field, and the request has both, with different values. Send "
            f"one of them."
        )
    adaptation.note(f"thinking.{_BINDING}.{anthropic_name}:renamed")
    return {anthropic_name: None, bedrock_name: json.dumps(binding[anthropic_name])}


def integers(value: object, names: Container[str | int]) -> Changes:
    """Return the edits that write what `names` hold, at any depth, in digits alone if it is
    whole."""
    pairs: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    edits: Changes = {}
    for key, inner in pairs:
        if key in names and is_written_otherwise(inner):
            edits[key] = str(int(inner))
        elif edit := integers(inner, names):
            edits[key] = edit
    return edits


def is_written_otherwise(value: object) -> bool:
    """Return whether it is a whole number that is written with a point or an exponent."""
    return isinstance(value, float) and value.is_integer() and abs(value) < _MAX_INTEGER
