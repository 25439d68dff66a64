"""One call of Bedrock: its attempts, its deadline, and what Bedrock refused.

Every route that invokes a model goes through `call_bedrock`, so that each attempt is in the audit
log entry.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from gateway import bedrock_errors, errors, json_object, retries, team_profiles
from gateway.caller_options import PREFIX, TIER_HEADER
from gateway.connection import CHECK_SECONDS
from gateway.deadline import Deadline
from gateway.model_call import Attempt
from gateway.request_context import RequestContext
from gateway.upstream import UpstreamResponse, read_all

COUNT_TOKENS: Final = "count-tokens"
"""The operation that runs no model, and costs nothing."""
_SHORTEST_READ: Final = 0.001  # seconds

CheckClient = Callable[[], None]
"""Raises ClientDisconnected; called now and then while nothing comes."""


class BedrockRequest:
    """An operation on the first of `model_ids`, and on the next only where Bedrock has no capacity
    for the one before; the body is ready to send. `upstream`: see Attempt."""

    upstream = ""

    def __init__(
        self, model_ids: tuple[str, ...], operation: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        self.model_ids = model_ids
        self.operation = operation
        self.headers = headers
        self.body = body

    def target(self, model_id: str) -> tuple[str, bytes]:
        """Return the path and the body of a request to that model."""
        return _path(model_id, self.operation), self.body


class BedrockResponse:
    """Bedrock's response with status 200, and the deadline within which it is passed on."""

    def __init__(self, upstream: UpstreamResponse, deadline: Deadline, attempt: Attempt) -> None:
        self.headers = upstream.headers
        self.attempt = attempt
        self._upstream = upstream
        self._deadline = deadline

    def read(self, seconds: float) -> bytes | None:
        """Return the next bytes; None after `seconds` without any.

        Raises UpstreamTimeout when there is no time left, UpstreamFailed, ClientDisconnected."""
        return self._upstream.read(min(seconds, self._deadline.require_remaining()))

    def read_until_idle(self, idle_seconds: float) -> bytes | None:
        """Return the next bytes; None once the client has received nothing for `idle_seconds`."""
        return self.read(max(idle_seconds - self._deadline.idle_seconds(), _SHORTEST_READ))

    def read_object(self) -> bytes:
        """Return the complete body, a JSON object. Raises UpstreamFailed for any other body."""
        body = read_all(self._upstream, self._deadline.require_remaining())
        if not (body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}"):
            raise errors.UpstreamFailed(
                "Bedrock's response could not be read. Try again.", cause="NotJson"
            )
        self.attempt.is_complete = True
        return body

    def close(self) -> None:
        self._upstream.close()


@contextmanager
def call_bedrock(
    request: BedrockRequest, context: RequestContext, check_client: CheckClient | None = None
) -> Iterator[BedrockResponse]:
    """Send `request` and give Bedrock's response; raise what Bedrock refuses as a GatewayError.

    `check_client` is called while Bedrock has not answered; by default the response's own.
    """
    _check_headers(request.headers)
    if context.budgets is not None and request.operation != COUNT_TOKENS:
        context.budgets.reserve(request.model_ids, request.body)
    response = _send_with_retries(request, context, check_client or context.response.check_client)
    try:
        yield response
    finally:
        response.close()


def _send_with_retries(
    request: BedrockRequest, context: RequestContext, check_client: CheckClient
) -> BedrockResponse:
    """Return the response of the first profile that has capacity; else of the first, retried."""
    model_id, *other_ids = request.model_ids
    retry_count, is_renewed = 0, False
    context.credentials()  # without a session there is no attempt
    while True:
        attempt = _new_attempt(model_id, context)
        try:
            return _send(request, attempt, context, check_client)
        except errors.GatewayError as error:
            attempt.error = error
            no_capacity = retries.is_capacity_error(error)
            if isinstance(error, errors.SessionEnded) and context.session and not is_renewed:
                context.session.renew(context.deadline.require_remaining())
                is_renewed = True
            elif no_capacity and other_ids:
                model_id = other_ids.pop(0)
            elif _wait_for_retry(error, retry_count, context, check_client):
                model_id = request.model_ids[0] if no_capacity else model_id
                retry_count += 1
            else:
                raise


def _wait_for_retry(
    error: errors.GatewayError, retry_count: int, context: RequestContext, check_client: CheckClient
) -> bool:
    """Wait for the next retry, or return False. A client then learns not to retry what the gateway
    has retried."""
    client_retries = retries.client_retries(context.request.headers)
    remaining = context.deadline.remaining()
    seconds = context.retry_budget.spend(
        error, retries=retry_count, remaining=remaining, client_retries=client_retries
    )
    if seconds is not None:
        _wait(seconds, check_client)
        return True
    if retry_count and retries.is_retryable_response(error) and not client_retries:
        error.headers = {**error.headers, "x-should-retry": "false"}
    return False


def _wait(seconds: float, check_client: CheckClient) -> None:
    until = time.monotonic() + seconds
    while (remaining := until - time.monotonic()) > 0:
        check_client()
        time.sleep(min(remaining, CHECK_SECONDS))


def _new_attempt(model_id: str, context: RequestContext) -> Attempt:
    """Note an attempt, once there is time for it. Raises UpstreamTimeout."""
    context.deadline.require_remaining()
    profile = team_profiles.profile_for_team(
        model_id, context.caller.team, context.settings.team_profiles
    )
    attempt = Attempt(model_id, profile if profile != model_id else "")
    context.call.attempts.append(attempt)
    return attempt


def _send(
    request: BedrockRequest, attempt: Attempt, context: RequestContext, check_client: CheckClient
) -> BedrockResponse:
    attempt.upstream = request.upstream
    path, body = request.target(attempt.inference_profile_arn or attempt.model_id)
    seconds = context.deadline.require_remaining()
    try:
        upstream = context.bedrock.post(
            path,
            request.headers,
            body,
            seconds=seconds,
            check_client=check_client,
            credentials=context.credentials(),
        )
    except errors.NotSent:
        attempt.is_sent = False
        raise
    attempt.status = upstream.status
    attempt.bedrock_request_id = upstream.headers.get("x-amzn-requestid", "")
    response = BedrockResponse(upstream, context.deadline, attempt)
    if upstream.status == 200:
        call = context.call
        call.service_tier = upstream.headers.get(TIER_HEADER, call.service_tier)
        context.retry_budget.refund()
        return response
    try:
        raise _refusal(upstream, read_all(upstream, context.deadline.require_remaining()), attempt)
    finally:
        upstream.close()


def _refusal(upstream: UpstreamResponse, body: bytes, attempt: Attempt) -> errors.GatewayError:
    attempt.is_complete = True
    return bedrock_errors.from_bedrock(
        upstream.headers.get("x-amzn-errortype", ""),
        bedrock_errors.sentence_in(json_object.parsed(body)),
        status=upstream.status,
        retry_after=upstream.headers.get("retry-after", ""),
    )


def _check_headers(headers: Mapping[str, str]) -> None:
    """Refuse a line break in a value, which would begin another header:
    https://www.rfc-editor.org/rfc/rfc9110#section-5.5"""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise errors.InvalidRequest(
                f"{name}: contains characters not allowed in an HTTP header. Send printable ASCII "
                f"characters only."
            )


@lru_cache(maxsize=64)
def _path(model_id: str, operation: str) -> str:
    """Return the path of an operation of bedrock-runtime on a model, percent-encoded."""
    return f"/model/{quote(model_id, safe='')}/{operation}"


def bedrock_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return Bedrock's own headers of a response: guardrail, trace, service tier, latency, counts.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
    """
    return {name: value for name, value in headers.items() if name.startswith(PREFIX)}
