"""`POST /v1/messages`: Anthropic's Messages API over Bedrock's InvokeModel, or over its own
Messages path where the stage says so.

https://platform.claude.com/docs/en/api/messages
"""

import json
from typing import TYPE_CHECKING

from gateway import bedrock_messages, caller_options, errors, json_object, messages_request, sse
from gateway.bedrock_call import BedrockRequest, BedrockResponse, bedrock_headers, call_bedrock
from gateway.caller_options import METADATA_HEADER
from gateway.message_stream import MessageStream
from gateway.messages_request import Members
from gateway.request import encoded
from gateway.request_context import RequestContext
from gateway.request_metadata import request_metadata
from gateway.settings import MESSAGES
from gateway.unsupported_fields import adapt_for
from gateway.usage import from_headers

if TYPE_CHECKING:
    from gateway.bedrock_messages import EventRelay

_END_SECONDS = 1.0  # within which a stream ends once its message is complete
_STREAM_HEADERS = {"content-type": sse.CONTENT_TYPE, "cache-control": "no-cache"}
_REQUIRED = {"model": str, "max_tokens": int, "messages": list}


def create(context: RequestContext) -> None:
    """Answer with the model's message, as JSON or as server-sent events. Raises GatewayError."""
    request = _bedrock_request(context)
    try:
        if context.call.is_stream:
            _stream(request, context)
        else:
            _send_json(request, context)
    except errors.InvalidRequest as error:
        tools = messages_request.tool_names(request.body)
        error.message = messages_request.with_hint(error.message, tools)
        raise


def _bedrock_request(context: RequestContext) -> BedrockRequest:
    members = messages_request.read(context.take_body(), _REQUIRED)
    context.call.is_stream = _is_stream(members)
    resolved = context.resolve(members["model"].value)
    tier = caller_options.check_message_body(members, context.settings)
    headers = _headers(context, tier)
    if tier:  # it goes as a header
        members = {name: member for name, member in members.items() if name != "service_tier"}
    parts = adapt_for(context, members, resolved.model)
    del members  # a large body is there twice at most: as it came, and as it was read or goes
    is_stream = context.call.is_stream
    if context.settings.messages_upstream == MESSAGES and bedrock_messages.takes(headers):
        ids = resolved.profile_ids
        return bedrock_messages.request(ids, headers, parts, is_stream=is_stream)
    operation = "invoke-with-response-stream" if is_stream else "invoke"
    body = encoded(json_object.join(parts))
    return BedrockRequest(resolved.profile_ids, operation, headers, body)


def _is_stream(members: Members) -> bool:
    value = members["stream"].value if "stream" in members else None
    if not isinstance(value, bool | None):
        raise errors.InvalidRequest("stream: Input should be a valid boolean")
    return bool(value)


def _headers(context: RequestContext, tier: str) -> dict[str, str]:
    selected = caller_options.select_headers(context, tier=tier)
    is_stream = context.call.is_stream
    return {
        **caller_options.with_guardrail(selected, context.settings.guardrail),
        "accept": "application/vnd.amazon.eventstream" if is_stream else "application/json",
        "content-type": "application/json",
        METADATA_HEADER: json.dumps(request_metadata(context)),
    }


def _send_json(request: BedrockRequest, context: RequestContext) -> None:
    with call_bedrock(request, context) as response:
        body = response.read_object()
        context.call.usage = (
            bedrock_messages.read_usage(body)
            if request.operation == MESSAGES
            else from_headers(response.headers, body)
        )
        headers = {**bedrock_headers(response.headers), "content-type": "application/json"}
        context.response.send(200, headers, body)


def _stream(request: BedrockRequest, context: RequestContext) -> None:
    keep_alive = KeepAlive(context)
    with call_bedrock(request, context, keep_alive.check_client) as response:
        keep_alive.is_waiting = False
        is_events = request.operation == MESSAGES
        stream = bedrock_messages.open_stream(response) if is_events else MessageStream()
        _relay(response, context, stream)


class KeepAlive:
    """Pings a client while Bedrock has not answered: an idle connection may be closed on its way.
    The first ping decides the status: what fails after it is an error event."""

    def __init__(self, context: RequestContext) -> None:
        self.is_waiting = True
        self._context = context

    def check_client(self) -> None:
        """Ping the client if it is time. Raises ClientDisconnected."""
        context = self._context
        context.response.check_client()
        if self.is_waiting and context.deadline.idle_seconds() >= context.settings.ping_seconds:
            context.response.start_once(200, _STREAM_HEADERS)
            context.response.write(sse.PING)


def _relay(
    response: BedrockResponse, context: RequestContext, stream: "MessageStream | EventRelay"
) -> None:
    """Send on what each read brings in one write; ping the client while nothing comes."""
    headers = {**bedrock_headers(response.headers), **_STREAM_HEADERS}
    ping_seconds = context.settings.ping_seconds
    try:
        while (data := _read(response, ping_seconds, is_complete=stream.complete)) != b"":
            events = sse.PING if data is None else stream.feed(data)
            if events:
                context.response.start_once(200, headers)
                context.response.write(events)
            if stream.error is not None:
                raise stream.error
    finally:
        context.call.usage = stream.usage
        response.attempt.is_complete = stream.complete and stream.is_clean
    stream.end()
    if stream.error is not None:
        raise stream.error


def _read(response: BedrockResponse, ping_seconds: float, *, is_complete: bool) -> bytes | None:
    """Return the next bytes, None when a ping is due. A complete message has only to end: how it
    ends does not matter."""
    if not is_complete:
        return response.read_until_idle(ping_seconds)
    try:
        return response.read(_END_SECONDS) or b""
    except errors.GatewayError:
        return b""
