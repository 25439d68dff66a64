"""The audit log entry of one request: who, which model, what came of it; never what was said."""

import time
from typing import Any, Final

from gateway.errors import GatewayError, Overloaded, PermissionDenied, RateLimited
from gateway.request_context import RequestContext

_MAX_MESSAGE: Final = 1000  # characters
_QUOTABLE: Final = (PermissionDenied, RateLimited, Overloaded)


def entry(context: RequestContext) -> dict[str, Any]:
    """Return the fields of the entry; those not known are left out. Times are in milliseconds,
    sizes in bytes."""
    request, response, call, error = context.request, context.response, context.call, context.error
    attempt, caller = call.attempt, context.caller
    fields = {
        "gateway_request_id": request.id,
        "bedrock_request_id": call.bedrock_request_id,
        "api_key_id": caller.api_key_id,
        "api_key_name": caller.api_key_name,
        "caller": caller.name if caller.token_issuer else "",
        "token_issuer": caller.token_issuer,
        "team": caller.team,
        "caller_arn": caller.arn,
        "route": context.route,
        "model": call.model,
        "model_id": call.model_id,
        "earlier_attempts": earlier_attempts(context),
        "stream": call.is_stream,
        "service_tier": call.service_tier,
        "project_id": call.project_id,
        "status": response.status,
        **(attempt.audit_fields() if attempt else {}),
        "outcome": context.outcome,
        **(_error_fields(error) if error else {}),
        "adapted": list(call.changes),
        "request_bytes": context.request_bytes,
        "response_bytes": response.size,
        "session_ms": context.session.round_trip_ms if context.session else None,
        "first_byte_ms": first_byte_ms(context),
        "duration_ms": round((time.monotonic() - context.started_at) * 1000),
        **call.usage.counts(),
        **(context.budgets.audit_fields() if context.budgets else {}),
    }
    return {name: value for name, value in fields.items() if value not in ("", None, [])}


def earlier_attempts(context: RequestContext) -> list[dict[str, Any]]:
    """Return the attempts before the last one, each with how it ended."""
    attempts = []
    for attempt in context.call.attempts[:-1]:
        error = attempt.error
        attempts.append(
            {
                "model_id": attempt.model_id,
                "bedrock_request_id": attempt.bedrock_request_id,
                "error_cause": error.cause if error else "",
                **({"error_reason": error.reason} if error and error.reason else {}),
                **attempt.audit_fields(),
            }
        )
    return attempts


def first_byte_ms(context: RequestContext) -> int | None:
    """Return how long the client waited for the first byte; None if there was none."""
    first_byte_at = context.response.first_byte_at
    if first_byte_at is None:
        return None
    return round((first_byte_at - context.started_at) * 1000)


def _error_fields(error: GatewayError) -> dict[str, str]:
    """Return why Bedrock refused, and in which words; those of other errors may quote a request."""
    quotable = error.reason or isinstance(error, _QUOTABLE)
    words = error.bedrock_message[:_MAX_MESSAGE] if quotable else ""
    return {
        "error_type": error.type,
        "error_cause": error.cause,
        "error_reason": error.reason,
        "error_message": words,
    }
