"""Every error that a client can get: its status, Anthropic's type and Bedrock's exception for it.

Anthropic's errors: https://platform.claude.com/docs/en/api/errors
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class GatewayError(Exception):
    """An answer that is an error; the message is fit for the caller's eyes.

    `status` and `type` are Anthropic's, `details` what its SDKs read beside them, `bedrock` the
    exception and status that Bedrock's own clients know. `cause` names what happened for the
    operator, never shown. `retry_after`: the seconds that Bedrock asked to wait, if it did.
    `bedrock_message` is Bedrock's own sentence, if there is one, without what names the account:
    what its own clients read. `reason` is one of gateway.reasons, for the audit entry.
    """

    status = 500
    type = "api_error"
    bedrock = ("InternalServerException", 500)
    headers: Mapping[str, str] = MappingProxyType({})
    retry_after = 0.0
    reason = ""
    bedrock_message = ""
    details: Mapping[str, object] = MappingProxyType({})

    def __init__(self, message: str, *, cause: str = "", **headers: str) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause or type(self).__name__
        if headers:
            self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class InvalidRequest(GatewayError):
    """The request is invalid: the client has to change it."""

    status = 400
    type = "invalid_request_error"
    bedrock = ("ValidationException", 400)


class ThreadsNotSupported(InvalidRequest):
    """The conversation was to be kept on the server. By these details the tool helper of
    Anthropic's SDKs knows that it has to send all of it: `lib/threads` of anthropic 2.12."""

    details = MappingProxyType(
        {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
    )


class PermissionDenied(GatewayError):
    """The caller, or this gateway, may not do that."""

    status = 403
    type = "permission_error"
    bedrock = ("AccessDeniedException", 403)


class NotFound(GatewayError):
    """No such route or model."""

    status = 404
    type = "not_found_error"
    bedrock = ("ResourceNotFoundException", 404)


class Conflict(GatewayError):
    """The request does not fit the state of something else."""

    status = 409
    type = "conflict_error"
    bedrock = ("ConflictException", 400)


class RequestTooLarge(GatewayError):
    """More bytes than the stage takes."""

    status = 413
    type = "request_too_large"
    bedrock = ("ValidationException", 413)


class UnsupportedMediaType(GatewayError):
    """The body is in a coding that is not taken."""

    status = 415
    type = "invalid_request_error"
    bedrock = ("ValidationException", 415)


class RateLimited(GatewayError):
    """Too many requests or tokens; `retry-after` says when."""

    status = 429
    type = "rate_limit_error"
    bedrock = ("ThrottlingException", 429)
    headers = MappingProxyType({"retry-after": "1"})


class SessionEnded(PermissionDenied):
    """AWS has ended the session in which Bedrock was called: another may do."""


class SessionUnavailable(GatewayError):
    """AWS STS opened no session for the caller, so Bedrock was not called. `cause` is STS's."""

    status = 503
    bedrock = ("ServiceUnavailableException", 503)
    headers = MappingProxyType({"retry-after": "2"})
    prefix = "Sts"

    def __init__(self, cause: str) -> None:
        message = "The gateway could not open your session at AWS, and did not call Bedrock."
        super().__init__(f"{message} Try again.", cause=f"{self.prefix}{cause}")


class QuotaUsedUp(RateLimited):
    """A quota that no short wait gives back; clients are told not to ask again. AWS does not say at
    what time a quota of tokens per day begins anew, so that there is no `retry-after`."""

    headers = MappingProxyType({"x-should-retry": "false"})


class BudgetExceeded(GatewayError):
    """The call does not fit into a budget; what Claude Code shows of it:
    https://code.claude.com/docs/en/llm-gateway-protocol"""

    status = 429
    type = "billing_error"
    bedrock = ("ThrottlingException", 429)


class TokenRateExceeded(RateLimited):
    """The caller's plan has no tokens left in this minute."""


class BudgetsUnavailable(GatewayError):
    """Nobody knows whether the call fits into its budgets, and this stage refuses it then."""

    status = 503
    bedrock = ("ServiceUnavailableException", 503)
    headers = MappingProxyType({"retry-after": "5"})


class NotSupported(GatewayError):
    """Bedrock has no such thing; clients are told not to ask again."""

    status = 501
    type = "not_supported"
    bedrock = ("ValidationException", 400)
    headers = MappingProxyType({"x-should-retry": "false"})


class UpstreamFailed(GatewayError):
    """Bedrock failed, or what it sent cannot be read."""


class BedrockFailed(UpstreamFailed):
    """Bedrock says of itself that it failed."""


class NotSent(UpstreamFailed):
    """The request was not sent to Bedrock, or not all of it: no model was run."""


class Unreachable(NotSent):
    """The same, where another attempt may reach Bedrock."""


class UpstreamTimeout(GatewayError):
    """Bedrock did not answer in the time there was."""

    status = 504
    type = "timeout_error"
    bedrock = ("ModelTimeoutException", 408)


class Overloaded(GatewayError):
    """Bedrock has no capacity now."""

    status = 529
    type = "overloaded_error"
    bedrock = ("ServiceUnavailableException", 503)
