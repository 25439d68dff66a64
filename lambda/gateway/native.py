"""Bedrock's own operations, passed through: bodies and event-stream frames as they came.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from gateway import errors, eventstream, json_object, usage
from gateway.audit import Record, RecordedResponse
from gateway.invocation import METADATA_HEADER, Answer, Call, ask, carried, guarded, metadata
from gateway.json_object import Parts
from gateway.message_body import object_members, taken
from gateway.message_stream import inner, stream_error
from gateway.request import Request, encoded
from gateway.service import Service, model_in, operation_in
from gateway.settings import Guardrail, Settings

_METRICS = "amazon-bedrock-invocationMetrics"
_READ_SECONDS = 60.0


class Operation(NamedTuple):
    """`converse`: metadata and usage are members of the body, not headers."""

    streamed: bool
    converse: bool


OPERATIONS = {
    "invoke": Operation(streamed=False, converse=False),
    "invoke-with-response-stream": Operation(streamed=True, converse=False),
    "converse": Operation(streamed=False, converse=True),
    "converse-stream": Operation(streamed=True, converse=True),
}


def invoke(request: Request, response: RecordedResponse, record: Record, service: Service) -> None:
    """One of OPERATIONS. Raises GatewayError."""
    name = operation_in(request.path)
    operation = OPERATIONS[name]
    record.stream = operation.streamed
    headers, body = _sent(request, record, operation, service.settings)
    resolved = service.resolve(model_in(request.path))
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
        return _headers(request.headers, None), _converse_body(request, record, settings)
    headers = _headers(request.headers, settings.guardrail)
    headers[METADATA_HEADER] = json.dumps(metadata(request, record))
    return headers, encoded(taken(request, record, settings))


def _headers(headers: Mapping[str, str], guardrail: Guardrail | None) -> dict[str, str]:
    """What Bedrock reads of a client's headers: content types, and its own."""
    named = {"content-type": headers.get("content-type", "application/json")}
    if "accept" in headers:
        named["accept"] = headers["accept"]
    return {**named, **guarded(headers, guardrail)}


def _converse_body(request: Request, record: Record, settings: Settings) -> bytes:
    """Converse has both in its body: these members are set, the others keep their bytes."""
    members = object_members(taken(request, record, settings))
    client = members["requestMetadata"].value if "requestMetadata" in members else None
    if not isinstance(client, dict | None):
        raise errors.InvalidRequest("The request metadata must be an object of strings.")
    parts: Parts = {name: member.written for name, member in members.items()}
    parts["requestMetadata"] = json.dumps(metadata(request, record, client))
    if settings.guardrail is not None:
        theirs = members["guardrailConfig"].value if "guardrailConfig" in members else None
        parts["guardrailConfig"] = json.dumps({**_object(theirs), **_enforced(settings.guardrail)})
    del members  # see messages
    return encoded(json_object.join(parts))


def _enforced(guardrail: Guardrail) -> dict[str, str]:
    return {"guardrailIdentifier": guardrail.id, "guardrailVersion": guardrail.version}


def _relay(
    answer: Answer, response: RecordedResponse, record: Record, operation: Operation
) -> None:
    body = answer.read_all()
    if operation.converse:
        record.usage = usage.from_converse(_object(json_object.parsed(body).get("usage")))
    else:
        record.usage = usage.from_headers(answer.reply.headers)
    response.answer(200, _answer_headers(answer, record, "application/json"), body)


def _relay_stream(answer: Answer, response: RecordedResponse, record: Record) -> None:
    relay = eventstream.Relay()
    try:
        while (data := answer.read(_READ_SECONDS)) != b"":
            frames = relay.feed(data or b"")
            if frames:
                response.start_once(200, _answer_headers(answer, record, eventstream.CONTENT_TYPE))
                response.write(frames)
            relay.check()
        last = relay.end()
    except eventstream.FrameError as error:
        raise errors.UpstreamFailed("Bedrock's stream was damaged.", cause=str(error)) from error
    if last is None:
        raise errors.UpstreamFailed("Bedrock's stream was empty.", cause="StreamCut")
    _note_end(last, record)


def _note_end(last: eventstream.Frame, record: Record) -> None:
    """What the last frame says: the tokens, or why the stream failed (the caller has it too)."""
    headers, payload = last
    if headers.get(":message-type") != "event":
        record.interrupted(stream_error(last))
        return
    content = json_object.parsed(payload)
    if "bytes" in content:
        content = json_object.parsed(inner(payload))
        record.usage = usage.from_metrics(_object(content.get(_METRICS)))
    else:
        record.usage = usage.from_converse(_object(content.get("usage")))


def _answer_headers(answer: Answer, record: Record, content_type: str) -> dict[str, str]:
    return {
        "content-type": content_type,
        "x-amzn-requestid": record.request_id,
        **carried(answer.reply.headers),
    }


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
