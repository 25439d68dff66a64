"""A caller's request, taken out of API Gateway's event.

The event: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from gateway import content_coding
from gateway.caller import Caller, from_event_context
from gateway.errors import InvalidRequest, RequestTooLarge, UnsupportedMediaType

_SINGLE_VALUED: Final = frozenset({"anthropic-user-profile-id", "content-type"})
_SINGLE_VALUED_PREFIX: Final = "x-amzn-bedrock-"
"""Headers that the gateway reads and that hold one value; every other one is a list:
https://www.rfc-editor.org/rfc/rfc9110#section-5.3"""

_SPOILED: Final = (
    "Content-Encoding: the compressed body did not reach the gateway as it was sent. Send it "
    "without Content-Encoding."
)


class Body:
    """What a caller sent, until it is taken: it may be large, and is not kept beside what is made
    of it."""

    def __init__(self, text: str, *, is_base64: bool = False) -> None:
        self._text = text
        self._is_base64 = is_base64

    def take(self, content_encoding: str, limit: int) -> str:
        """Return the text, without the codings that the header names.

        Raises RequestTooLarge, UnsupportedMediaType, InvalidRequest.
        """
        text, self._text = self._text, ""
        if content_encoding and text:
            return _without_codings(text, content_encoding, limit, is_base64=self._is_base64)
        return _as_text(_bytes(text)) if self._is_base64 else text


class Request:
    """Header names in lower case, the lines of one name joined by commas; `id` is API Gateway's
    request id. `path` is what follows the stage, or a custom domain's base path. `contradictory`
    are headers that hold one value and came with several."""

    def __init__(  # noqa: PLR0917 - as API Gateway's event has them
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        query: dict[str, str],
        id: str,  # noqa: A002 - the field of that name
        caller: Caller,
        body: Body,
        contradictory: tuple[str, ...] = (),
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.query = query
        self.id = id
        self.caller = caller
        self.body = body
        self.contradictory = contradictory

    def check_headers(self) -> None:
        """Raise InvalidRequest for a header that holds one value and came with several."""
        if self.contradictory:
            raise InvalidRequest(
                f"{self.contradictory[0]}: the request has this header more than once, with "
                f"different values. Send it once."
            )

    def take_text(self, *, limit: int) -> tuple[str, int]:
        """Return the body and its size, at most `limit` bytes of UTF-8; the request has it no
        longer.

        Raises RequestTooLarge, UnsupportedMediaType, InvalidRequest.
        """
        text = self.body.take(self.headers.get("content-encoding", ""), limit)
        size = utf8_size(text)
        if size > limit:
            raise _too_large(limit)
        return text, size


def from_event(event: dict[str, Any]) -> Request:
    """Return the request in a REST API's Lambda proxy event."""
    context = event["requestContext"]
    headers, contradictory = _headers(event)
    return Request(
        method=event["httpMethod"],
        path=_path(event),
        query=_query(event),
        headers=headers,
        id=context["requestId"],
        caller=from_event_context(context),
        body=Body(event.get("body") or "", is_base64=bool(event.get("isBase64Encoded"))),
        contradictory=contradictory,
    )


def _query(event: Mapping[str, Any]) -> dict[str, str]:
    """Return every parameter, several values of one joined by commas, as a list is also written.
    `queryStringParameters` holds only the last value of each name."""
    several = event.get("multiValueQueryStringParameters") or {}
    joined = {name: ",".join(values) for name, values in several.items()}
    return {**(event.get("queryStringParameters") or {}), **joined}


def _headers(event: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the headers by name in lower case, and the names of contradictory ones.

    `multiValueHeaders` holds every line of every header, `headers` only the last of each name.
    """
    headers: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    pairs: Iterable[tuple[str, list[str]]] = (event.get("multiValueHeaders") or {}).items()
    for sent_name, values in pairs:
        name = sent_name.lower()
        if len(values) == 1 and name not in headers and name not in repeated:
            headers[name] = values[0].strip()  # nearly every header
        else:
            before = [headers.pop(name)] if name in headers else []
            lines = repeated.setdefault(name, before)
            lines.extend(value.strip() for value in values)
    for sent_name, value in (event.get("headers") or {}).items():
        name = sent_name.lower()
        if name not in headers and name not in repeated:
            headers[name] = value
    if not repeated:
        return headers, ()
    joined = {name: _joined(name, lines) for name, lines in repeated.items()}
    contradictory = (
        name for name, lines in repeated.items() if _is_single(name) and len(set(lines)) > 1
    )
    return {**headers, **joined}, tuple(contradictory)


def _joined(name: str, lines: list[str]) -> str:
    """Return the lines as one value; the last of a header that holds one."""
    return lines[-1] if _is_single(name) else ", ".join(lines)


def _is_single(name: str) -> bool:
    return name in _SINGLE_VALUED or name.startswith(_SINGLE_VALUED_PREFIX)


def _path(event: dict[str, Any]) -> str:
    """Return the path from the resource on that API Gateway has matched, as it was sent:
    `event["path"]` may begin with the base path of a custom domain and with the stage's name.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html

    A path with an empty segment stays as it is: it is a client's wrong base URL, not a route.
    """
    sent, path = str(event["path"]), str(event.get("resource") or "")
    if not path or "//" in sent:
        return sent
    for name, value in (event.get("pathParameters") or {}).items():
        path = path.replace(f"{{{name}+}}", value).replace(f"{{{name}}}", value)
    if path == sent:
        return sent
    segments = sent.split("/")
    ends = ("/" + "/".join(segments[at:]) for at in range(1, len(segments)))
    path_end = next((end for end in ends if path in (end, unquote(end))), path)
    return f"{path_end}/" if sent.endswith("/") and not path_end.endswith("/") else path_end


def utf8_size(text: str) -> int:
    """Return the bytes of UTF-8. Raises InvalidRequest."""
    return len(text) if text.isascii() else len(encoded(text))


def encoded(text: str) -> bytes:
    """Return the text as UTF-8. Raises InvalidRequest for half a surrogate pair, which has no
    encoding."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest("The request body is not valid UTF-8. Encode it as UTF-8.") from error


def _without_codings(text: str, header: str, limit: int, *, is_base64: bool) -> str:
    """API Gateway documents that it decodes a body, not whether the header goes on nevertheless: a
    body that begins as JSON does has been decoded. Compressed bytes that came as text are lost."""
    try:
        applied = content_coding.codings(header)
        data = _bytes(text) if is_base64 else text.encode(errors="replace")
        if not applied or data.lstrip()[:1] in (b"{", b"["):
            return _as_text(data) if is_base64 else text
        if not is_base64:
            raise UnsupportedMediaType(_SPOILED)
        return _as_text(content_coding.decoded(data, applied, limit))
    except content_coding.TooLongError as error:
        raise _too_large(limit) from error
    except content_coding.CodingError as error:
        message = f"Content-Encoding: {error}. This endpoint takes {content_coding.TAKEN}."
        raise UnsupportedMediaType(message) from error


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(
        f"The request body is larger than this endpoint's own limit of {limit:,} bytes "
        f"(max_body_bytes), which its operator sets."
    )


def _bytes(body: str) -> bytes:
    try:
        return b64decode(body, validate=True)
    except Base64Error as error:
        raise InvalidRequest("The request body is not valid UTF-8. Encode it as UTF-8.") from error


def _as_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest("The request body is not valid UTF-8. Encode it as UTF-8.") from error
