"""A caller's request, taken out of API Gateway's event.

The event: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any, NamedTuple

from gateway.errors import InvalidRequest, RequestTooLarge


class Request(NamedTuple):
    """Header names in lower case; `id` is API Gateway's request id. `api_key_name` is the name that
    the key carries, which API Gateway has found good. `caller_arn` is who signed, where callers
    sign."""

    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, str]
    id: str
    api_key_id: str
    api_key_name: str
    caller_arn: str
    event_body: str
    is_base64: bool

    def text(self, *, limit: int) -> str:
        """The body, at most `limit` bytes of UTF-8. Raises RequestTooLarge, InvalidRequest."""
        text = _decoded(self.event_body) if self.is_base64 else self.event_body
        if size(text) > limit:
            message = f"The request body is larger than this gateway takes ({limit:,} bytes)."
            raise RequestTooLarge(message)
        return text


def from_event(event: dict[str, Any]) -> Request:
    """The request in a REST API's Lambda proxy event."""
    context = event["requestContext"]
    identity = context.get("identity") or {}
    headers = event.get("headers") or {}
    return Request(
        method=event["httpMethod"],
        path=event["path"],
        query=event.get("queryStringParameters") or {},
        headers={name.lower(): value for name, value in headers.items()},
        id=context["requestId"],
        api_key_id=identity.get("apiKeyId") or "",
        api_key_name=(context.get("authorizer") or {}).get("keyName") or "",
        caller_arn=identity.get("userArn") or "",
        event_body=event.get("body") or "",
        is_base64=bool(event.get("isBase64Encoded")),
    )


def size(text: str) -> int:
    """Bytes of UTF-8. Raises InvalidRequest."""
    return len(text) if text.isascii() else len(encoded(text))


def encoded(text: str) -> bytes:
    """UTF-8. Raises InvalidRequest for half a surrogate pair, which has none."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest("The request body is not valid UTF-8.") from error


def _decoded(body: str) -> str:
    try:
        return b64decode(body, validate=True).decode()
    except (UnicodeDecodeError, Base64Error) as error:
        raise InvalidRequest("The request body is not valid UTF-8.") from error
