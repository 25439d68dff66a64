"""A Messages body made to fit what Bedrock takes for a model, with a receipt for every change.

What a model takes is data, in `claude_bedrock.catalog.capabilities` and
`claude_bedrock.catalog.message_fields`; a change is named in a token that may stand in a header:
`beta:…` and `field:…` for what was taken out, `beta:…:added`, `output_format:renamed`,
`metadata.user_id:hashed`, `messages.role:system-to-user`, `system:x-anthropic-billing-header`.
"""

from collections.abc import Callable, Mapping, Sequence
from json import dumps
from types import MappingProxyType, ModuleType
from typing import Final, NamedTuple, TypeAlias

from claude_bedrock.catalog import Model, capabilities, message_fields
from claude_bedrock.catalog.samplers import Samplers, in_words
from claude_bedrock.catalog.samplers import takes as is_taken
from gateway import cache_markers, errors, json_object, setting_edits, tool_edits, turn_edits
from gateway.adaptation import Adaptation, safe_token
from gateway.json_object import Around, Edits, Member, Parts
from gateway.request_context import RequestContext

ANTHROPIC_VERSION: Final = "bedrock-2023-05-31"
_PROFILE_HEADER: Final = "anthropic-user-profile-id"
_IN_THE_URL = ("model", "stream")  # Bedrock has them in the path, and refuses them in the body
_INLINE_TOOL: Final = f'"{message_fields.TOOL_DEFINITION}"'
_NULL: Final = Member.of(None, "null")
_EMPTY: Final[tuple[object, ...]] = (None, [], {}, "")

Members: TypeAlias = Mapping[str, Member]

_EDITS: Mapping[str, Callable[[Member, Adaptation], Edits]] = MappingProxyType(
    {
        "messages": turn_edits.messages,
        "metadata": setting_edits.metadata,
        "output_config": setting_edits.output_config,
        "system": turn_edits.system,
        "thinking": setting_edits.thinking,
        "tool_choice": tool_edits.tool_choice,
        "tools": tool_edits.tools,
    }
)


class Adapted(NamedTuple):
    """`parts`: what `json_object.join` makes the body of. `changes`: a token for each, in order."""

    parts: Parts
    changes: tuple[str, ...]


def adapt(
    members: Members, betas: Sequence[str], *, model: Model, strict: bool, counted: bool = False
) -> Adapted:
    """Return the body that Bedrock is sent for `members`, those of a Messages request to `model`.

    `betas` are those of the request's header; they follow the body's own. `counted`: only its
    tokens are counted. Text that needs no change is passed as it came. Raises InvalidRequest for
    what cannot be left out without changing what is asked and, if `strict`, for every change there
    would be.
    """
    model_capabilities = capabilities.of(model)
    _check_samplers(members, model, model_capabilities.samplers)
    if counted:
        model_capabilities = model_capabilities._replace(
            betas=model_capabilities.betas & message_fields.COUNTED_BETAS
        )
    adaptation = Adaptation(model, model_capabilities, counted=counted)
    members = _without_client_line(_renamed(members, adaptation), adaptation)
    members = _with_inline_tools(members, adaptation)
    has_unknown_beta = _choose_betas(_requested_betas(members, betas), adaptation)
    parts: Parts = {
        name: member.written
        for name, member in members.items()
        if name not in _IN_THE_URL and not _is_dropped(name, member, adaptation, has_unknown_beta)
    }
    _change_parts(parts, members, adaptation, has_unknown_beta)
    if strict and adaptation.changes:
        raise errors.InvalidRequest(
            f"This stage takes nothing that has to be adapted, and Bedrock does not take this "
            f"for {model.name} as it is: {', '.join(adaptation.changes)}."
        )
    for name in message_fields.INTEGERS:
        if name in parts and setting_edits.is_written_otherwise(members[name].value):
            parts[name] = str(int(members[name].value))
    parts["anthropic_version"] = f'"{ANTHROPIC_VERSION}"'
    _set_betas(parts, members, adaptation.betas)
    return Adapted(parts, tuple(adaptation.changes))


def _renamed(members: Members, adaptation: Adaptation) -> Members:
    """Return the members with `output_format` under the name that Anthropic's API has given it
    since."""
    old = members.get(message_fields.OLD_OUTPUT_FORMAT)
    config = members.get("output_config", _NULL)
    if old is None or old.value is None or not isinstance(config.value, dict | None):
        return members
    adaptation.note(f"{message_fields.OLD_OUTPUT_FORMAT}:renamed")
    rest = {
        name: each for name, each in members.items() if name != message_fields.OLD_OUTPUT_FORMAT
    }
    own = config.value or {}
    if own.get("format") in (None, old.value):
        text = config.text if own else "{}"
        moved = json_object.edited(text, {"format": old.text})
        return {**rest, "output_config": Member.of({**own, "format": old.value}, moved)}
    raise errors.InvalidRequest(
        "output_format: this is the old name of output_config.format, and the request has both, "
        "with different values. Send output_config.format alone."
    )


def _with_inline_tools(members: Members, adaptation: Adaptation) -> Members:
    """Return the members with the tools that the conversation defines among `tools`."""
    messages = members.get("messages", _NULL)
    if not messages.written.has(_INLINE_TOOL):
        return members
    tools = members.get("tools", _NULL)
    offered = tool_edits.with_inline_tools(tools, messages, adaptation)
    return members if offered is tools else {**members, "tools": offered}


def _without_client_line(members: Members, adaptation: Adaptation) -> Members:
    """Return the members without the line for Anthropic's billing in a system prompt that is a
    string."""
    system = members.get("system", _NULL).value
    if not isinstance(system, str) or not system.startswith(message_fields.CLIENT_BLOCKS):
        return members
    rest = turn_edits.without_client_line(system, adaptation)
    if not rest:
        return {name: member for name, member in members.items() if name != "system"}
    return {**members, "system": Member.of(rest, dumps(rest))}


def _requested_betas(members: Members, header: Sequence[str]) -> list[str]:
    values = members["anthropic_beta"].value if "anthropic_beta" in members else None
    if values is None:
        values = []
    if not isinstance(values, list) or not all(isinstance(beta, str) for beta in values):
        raise errors.InvalidRequest("anthropic_beta: Input should be a valid array of strings")
    return list(dict.fromkeys([*values, *header]))


def _choose_betas(requested: Sequence[str], adaptation: Adaptation) -> bool:
    """Keep what the model takes, note the rest; return whether nobody here knows one of them.

    Clients are told to treat betas as an open list, but Bedrock answers one it does not know with
    400 `invalid beta flag`: a new release of a client must not stop for that.
    """
    has_unknown_beta = False
    for beta in requested:
        if beta == message_fields.CONTEXT_1M and adaptation.model.context_tokens < 1_000_000:
            raise errors.InvalidRequest(
                f"anthropic_beta: {adaptation.model.name} has a context window of "
                f"{adaptation.model.context_tokens:,} tokens on Amazon Bedrock, so '{beta}' cannot "
                f"be used with it."
            )
        if beta in adaptation.capabilities.betas:
            adaptation.betas.append(beta)
        else:
            has_unknown_beta |= beta not in message_fields.KNOWN_BETAS
            adaptation.note(f"beta:{safe_token(beta)}")
    return has_unknown_beta


def _is_dropped(name: str, member: Member, adaptation: Adaptation, has_unknown_beta: bool) -> bool:
    if name in message_fields.REFUSED and not _is_empty(name, member.value, adaptation):
        refused = errors.ThreadsNotSupported if name == "thread" else errors.InvalidRequest
        raise refused(
            f"{name}: Amazon Bedrock does not have this field, and without it the request would "
            f"mean something else. {message_fields.REFUSED[name]}"
        )
    if name == "cache_control" and member.value is not None and not adaptation.counted:
        return True  # noted when it is placed
    needed = message_fields.FIELD_BETAS.get(name)
    dropped = (
        name in message_fields.DROPPED
        or (
            adaptation.counted and name == "tools" and member.value == []
        )  # which CountTokens refuses
        or name in message_fields.REFUSED
        or (needed is not None and adaptation.capabilities.betas.isdisjoint(needed))
        or (has_unknown_beta and _unknown_fields().is_unknown(name, adaptation))
    )
    if dropped:
        adaptation.note(f"field:{safe_token(name)}")
    return dropped


def _is_empty(name: str, value: object, adaptation: Adaptation) -> bool:
    """Return whether a field that is refused may be left out."""
    if adaptation.counted and name in message_fields.UNCOUNTED:
        return True
    if name == "container":
        return not (isinstance(value, dict) and value.get("skills"))
    return value in _EMPTY or (name == "billing_policy" and value in message_fields.PAID_BY_CALLER)


def _change_parts(
    parts: Parts, members: Members, adaptation: Adaptation, has_unknown_beta: bool
) -> None:
    """Change what must be changed within a part; of one that is left empty nothing is sent."""
    names = dict.fromkeys(
        [*_EDITS, *message_fields.INTEGERS, *(members if has_unknown_beta else ())]
    )
    try:
        edits = {
            name: edit
            for name in names
            if name in parts and (edit := _edits(name, members[name], adaptation, has_unknown_beta))
        }
        if "messages" in parts:
            turn_edits.check_prefill(members["messages"], edits.get("messages"), adaptation)
        for name, change in _with_marker(
            edits, parts, members, adaptation, has_unknown_beta
        ).items():
            _change(parts, name, members[name], change)
    except RecursionError as error:
        raise errors.InvalidRequest("The request body is nested too deeply. Flatten it.") from error


def _with_marker(
    edits: Mapping[str, Edits],
    parts: Parts,
    members: Members,
    adaptation: Adaptation,
    has_unknown_beta: bool,
) -> Mapping[str, Edits | Around]:
    """Return the edits, with the edit of the block that a top-level cache marker is for."""
    marker = members.get("cache_control")
    if marker is None or marker.value is None or adaptation.counted:
        return edits
    if not isinstance(marker.value, dict):
        raise errors.InvalidRequest("cache_control: Input should be an object")
    within = cache_markers.of_member(marker, adaptation)
    if has_unknown_beta:
        within = json_object.merged(
            within, _unknown_fields().within("cache_control", marker.value, adaptation)
        )
    if within:
        marker = json_object.member(json_object.edited(marker.text, within))
    sent = {name: member for name, member in members.items() if name in parts}
    from gateway import automatic_cache  # noqa: PLC0415 - few requests ask for it

    with_marker = automatic_cache.add_marker(marker, sent, edits)
    adaptation.note("field:cache_control" if with_marker is None else "cache_control:placed")
    return edits if with_marker is None else with_marker


def _edits(name: str, member: Member, adaptation: Adaptation, has_unknown_beta: bool) -> Edits:
    edits = _EDITS[name](member, adaptation) if name in _EDITS else {}
    if name in message_fields.INTEGERS:
        integers = setting_edits.integers(member.value, message_fields.INTEGERS[name])
        edits = json_object.merged(edits, integers)
    if not has_unknown_beta:
        return edits
    return json_object.merged(edits, _unknown_fields().within(name, member.value, adaptation))


def _change(parts: Parts, name: str, member: Member, edits: Edits | Around) -> None:
    if isinstance(edits, Around):
        parts[name] = f"{edits.before}{member.text}{edits.after}"
    elif len(edits) == len(member.value) and all(edit is None for edit in edits.values()):
        del parts[name]
    else:
        parts[name] = json_object.edited(member.text, edits)


def _unknown_fields() -> ModuleType:
    """Import the module and return it: no start needs it."""
    from gateway import unknown_fields  # noqa: PLC0415

    return unknown_fields


def _set_betas(parts: Parts, members: Members, betas: list[str]) -> None:
    if not betas:
        parts.pop("anthropic_beta", None)
    elif "anthropic_beta" not in parts or members["anthropic_beta"].value != betas:
        parts["anthropic_beta"] = dumps(betas)


def _check_samplers(members: Members, model: Model, samplers: Samplers) -> None:
    """Bedrock's own words where it has published some; else what the model takes instead."""
    values = {
        name: members[name].value
        for name in ("temperature", "top_p", "top_k")
        if name in members and members[name].value is not None
    }
    if not samplers.both and "temperature" in values and "top_p" in values:
        raise errors.InvalidRequest(
            f"`temperature` and `top_p` cannot both be specified for this model ({model.name}). "
            "Please use only one."
        )
    for name, value in values.items():
        allowed = getattr(samplers, name)
        if not is_taken(allowed, value):
            instead = f" It takes {in_words(allowed)}, or none." if in_words(allowed) else ""
            raise errors.InvalidRequest(
                f"`{name}` is deprecated for this model ({model.name}).{instead}"
            )


def adapt_for(
    context: RequestContext, members: Members, model: Model, *, counted: bool = False
) -> Parts:
    """Return the members for InvokeModel, to be joined, and note the changes for the audit entry.

    `counted`: only their tokens are counted. Raises InvalidRequest for what cannot be changed, or
    may not on this stage.
    """
    headers = context.request.headers
    header = headers.get("anthropic-beta", "")
    betas = [beta.strip() for beta in header.split(",") if beta.strip()]
    profile = headers.get(_PROFILE_HEADER, "").strip()
    if profile and not counted:
        members = _with_profile(members, profile)
    strict = context.settings.unsupported_fields == "reject"
    adapted = adapt(members, betas, model=model, strict=strict, counted=counted)
    context.call.changes = adapted.changes
    return adapted.parts


def _with_profile(members: Members, profile: str) -> Members:
    """Return the members with the user profile of the header, as Anthropic's own Bedrock client has
    them: `anthropic.lib.bedrock._client`, `USER_PROFILE_ID_HEADER`."""
    in_body = members["user_profile_id"].value if "user_profile_id" in members else None
    if in_body not in (None, profile):
        raise errors.InvalidRequest(
            f"{_PROFILE_HEADER}: the body has another user_profile_id. Send one of them."
        )
    return {**members, "user_profile_id": Member.of(profile, dumps(profile))}
