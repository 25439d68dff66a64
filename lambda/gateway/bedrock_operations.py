"""Bedrock's own operations, passed through: bodies and event-stream frames as they came.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
"""

import json
from binascii import b2a_base64
from typing import Any

from gateway import bedrock_errors, caller_options, errors, eventstream, json_object, reasons, usage
from gateway.bedrock_call import BedrockRequest, BedrockResponse, bedrock_headers, call_bedrock
from gateway.caller_options import METADATA_HEADER
from gateway.json_object import Parts
from gateway.message_stream import inner, stream_error
from gateway.messages_request import object_members
from gateway.request import encoded
from gateway.request_context import RequestContext
from gateway.request_metadata import request_metadata
from gateway.settings import Guardrail, Settings

_METRICS = "amazon-bedrock-invocationMetrics"
_ERROR_EVENT = b'{"type":"error"'
_FAILURES = (b":exception-type", b":error-message", b2a_base64(_ERROR_EVENT, newline=False))
"""What the frames that end a stream with an error hold: headers, and Anthropic's event."""
_JSON = "application/json"
_IDLE_SECONDS = 1.0  # after which a complete stream is over
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


def invoke(context: RequestContext) -> None:
    """Answer one of OPERATIONS. Raises GatewayError."""
    name = context.parameters["operation"]
    operation = OPERATIONS[name]
    context.call.is_stream = operation.streamed
    headers, body = _converse(context) if operation.converse else _invoke_model(context)
    resolved = context.resolve(context.parameters["id"])
    request = BedrockRequest(resolved.profile_ids, name, headers, body)
    with call_bedrock(request, context) as response:
        if operation.streamed:
            _relay_stream(response, context)
        else:
            _relay_json(response, context, operation)


def _invoke_model(context: RequestContext) -> tuple[dict[str, str], bytes]:
    """Return headers, the caller's name and the stage's guardrail among them, and the body."""
    text = context.take_body()
    selected = _headers(context, _invoke_tier(text, context.settings))
    headers = caller_options.with_guardrail(selected, context.settings.guardrail)
    headers[METADATA_HEADER] = json.dumps(request_metadata(context))
    return headers, encoded(text)


def _headers(context: RequestContext, tier: str) -> dict[str, str]:
    """Return what Bedrock reads of a client's headers: content types, and its own."""
    headers = context.request.headers
    content_types = {"content-type": _content_type(headers.get("content-type", _JSON))}
    if "accept" in headers:
        content_types["accept"] = headers["accept"]
    return {**content_types, **caller_options.select_headers(context, tier=tier)}


def _content_type(sent: str) -> str:
    """Return the type without a charset, which InvokeModel refuses and some HTTP clients add: the
    body goes as UTF-8. https://github.com/tedder/requests-aws4auth/issues/71,
    https://github.com/tsibelman/aws-signer-v4-dot-net/issues/40"""
    media_type = sent.partition(";")[0].strip()
    return media_type if media_type.lower() == _JSON else sent


def _invoke_tier(text: str, settings: Settings) -> str:
    """Return the tier that an InvokeModel body names; a body that can name none is not parsed."""
    if not caller_options.can_hold_options(text):
        return ""
    members = object_members(text)
    if caller_options.names_option(members):
        caller_options.check_repeated_names(text)
    values = {name: member.value for name, member in members.items()}
    return caller_options.check_invoke_body(values, settings)


def _converse(context: RequestContext) -> tuple[dict[str, str], bytes]:
    """Return headers and body. Converse has metadata and guardrail in its body: these members are
    set, the others keep their bytes."""
    settings = context.settings
    members = object_members(context.take_body())
    tier = caller_options.check_converse_body(members, settings)
    headers = _headers(context, "")
    if tier:
        context.call.service_tier = tier
    metadata = members["requestMetadata"].value if "requestMetadata" in members else None
    if not isinstance(metadata, dict | None):
        raise errors.InvalidRequest(
            "requestMetadata: Input should be a JSON object whose values are strings"
        )
    parts: Parts = {name: member.written for name, member in members.items()}
    parts["requestMetadata"] = json.dumps(request_metadata(context, metadata))
    if settings.guardrail is not None:
        sent = _texts(members["guardrailConfig"]) if "guardrailConfig" in members else {}
        parts["guardrailConfig"] = json_object.join({**sent, **_enforced(settings.guardrail)})
    del members  # see messages
    return headers, encoded(json_object.join(parts))


def _enforced(guardrail: Guardrail) -> Parts:
    members = {"guardrailIdentifier": guardrail.id, "guardrailVersion": guardrail.version}
    return {name: json.dumps(value) for name, value in members.items()}


def _relay_json(response: BedrockResponse, context: RequestContext, operation: Operation) -> None:
    body = response.read_object()
    if operation.converse:
        counts = _object(json_object.parsed(body).get("usage"))
        context.call.usage = usage.from_converse(counts)
    else:
        context.call.usage = usage.from_headers(response.headers, body)
    headers = _response_headers(response, context, _JSON)
    context.response.send(200, headers, body)


def _relay_stream(response: BedrockResponse, context: RequestContext) -> None:
    frames = eventstream.Relay()
    try:
        while (data := _read(response, frames)) != b"":
            relayed = _redacted(frames.feed(data or b""), frames)
            if relayed:
                headers = _response_headers(response, context, eventstream.CONTENT_TYPE)
                context.response.start_once(200, headers)
                context.response.write(relayed)
            frames.check()
        last = frames.end()
    except eventstream.FrameError as error:
        raise errors.UpstreamFailed(
            "Bedrock's stream was damaged. Try again.", cause=str(error)
        ) from error
    if last is None:
        raise errors.UpstreamFailed("Bedrock's stream was empty. Try again.", cause="StreamCut")
    _note_end(last, context)
    if context.error is None:
        response.attempt.is_complete = True


def _redacted(frames: bytes, relay: eventstream.Relay) -> bytes:
    """Return the frames, with errors redacted of what names the account."""
    # Nearly every read holds no error: its bytes go on without being decoded.
    if not any(name in frames for name in _FAILURES):
        return frames
    return b"".join(map(_redacted_frame, relay.last_frames()))


def _redacted_frame(frame: bytes) -> bytes:
    ((headers, payload),) = eventstream.Decoder().feed(frame)
    is_event = headers.get(":message-type") == "event"
    redacted = _redacted_event(payload) if is_event else _redacted_json(payload)
    fields = {name: reasons.redact(value) for name, value in headers.items()}
    if redacted == payload and fields == headers:
        return frame
    return eventstream.frame(fields, redacted)


def _redacted_event(payload: bytes) -> bytes:
    """Return the payload of an event, redacted if that is an error: a completion passes as it
    is."""
    try:
        event = inner(payload)
    except (ValueError, KeyError, TypeError):
        return payload
    redacted = _redacted_json(event) if event.startswith(_ERROR_EVENT) else event
    if redacted == event:
        return payload
    encoded_event = b2a_base64(redacted, newline=False).decode()
    return json.dumps({**json_object.parsed(payload), "bytes": encoded_event}).encode()


def _redacted_json(data: bytes) -> bytes:
    """Return JSON with every text in it redacted; data that is none, as one text."""
    try:
        content = json.loads(data)
        redacted = _redacted_value(content)
    except (ValueError, RecursionError):
        return reasons.redact(data.decode(errors="surrogateescape")).encode(
            errors="surrogateescape"
        )
    return data if redacted == content else json.dumps(redacted).encode()


def _redacted_value(value: object) -> object:
    if isinstance(value, str):
        return reasons.redact(value)
    if isinstance(value, dict):
        return {name: _redacted_value(item) for name, item in value.items()}
    return [_redacted_value(item) for item in value] if isinstance(value, list) else value


def _read(response: BedrockResponse, frames: eventstream.Relay) -> bytes | None:
    """Return the next bytes. A complete stream has only to end: how it ends does not matter."""
    try:
        data = response.read(_IDLE_SECONDS)
    except errors.GatewayError:
        if _is_over(frames.last()):
            return b""
        raise
    return b"" if data is None and _is_over(frames.last()) else data


def _note_end(last: eventstream.Frame, context: RequestContext) -> None:
    """Note what the last frame says: the tokens, or why the stream failed (the client has it too).

    Raises UpstreamFailed where more had to come, which a caller could not tell from an end."""
    if not _is_event(last):
        context.interrupt(stream_error(last))
        return
    kind, content = _event(last)
    if kind == "error":
        context.interrupt(bedrock_errors.from_event(content))
        return
    if _METRICS in content:
        context.call.usage = usage.from_metrics(_object(content[_METRICS]))
    else:
        context.call.usage = usage.from_converse(_object(content.get("usage")))
    if kind in _UNFINISHED:
        message = "Bedrock ended the stream before the message was complete. Try again."
        raise errors.UpstreamFailed(message, cause="StreamCut")


def _is_over(last: eventstream.Frame | None) -> bool:
    """Return whether a stream has said all, even if Bedrock has not ended it."""
    return last is not None and (not _is_event(last) or _event(last)[0] in _LAST)


def _is_event(frame: eventstream.Frame) -> bool:
    headers, _ = frame
    return headers.get(":message-type") == "event"


def _event(frame: eventstream.Frame) -> tuple[object, dict[str, Any]]:
    """Return its kind and content, of InvokeModel's stream or of Converse's."""
    headers, payload = frame
    content = json_object.parsed(payload)
    if "bytes" not in content:
        return headers.get(":event-type"), content
    try:
        content = json_object.parsed(inner(payload))
    except (ValueError, TypeError):  # the caller has it as it came, and can read as much of it
        return None, {}
    return content.get("type"), content


def _response_headers(
    response: BedrockResponse, context: RequestContext, content_type: str
) -> dict[str, str]:
    return {
        "content-type": content_type,
        "x-amzn-requestid": context.response.request_id,
        **bedrock_headers(response.headers),
    }


def _texts(member: json_object.Member) -> Parts:
    """Return the members of an object, as they were written; none of what is no object."""
    if not isinstance(member.value, dict):
        return {}
    return {name: value.text for name, value in json_object.members(member.text).items()}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
