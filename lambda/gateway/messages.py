"""`POST /v1/messages`: Anthropic's Messages API over Bedrock's InvokeModel.

https://platform.claude.com/docs/en/api/messages
"""

import json
import time

from gateway import caller_options, errors, json_object, message_body, sse
from gateway.audit import Record, RecordedResponse
from gateway.caller_options import METADATA_HEADER
from gateway.invocation import Answer, Call, ask, carried, metadata
from gateway.message_body import Members
from gateway.message_stream import MessageStream
from gateway.request import Request, encoded
from gateway.service import Service
from gateway.usage import from_headers

_END_SECONDS = 1.0  # within which a stream ends whose message is whole
_STREAM_HEADERS = {"content-type": sse.CONTENT_TYPE, "cache-control": "no-cache"}
_REQUIRED = {"model": str, "max_tokens": int, "messages": list}


def create(request: Request, response: RecordedResponse, record: Record, service: Service) -> None:
    """Answer with the model's message, as JSON or as server-sent events. Raises GatewayError."""
    call = _prepare(request, record, service)
    try:
        _ask(call, response, record, service)
    except errors.InvalidRequest as error:
        tools = message_body.tool_names(call.body)
        error.message = message_body.with_tool_name(error.message, tools)
        raise


def _ask(call: Call, response: RecordedResponse, record: Record, service: Service) -> None:
    if not record.stream:
        with ask(call, record, service) as answer:
            _relay_json(answer, response, record)
        return
    keep_alive = KeepAlive(response, service)
    with ask(call, record, service._replace(look=keep_alive.look)) as answer:
        keep_alive.is_waiting = False
        _relay_stream(answer, response, record, service.settings.ping_seconds)


class KeepAlive:
    """Pings a caller while Bedrock has not answered yet: what stands between may end a connection
    that is silent. The first ping decides the status: what fails after it is an error event."""

    def __init__(self, response: RecordedResponse, service: Service) -> None:
        self.is_waiting = True
        self._response = response
        self._service = service
        self._spoke_at = time.monotonic()

    def look(self) -> None:
        """Called now and then while there is silence. Raises CallerGone."""
        self._service.look()
        silent = time.monotonic() - self._spoke_at
        if self.is_waiting and silent >= self._service.settings.ping_seconds:
            self._response.start_once(200, _STREAM_HEADERS)
            self._response.write(sse.PING)
            self._spoke_at = time.monotonic()


def _prepare(request: Request, record: Record, service: Service) -> Call:
    members = message_body.read(message_body.taken(request, record, service.settings), _REQUIRED)
    record.stream = _streamed(members)
    resolved = service.resolve(members["model"].value, record.team)
    record.resolved(resolved)
    operation = "invoke-with-response-stream" if record.stream else "invoke"
    tier = caller_options.check_message_body(members, service.settings)
    headers = _headers(request, record, service, tier)
    if tier:  # it goes as a header
        members = {name: member for name, member in members.items() if name != "service_tier"}
    parts = message_body.for_bedrock(members, resolved.model, request, record, service.settings)
    del members  # a large body is there twice at most: as it came, and as it was read or goes
    body = encoded(json_object.join(parts))
    return Call(resolved.profile_ids, operation, headers, body)


def _streamed(members: Members) -> bool:
    value = members["stream"].value if "stream" in members else None
    if not isinstance(value, bool | None):
        raise errors.InvalidRequest("stream: Input should be a valid boolean")
    return bool(value)


def _headers(request: Request, record: Record, service: Service, tier: str) -> dict[str, str]:
    settings = service.settings
    selected = caller_options.select_headers(request, record, settings, tier=tier)
    return {
        **caller_options.with_guardrail(selected, settings.guardrail),
        "accept": "application/vnd.amazon.eventstream" if record.stream else "application/json",
        "content-type": "application/json",
        METADATA_HEADER: json.dumps(metadata(request, record)),
    }


def _relay_json(answer: Answer, response: RecordedResponse, record: Record) -> None:
    body = answer.read_object()
    record.usage = from_headers(answer.reply.headers)
    headers = {**carried(answer.reply.headers), "content-type": "application/json"}
    response.answer(200, headers, body)


def _relay_stream(
    answer: Answer, response: RecordedResponse, record: Record, ping_seconds: float
) -> None:
    """Send on what each read brings in one write; keep the caller's connection alive in silence."""
    stream = MessageStream()
    headers = {**carried(answer.reply.headers), **_STREAM_HEADERS}
    while (data := _next(answer, ping_seconds, complete=stream.complete)) != b"":
        events = sse.PING if data is None else stream.feed(data)
        record.usage = stream.usage
        record.upstream_complete = stream.complete and stream.is_clean
        if events:
            response.start_once(200, headers)
            response.write(events)
            answer.spoke()
        if stream.error is not None:
            raise stream.error
    stream.end()
    if stream.error is not None:
        raise stream.error


def _next(answer: Answer, ping_seconds: float, *, complete: bool) -> bytes | None:
    """What comes next. A message that is whole has only to end, and how does not matter."""
    if not complete:
        return answer.read_or_speak(ping_seconds)
    try:
        return answer.read(_END_SECONDS) or b""
    except errors.GatewayError:
        return b""
