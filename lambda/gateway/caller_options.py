"""Bedrock's own options that a caller may set, in a header or in a body.

A caller sets what touches its own answer: content types, trace, latency, a guardrail where the
stage enforces none, and a service tier that the stage lists. What decides who pays, where data goes
or how long it is kept is the stage's; an option that is not known here may be of that kind.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from claude_bedrock.catalog.model import STANDARD_TIER
from gateway import errors, json_object
from gateway.json_object import Member
from gateway.request_context import RequestContext
from gateway.settings import Guardrail, Settings

PREFIX: Final = "x-amzn-bedrock-"
METADATA_HEADER: Final = f"{PREFIX}request-metadata"
TIER_HEADER: Final = f"{PREFIX}service-tier"
DEFAULT_PROJECT: Final = "default"
"""The project of every call that names none; the gateway names none:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html"""

_GUARDRAIL_HEADERS: Final = (f"{PREFIX}guardrailidentifier", f"{PREFIX}guardrailversion")
_CALLERS_HEADERS: Final = frozenset(
    f"{PREFIX}{name}" for name in ("accept", "performanceconfig-latency", "trace")
)
_ANTHROPICS_TIERS: Final = ("auto", "standard_only")
"""Anthropic's own values, which name no tier of Bedrock's: https://platform.claude.com/docs/en/api/service-tiers"""
_BODY_PREFIX: Final = "amazon-bedrock-"
_GUARDRAIL_MEMBER: Final = f"{_BODY_PREFIX}guardrailConfig"
_OPTION_NAMES: Final = ("service_tier", _BODY_PREFIX)
_NAMES_AN_OPTION: Final = (*_OPTION_NAMES, "\\u00")
"""What the text of an InvokeModel body holds if it has a member that is looked at here; a name can
be written in escapes."""
_CONVERSE_OPTIONS: Final = ("additionalModelRequestFields", "guardrailConfig", "serviceTier")
_LONGEST_NAME: Final = 100


def select_headers(context: RequestContext, *, tier: str = "") -> dict[str, str]:
    """Return the `x-amzn-bedrock-` headers of the request that go to Bedrock, without metadata.

    `tier` is the one that the body names, and goes before the header's. Notes tier and project for
    the audit entry. Raises InvalidRequest for a header that is not the caller's to set.
    """
    selected = {
        name: value
        for name, value in context.request.headers.items()
        if name.startswith(PREFIX) and _is_callers(name, value, context.settings)
    }
    if tier:
        selected[TIER_HEADER] = tier
    context.call.service_tier = selected.get(TIER_HEADER, STANDARD_TIER)
    context.call.project_id = DEFAULT_PROJECT
    return selected


def with_guardrail(headers: Mapping[str, str], guardrail: Guardrail | None) -> dict[str, str]:
    """Return `headers` with the guardrail that the stage enforces, as InvokeModel takes it:
    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html"""
    if guardrail is None:
        return dict(headers)
    values = (guardrail.id, guardrail.version)
    return {**headers, **dict(zip(_GUARDRAIL_HEADERS, values, strict=True))}


def check_message_body(members: Mapping[str, Member], settings: Settings) -> str:
    """Return Bedrock's tier that the `service_tier` of a Messages body names; empty for none.

    Anthropic's own values name none. Raises InvalidRequest for a member of Bedrock's that is not
    the caller's to set.
    """
    values = {
        name: member.value
        for name, member in members.items()
        if name.startswith(_OPTION_NAMES)
        and (name != "service_tier" or member.value not in (None, *_ANTHROPICS_TIERS))
    }
    for name in values:
        check_repeated_names(members[name].text)
    return check_invoke_body(values, settings) if values else ""


def check_repeated_names(text: str) -> None:
    """Raise InvalidRequest for JSON with an option of Bedrock's in it that gives a name twice:
    Bedrock might read the one that is not judged here."""
    if name := json_object.repeated_name(text):
        raise errors.InvalidRequest(
            f"{name[:_LONGEST_NAME]}: the request has this name twice in one object, beside an "
            f"option of Amazon Bedrock. Send it once."
        )


def can_hold_options(text: str) -> bool:
    """Return whether an InvokeModel body of this text can hold what `check_invoke_body` judges."""
    return any(name in text for name in _NAMES_AN_OPTION)


def names_option(members: Iterable[str]) -> bool:
    """Return whether one of these members of an InvokeModel body is judged here."""
    return any(name.startswith(_OPTION_NAMES) for name in members)


def check_invoke_body(members: Mapping[str, Any], settings: Settings) -> str:
    """Return the tier that an InvokeModel body names by its members' values; empty for none.

    Raises InvalidRequest for a member of Bedrock's that is not the caller's to set.
    """
    for name, value in members.items():
        if name == _GUARDRAIL_MEMBER:
            _check_guardrail(name, value, settings)
        elif name.startswith(_BODY_PREFIX):
            raise _not_callers(name, "field")
    if "service_tier" not in members:
        return ""
    return _checked_tier("service_tier", members["service_tier"], settings)


def check_converse_body(members: Mapping[str, Member], settings: Settings) -> str:
    """Return the tier that a Converse body names; empty for none.

    Raises InvalidRequest for a member that is not the caller's to set.
    """
    for name in members:
        if name.lower().startswith("project"):
            raise _not_callers(name, "field")
    for name in _CONVERSE_OPTIONS:
        if name in members:
            check_repeated_names(members[name].text)
    if "guardrailConfig" in members:
        _check_guardrail("guardrailConfig", members["guardrailConfig"].value, settings)
    further = members.get("additionalModelRequestFields")
    tier = ""
    if further is not None and isinstance(further.value, dict):
        tier = check_invoke_body(further.value, settings)
    if "serviceTier" not in members:
        return tier
    given = members["serviceTier"].value
    return _checked_tier(
        "serviceTier.type", given.get("type") if isinstance(given, dict) else given, settings
    )


def _is_callers(name: str, value: str, settings: Settings) -> bool:
    """Return whether the header goes to Bedrock. Raises InvalidRequest for what is refused."""
    if name in _CALLERS_HEADERS:
        return True
    if name in _GUARDRAIL_HEADERS:
        return settings.guardrail is None
    if name == TIER_HEADER:
        _checked_tier(name, value, settings)
        return True
    if name == METADATA_HEADER:
        return False
    raise _not_callers(name, "header")


def _checked_tier(name: str, value: object, settings: Settings) -> str:
    if isinstance(value, str) and value in settings.service_tiers:
        return value
    raise errors.InvalidRequest(
        f"{name}: the service tiers of this endpoint are {', '.join(settings.service_tiers)}. "
        f"Send one of them, or none; the operator of the endpoint can allow others."
    )


def _check_guardrail(name: str, value: object, settings: Settings) -> None:
    """An enforced guardrail sees an answer before the caller does:
    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-streaming.html"""
    mode = value.get("streamProcessingMode") if isinstance(value, dict) else None
    if settings.guardrail is None or mode is None or str(mode).lower() in ("sync", "synchronous"):
        return
    raise errors.InvalidRequest(
        f"{name}.streamProcessingMode: this endpoint enforces a guardrail, which checks a stream "
        f"before you receive it. Send the request without this field."
    )


def _not_callers(name: str, kind: str) -> errors.InvalidRequest:
    return errors.InvalidRequest(
        f"{name[:_LONGEST_NAME]}: the endpoint sets this option of Amazon Bedrock, or does not "
        f"know it. Send the request without this {kind}."
    )
