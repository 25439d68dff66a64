"""How an error is written for whoever reads it: Anthropic's clients, or Bedrock's."""

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

from gateway import eventstream, sse
from gateway.errors import GatewayError

_JSON = {"content-type": "application/json"}


class ErrorAnswer:
    """An error before the first byte of an answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


class ErrorFormat(NamedTuple):
    """`answer` before the first byte; `in_stream` after it, where the stream is `stream_type`."""

    answer: Callable[[GatewayError, str], ErrorAnswer]
    in_stream: Callable[[GatewayError, str], bytes]
    stream_type: str


def _anthropic_body(error: GatewayError, request_id: str) -> bytes:
    """https://platform.claude.com/docs/en/api/errors#error-shapes"""
    about: dict[str, object] = {"type": error.type, "message": error.message}
    if error.details:
        about["details"] = dict(error.details)
    return json.dumps({"type": "error", "error": about, "request_id": request_id}).encode()


def _anthropic_answer(error: GatewayError, request_id: str) -> ErrorAnswer:
    headers = {**_JSON, **error.headers}
    return ErrorAnswer(error.status, headers, _anthropic_body(error, request_id))


def _anthropic_event(error: GatewayError, request_id: str) -> bytes:
    return sse.event(b"error", _anthropic_body(error, request_id))


def _bedrock_answer(error: GatewayError, _request_id: str) -> ErrorAnswer:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html"""
    name, status = error.bedrock
    headers = {**_JSON, **error.headers, "x-amzn-errortype": name}
    return ErrorAnswer(status, headers, _bedrock_body(error))


def _bedrock_body(error: GatewayError) -> bytes:
    """Bedrock's own sentence where it is Bedrock's error."""
    return json.dumps({"message": error.bedrock_message or error.message}).encode()


def _bedrock_frame(error: GatewayError, _request_id: str) -> bytes:
    name = error.bedrock[0]
    exception = name[:1].lower() + name[1:]
    return eventstream.exception(exception, _bedrock_body(error))


ANTHROPIC = ErrorFormat(_anthropic_answer, _anthropic_event, sse.CONTENT_TYPE)
BEDROCK = ErrorFormat(_bedrock_answer, _bedrock_frame, eventstream.CONTENT_TYPE)
