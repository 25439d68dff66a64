"""The endpoint's errors for Bedrock's.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html#API_runtime_InvokeModel_Errors
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway import reasons
from gateway.errors import (
    BedrockFailed,
    Conflict,
    GatewayError,
    InvalidRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaUsedUp,
    RateLimited,
    RequestTooLarge,
    SessionEnded,
    UpstreamFailed,
    UpstreamTimeout,
)

_WITH_REASON = (PermissionDenied, NotFound, RateLimited, Overloaded)
_DENIED = "The gateway is not permitted to use this model. Ask the operator of this endpoint."
_FAILED = "Bedrock could not answer this request. Try again."
_UNEXPLAINED = (
    "Bedrock refused this request without a reason. Ask the operator of this endpoint, who finds "
    "it by this request's id."
)
_BUSY = "Bedrock has no capacity for this request now. Try again shortly."
_THROTTLED = "Bedrock is throttling requests to this model. Try again shortly."
_USED_UP = "Bedrock refuses this request until the quota resets. Ask the operator of this endpoint."
_NO_MODEL = "Bedrock does not offer this model. GET /v1/models lists those of this endpoint."

# Bedrock's exception (lower-case first letter, as in event streams) -> ours, and its sentence;
# no sentence: Bedrock's own is passed on, with what names the account taken out.
_FROM_BEDROCK: dict[str, tuple[type[GatewayError], str | None]] = {
    "validationException": (InvalidRequest, None),
    "accessDeniedException": (PermissionDenied, _DENIED),
    "expiredTokenException": (SessionEnded, _DENIED),
    "unrecognizedClientException": (SessionEnded, _DENIED),
    "resourceNotFoundException": (NotFound, None),
    "conflictException": (Conflict, None),
    "throttlingException": (RateLimited, _THROTTLED),
    "serviceQuotaExceededException": (RateLimited, _THROTTLED),
    "modelNotReadyException": (Overloaded, _BUSY),
    "serviceUnavailableException": (Overloaded, _BUSY),
    "modelTimeoutException": (
        UpstreamTimeout,
        "The model did not respond in time. Try again, or lower max_tokens.",
    ),
    "modelErrorException": (UpstreamFailed, "The model could not process this request. Try again."),
    "modelStreamErrorException": (
        UpstreamFailed,
        "The model failed while it was responding. Try again.",
    ),
    "internalServerException": (BedrockFailed, _FAILED),
}
_BY_STATUS: dict[int, tuple[type[GatewayError], str | None]] = {
    400: (InvalidRequest, None),
    401: (PermissionDenied, _DENIED),
    403: (PermissionDenied, _DENIED),
    404: (NotFound, _NO_MODEL),
    408: (UpstreamTimeout, "The model did not respond in time. Try again, or lower max_tokens."),
    413: (RequestTooLarge, "The request is larger than Bedrock accepts. Shorten it."),
    429: (RateLimited, _THROTTLED),
    500: (BedrockFailed, _FAILED),
    503: (Overloaded, _BUSY),
    529: (Overloaded, _BUSY),  # Anthropic's own: https://platform.claude.com/docs/en/api/errors
}
_BY_TYPE: dict[str, type[GatewayError]] = {
    kind.type: kind
    for kind in (
        *(InvalidRequest, PermissionDenied, NotFound, RequestTooLarge, RateLimited),
        *(UpstreamTimeout, Overloaded),
    )
}
_PROMPT_TOO_LONG = "Input is too long"


def from_event(content: Mapping[str, object]) -> GatewayError:
    """Return the caller's error for Anthropic's `error` event inside a stream of Bedrock's.

    https://platform.claude.com/docs/en/build-with-claude/streaming#error-events
    """
    about = content.get("error")
    members: Mapping[str, object] = about if isinstance(about, Mapping) else {}
    name, message = str(members.get("type") or "error"), str(members.get("message") or "")
    kind, why = _with_reason(_BY_TYPE.get(name, UpstreamFailed), name, message)
    text = reasons.redact(message)
    error = kind(f"{why.sentence} Bedrock's words: {text}" if why else text or _FAILED, cause=name)
    error.bedrock_message = text
    error.reason = why.name if why else ""
    return error


def sentence_in(content: Mapping[str, object]) -> str:
    """Return the sentence in the body of a refusal; empty for none.

    IAM's refusals have it in `Message`: https://github.com/BerriAI/litellm/pull/39166. The Messages
    path may have Anthropic's form: https://platform.claude.com/docs/en/api/errors
    """
    about = content.get("error")
    members: Mapping[str, object] = about if isinstance(about, Mapping) else content
    return str(members.get("message") or members.get("Message") or "")


def from_bedrock(
    exception: str, message: str, *, status: int = 500, retry_after: str = ""
) -> GatewayError:
    """Return the caller's error for one of Bedrock's.

    `exception` is its name as in `x-amzn-errortype` or an event stream's `:exception-type`;
    `status` decides when the name is unknown.
    """
    name = exception.partition(":")[0].rpartition("#")[2]
    known = _FROM_BEDROCK.get(name[:1].lower() + name[1:])
    kind, sentence = known or _BY_STATUS.get(status, (UpstreamFailed, _FAILED))
    kind, why = _with_reason(kind, name, message)
    if kind is QuotaUsedUp:
        sentence = _USED_UP
    words = message if issubclass(kind, _WITH_REASON) or sentence is None else ""
    error = kind(_sentence(sentence, why, words), cause=name or str(status))
    error.bedrock_message = reasons.redact(message)
    error.reason = why.name if why else ""
    if name:
        error.bedrock = (name[:1].upper() + name[1:], status)
    if retry_after and isinstance(error, RateLimited | Overloaded):
        error.headers = {**error.headers, "retry-after": retry_after}
        error.retry_after = _seconds(retry_after)
    return error


def _with_reason(
    kind: type[GatewayError], name: str, message: str
) -> tuple[type[GatewayError], reasons.Reason | None]:
    """Return the kind of error and its reason, which may make it one that no short wait helps."""
    why = reasons.reason(name, message) if issubclass(kind, _WITH_REASON) else None
    is_used_up = why is not None and why.name == reasons.DAILY_QUOTA
    return (QuotaUsedUp if kind is RateLimited and is_used_up else kind), why


def _seconds(retry_after: str) -> float:
    """The other form of the field is a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3"""
    return float(retry_after) if retry_after.isdecimal() else float("inf")


def _sentence(sentence: str | None, why: reasons.Reason | None, message: str) -> str:
    """Return what a caller of Anthropic's paths reads; agents compact on the first words of a
    prompt that is too long. Bedrock's own sentence is last, where there is a reason in it."""
    text = reasons.redact(message)
    if sentence is None:
        prefix = "prompt is too long: " if message.startswith(_PROMPT_TOO_LONG) else ""
        return f"{prefix}{text}" or _UNEXPLAINED
    if why is None and not text:
        return sentence
    return f"{sentence}{f' {why.sentence}' if why else ''} Bedrock's words: {text}"
