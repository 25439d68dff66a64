"""Bedrock's own operations, passed through: bodies and event-stream frames as they came.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
"""

import json
from typing import Any

from gateway import caller_options, errors, eventstream, json_object, reasons, usage
from gateway.audit import Record, RecordedResponse
from gateway.caller_options import METADATA_HEADER
from gateway.invocation import Answer, Call, ask, carried, metadata
from gateway.json_object import Parts
from gateway.message_body import object_members, taken
from gateway.message_stream import inner, stream_error
from gateway.request import Request, encoded
from gateway.service import Service
from gateway.settings import Guardrail, Settings

_METRICS = "amazon-bedrock-invocationMetrics"
_FAILURES = (b":exception-type", b":error-message")  # headers of the frames that end a stream
_SILENT_SECONDS = 1.0  # after which it is looked whether more is to come
_LAST = ("message_stop", "metadata", "error")
_UNFINISHED = (  # events that no message ends with, of InvokeModel's stream and of Converse's
    *("message_start", "content_block_start", "content_block_delta", "content_block_stop"),
    *("message_delta", "messageStart", "contentBlockStart", "contentBlockDelta"),
    "contentBlockStop",
)


class Operation:
    """`converse`: metadata and usage are members of the body, not headers."""

    def __init__(self, streamed: bool, converse: bool) -> None:
        self.streamed = streamed
        self.converse = converse


OPERATIONS = {
    "invoke": Operation(streamed=False, converse=False),
    "invoke-with-response-stream": Operation(streamed=True, converse=False),
    "converse": Operation(streamed=False, converse=True),
    "converse-stream": Operation(streamed=True, converse=True),
}


def invoke(request: Request, response: RecordedResponse, record: Record, service: Service) -> None:
    """One of OPERATIONS. Raises GatewayError."""
    name = request.parameters["operation"]
    operation = OPERATIONS[name]
    record.stream = operation.streamed
    headers, body = _sent(request, record, operation, service.settings)
    resolved = service.resolve(request.parameters["id"], record.team)
    record.resolved(resolved)
    call = Call(resolved.profile_ids, name, headers, body)
    with ask(call, record, service) as answer:
        if operation.streamed:
            _relay_stream(answer, response, record)
        else:
            _relay(answer, response, record, operation)


def _sent(
    request: Request, record: Record, operation: Operation, settings: Settings
) -> tuple[dict[str, str], bytes]:
    """The headers and the body for Bedrock; the caller's name and the stage's guardrail are in one
    of them."""
    if operation.converse:
        return _converse(request, record, settings)
    text = taken(request, record, settings)
    selected = _headers(request, record, settings, _invoke_tier(text, settings))
    headers = caller_options.with_guardrail(selected, settings.guardrail)
    headers[METADATA_HEADER] = json.dumps(metadata(request, record))
    return headers, encoded(text)


def _headers(request: Request, record: Record, settings: Settings, tier: str) -> dict[str, str]:
    """What Bedrock reads of a client's headers: content types, and its own."""
    headers = request.headers
    named = {"content-type": headers.get("content-type", "application/json")}
    if "accept" in headers:
        named["accept"] = headers["accept"]
    return {**named, **caller_options.select_headers(request, record, settings, tier=tier)}


def _invoke_tier(text: str, settings: Settings) -> str:
    """The tier that an InvokeModel body names; a body that can name none is not parsed."""
    if not caller_options.can_hold_options(text):
        return ""
    members = object_members(text)
    values = {name: member.value for name, member in members.items()}
    return caller_options.check_invoke_body(values, settings)


def _converse(request: Request, record: Record, settings: Settings) -> tuple[dict[str, str], bytes]:
    """Converse has metadata and guardrail in its body: these members are set, the others keep
    their bytes."""
    members = object_members(taken(request, record, settings))
    tier = caller_options.check_converse_body(members, settings)
    headers = _headers(request, record, settings, "")
    if tier:
        record.service_tier = tier
    client = members["requestMetadata"].value if "requestMetadata" in members else None
    if not isinstance(client, dict | None):
        raise errors.InvalidRequest("The request metadata must be an object of strings.")
    parts: Parts = {name: member.written for name, member in members.items()}
    parts["requestMetadata"] = json.dumps(metadata(request, record, client))
    if settings.guardrail is not None:
        theirs = _texts(members["guardrailConfig"]) if "guardrailConfig" in members else {}
        parts["guardrailConfig"] = json_object.join({**theirs, **_enforced(settings.guardrail)})
    del members  # see messages
    return headers, encoded(json_object.join(parts))


def _enforced(guardrail: Guardrail) -> Parts:
    ours = {"guardrailIdentifier": guardrail.id, "guardrailVersion": guardrail.version}
    return {name: json.dumps(value) for name, value in ours.items()}


def _relay(
    answer: Answer, response: RecordedResponse, record: Record, operation: Operation
) -> None:
    body = answer.read_object()
    if operation.converse:
        record.usage = usage.from_converse(_object(json_object.parsed(body).get("usage")))
    else:
        record.usage = usage.from_headers(answer.reply.headers)
    response.answer(200, _answer_headers(answer, record, "application/json"), body)


def _relay_stream(answer: Answer, response: RecordedResponse, record: Record) -> None:
    relay = eventstream.Relay()
    try:
        while (data := _next(answer, relay)) != b"":
            frames = _redacted(relay.feed(data or b""), relay)
            if frames:
                response.start_once(200, _answer_headers(answer, record, eventstream.CONTENT_TYPE))
                response.write(frames)
                answer.spoke()
            relay.check()
        last = relay.end()
    except eventstream.FrameError as error:
        raise errors.UpstreamFailed("Bedrock's stream was damaged.", cause=str(error)) from error
    if last is None:
        raise errors.UpstreamFailed("Bedrock's stream was empty.", cause="StreamCut")
    _note_end(last, record)
    if record.error is None:
        answer.complete()


def _redacted(frames: bytes, relay: eventstream.Relay) -> bytes:
    """The same, but exceptions without what names the account, wherever they are."""
    if not any(name in frames for name in _FAILURES):
        return frames
    return b"".join(map(_redacted_frame, relay.given()))


def _redacted_frame(frame: bytes) -> bytes:
    ((headers, payload),) = eventstream.Decoder().feed(frame)
    if headers.get(":message-type") == "event":
        return frame
    content = json_object.parsed(payload)
    texts = {name: value for name, value in content.items() if isinstance(value, str)}
    shown = {name: reasons.redact(value) for name, value in texts.items()}
    fields = {name: reasons.redact(value) for name, value in headers.items()}
    if shown == texts and fields == headers:
        return frame
    return eventstream.frame(fields, json.dumps({**content, **shown}).encode())


def _next(answer: Answer, relay: eventstream.Relay) -> bytes | None:
    """What comes next. A stream that has said all has only to end, and how does not matter."""
    try:
        data = answer.read(_SILENT_SECONDS)
    except errors.GatewayError:
        if _is_over(relay.last()):
            return b""
        raise
    return b"" if data is None and _is_over(relay.last()) else data


def _note_end(last: eventstream.Frame, record: Record) -> None:
    """What the last frame says: the tokens, or why the stream failed (the caller has it too).

    Raises UpstreamFailed where more had to come, which a caller could not tell from an end."""
    if not _is_event(last):
        record.interrupted(stream_error(last))
        return
    kind, content = _event(last)
    if kind == "error":
        record.interrupted(errors.from_event(content))
        return
    if _METRICS in content:
        record.usage = usage.from_metrics(_object(content[_METRICS]))
    else:
        record.usage = usage.from_converse(_object(content.get("usage")))
    if kind in _UNFINISHED:
        message = "Bedrock ended the stream before the message was complete."
        raise errors.UpstreamFailed(message, cause="StreamCut")


def _is_over(last: eventstream.Frame | None) -> bool:
    """Whether a stream has said all, even if Bedrock has not ended it."""
    return last is not None and (not _is_event(last) or _event(last)[0] in _LAST)


def _is_event(frame: eventstream.Frame) -> bool:
    headers, _ = frame
    return headers.get(":message-type") == "event"


def _event(frame: eventstream.Frame) -> tuple[object, dict[str, Any]]:
    """Its kind and content, of InvokeModel's stream or of Converse's."""
    headers, payload = frame
    content = json_object.parsed(payload)
    if "bytes" not in content:
        return headers.get(":event-type"), content
    try:
        content = json_object.parsed(inner(payload))
    except (ValueError, TypeError):  # the caller has it as it came, and can read as much of it
        return None, {}
    return content.get("type"), content


def _answer_headers(answer: Answer, record: Record, content_type: str) -> dict[str, str]:
    return {
        "content-type": content_type,
        "x-amzn-requestid": record.request_id,
        **carried(answer.reply.headers),
    }


def _texts(member: json_object.Member) -> Parts:
    """The members of an object, as they were written; none of what is no object."""
    if not isinstance(member.value, dict):
        return {}
    return {name: each.text for name, each in json_object.members(member.text).items()}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
