"""The format of an error: Anthropic's, Bedrock's, or one that serves the clients of both."""

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from gateway import eventstream, sse
from gateway.errors import GatewayError

_JSON = {"content-type": "application/json"}

ErrorResponse: TypeAlias = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body of an error before the first byte of a response."""


class ErrorFormat:
    """`response` writes an error before the first byte of a response, `stream_event` after it,
    where the stream is of `stream_type`; each takes the error and the request id."""

    def __init__(
        self,
        response: Callable[[GatewayError, str], ErrorResponse],
        stream_event: Callable[[GatewayError, str], bytes],
        stream_type: str,
    ) -> None:
        self.response = response
        self.stream_event = stream_event
        self.stream_type = stream_type


def _anthropic_error(error: GatewayError, request_id: str) -> dict[str, object]:
    """Return Anthropic's error object:
    https://platform.claude.com/docs/en/api/errors#error-shapes"""
    content: dict[str, object] = {"type": error.type, "message": error.message}
    if error.details:
        content["details"] = dict(error.details)
    return {"type": "error", "error": content, "request_id": request_id}


def _anthropic_body(error: GatewayError, request_id: str) -> bytes:
    return json.dumps(_anthropic_error(error, request_id)).encode()


def _anthropic_response(error: GatewayError, request_id: str) -> ErrorResponse:
    return error.status, {**_JSON, **error.headers}, _anthropic_body(error, request_id)


def _anthropic_event(error: GatewayError, request_id: str) -> bytes:
    return sse.event(b"error", _anthropic_body(error, request_id))


def _bedrock_response(error: GatewayError, _request_id: str) -> ErrorResponse:
    """Return Bedrock's error response:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html"""
    name, status = error.bedrock
    return status, {**_JSON, **error.headers, "x-amzn-errortype": name}, _bedrock_body(error)


def _bedrock_body(error: GatewayError) -> bytes:
    """Return Bedrock's own sentence where it is Bedrock's error."""
    return json.dumps({"message": error.bedrock_message or error.message}).encode()


def _bedrock_event(error: GatewayError, _request_id: str) -> bytes:
    name = error.bedrock[0]
    exception = name[:1].lower() + name[1:]
    return eventstream.exception(exception, _bedrock_body(error))


def _common_response(error: GatewayError, request_id: str) -> ErrorResponse:
    """Return both in one, as API Gateway's own errors here: an AWS SDK reads `message` and the
    header, a client of Anthropic's the rest."""
    name, _ = error.bedrock
    body = {**_anthropic_error(error, request_id), "message": error.message}
    headers = {**_JSON, **error.headers, "x-amzn-errortype": name}
    return error.status, headers, json.dumps(body).encode()


ANTHROPIC = ErrorFormat(_anthropic_response, _anthropic_event, sse.CONTENT_TYPE)
BEDROCK = ErrorFormat(_bedrock_response, _bedrock_event, eventstream.CONTENT_TYPE)
COMMON = ErrorFormat(_common_response, _anthropic_event, sse.CONTENT_TYPE)
