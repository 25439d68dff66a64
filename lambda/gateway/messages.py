"""`POST /v1/messages`: Anthropic's Messages API over Bedrock's InvokeModel.

The request: https://platform.claude.com/docs/en/api/messages and, as Bedrock takes it,
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
"""

import json
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from gateway import errors, json_object, sse
from gateway.audit import Record, RecordedResponse
from gateway.json_object import Member
from gateway.message_stream import MessageStream, Usage
from gateway.request import Request, encoded, size
from gateway.service import Service
from gateway.upstream import Reply, read_all

ANTHROPIC_VERSION = "bedrock-2023-05-31"
_IN_THE_URL = ("model", "stream")  # Bedrock has them in the path, and refuses them in the body
_REQUIRED = {"model": str, "max_tokens": int, "messages": list}
_KINDS = {str: "string", int: "integer", list: "array"}
_JSON_SECONDS = 290.0  # API Gateway gives up on a silent connection after 300
_RESERVE_SECONDS = 5.0  # to tell the caller before Lambda ends the invocation
_REQUEST_ID = "x-amzn-requestid"
_TOKEN_HEADERS = {
    "input_tokens": "x-amzn-bedrock-input-token-count",
    "output_tokens": "x-amzn-bedrock-output-token-count",
    "cache_read_input_tokens": "x-amzn-bedrock-cache-read-input-token-count",
    "cache_creation_input_tokens": "x-amzn-bedrock-cache-write-input-token-count",
}


class Call(NamedTuple):
    """What Bedrock is asked: the path names model and operation, the body is ready to send."""

    path: str
    body: bytes


def create(request: Request, response: RecordedResponse, record: Record, service: Service) -> None:
    """Answer with the model's message, as JSON or as server-sent events. Raises GatewayError."""
    call = _prepare(request, record, service)
    until = time.monotonic() + service.remaining() - _RESERVE_SECONDS
    patience = min(_JSON_SECONDS, until - time.monotonic())
    headers = _headers(request, record)
    record.asked = True
    reply = service.upstream.post(call.path, headers, call.body, seconds=patience)
    try:
        record.bedrock_request_id = reply.headers.get(_REQUEST_ID, "")
        if reply.status != 200:
            raise _refusal(reply, patience)
        if record.stream:
            _relay_stream(reply, response, record, service.settings.ping_seconds, until)
        else:
            _relay_json(reply, response, record, patience)
    finally:
        reply.close()


def _prepare(request: Request, record: Record, service: Service) -> Call:
    text = request.text(limit=service.settings.max_body_bytes)
    record.request_bytes = size(text)
    try:
        members = json_object.members(text)
    except json_object.NotAnObject as error:
        raise errors.InvalidRequest(str(error)) from error
    _check(members)
    record.stream = members["stream"].value is True if "stream" in members else False
    resolved = service.resolve(members["model"].value)
    record.model, record.profile_id = resolved.model.name, resolved.profile_id
    operation = "invoke-with-response-stream" if record.stream else "invoke"
    path = f"/model/{quote(resolved.profile_id, safe='')}/{operation}"
    return Call(path, _bedrock_body(members, request.headers.get("anthropic-beta", "")))


def _check(members: Mapping[str, Member]) -> None:
    """Anthropic's own wording for what every request must have."""
    for name, kind in _REQUIRED.items():
        if name not in members:
            raise errors.InvalidRequest(f"{name}: Field required")
        value = members[name].value
        if not isinstance(value, kind) or isinstance(value, bool):
            raise errors.InvalidRequest(f"{name}: Input should be a valid {_KINDS[kind]}")
    if "stream" in members and not isinstance(members["stream"].value, bool | None):
        raise errors.InvalidRequest("stream: Input should be a valid boolean")


def _bedrock_body(members: Mapping[str, Member], beta_header: str) -> bytes:
    parts = {name: member.text for name, member in members.items() if name not in _IN_THE_URL}
    parts["anthropic_version"] = f'"{ANTHROPIC_VERSION}"'
    betas = _betas(members, beta_header)
    if betas:
        parts["anthropic_beta"] = json.dumps(betas)
    return encoded(json_object.join(parts))


def _betas(members: Mapping[str, Member], header: str) -> list[str]:
    """Bedrock takes betas in the body only: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html"""
    given = members["anthropic_beta"].value if "anthropic_beta" in members else []
    if not isinstance(given, list) or not all(isinstance(beta, str) for beta in given):
        raise errors.InvalidRequest("anthropic_beta: Input should be a valid array of strings")
    named = [beta.strip() for beta in header.split(",") if beta.strip()]
    return list(dict.fromkeys([*given, *named]))


def _headers(request: Request, record: Record) -> dict[str, str]:
    """The request metadata is the gateway's alone: what a client sends there stays behind."""
    metadata = {
        "api_key_id": request.api_key_id,
        "api_key_name": record.api_key_name,
        "gateway_request_id": request.id,
    }
    stated = {name: value for name, value in metadata.items() if value}
    return {
        "accept": "application/vnd.amazon.eventstream" if record.stream else "application/json",
        "content-type": "application/json",
        "x-amzn-bedrock-request-metadata": json.dumps(stated),
    }


def _refusal(reply: Reply, seconds: float) -> errors.GatewayError:
    try:
        content = json.loads(read_all(reply, seconds) or b"{}")
    except ValueError:
        content = {}
    message = content.get("message") if isinstance(content, dict) else None
    return errors.from_bedrock(
        reply.headers.get("x-amzn-errortype", ""),
        str(message or ""),
        status=reply.status,
        retry_after=reply.headers.get("retry-after", ""),
    )


def _relay_json(reply: Reply, response: RecordedResponse, record: Record, seconds: float) -> None:
    body = read_all(reply, seconds)
    counts = {
        field: int(text)
        for field, name in _TOKEN_HEADERS.items()
        if (text := reply.headers.get(name, "")).isdecimal()
    }
    record.usage = Usage(**counts)
    response.start(200, {"content-type": "application/json"})
    response.write(body)


def _relay_stream(
    reply: Reply, response: RecordedResponse, record: Record, ping_seconds: float, until: float
) -> None:
    """Send on what each read brings in one write; keep the caller's connection alive in silence."""
    stream = MessageStream()
    while (data := reply.read(min(ping_seconds, until - time.monotonic()))) != b"":
        if data is None and time.monotonic() >= until:
            raise errors.UpstreamTimeout("The message took longer than this gateway may run.")
        events = sse.PING if data is None else stream.feed(data)
        record.usage = stream.usage
        if events:
            _send(response, events)
        if stream.error is not None:
            raise stream.error
    stream.end()
    if stream.error is not None:
        raise stream.error


def _send(response: RecordedResponse, events: bytes) -> None:
    if not response.started:
        response.start(200, {"content-type": sse.CONTENT_TYPE, "cache-control": "no-cache"})
    response.write(events)
