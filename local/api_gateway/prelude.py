"""The parser of a streamed response's prelude, which ends where its body begins; no sockets, only
bytes.

A function behind a streaming integration sends JSON with the status and headers, eight NUL bytes
within the first 16 KB, then the body as it is:
https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

END = b"\0" * 8
LARGEST_BYTES = 16 * 1024


class MalformedAnswerError(Exception):
    """The answer does not begin as it must."""


class Head(NamedTuple):
    """The answer's status and headers; names in lower case, one pair for each value."""

    status: int
    headers: tuple[tuple[str, str], ...]


class Prelude:
    """Fed with bytes until it has the `head`; what `feed` returns is body."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return the part of `data` that belongs to the body. Raise MalformedAnswerError."""
        if self.head is not None:
            return data
        self._held += data
        # The NUL bytes may be cut by a chunk: what was held is searched again with the new bytes.
        end = self._held.find(END, 0, LARGEST_BYTES)
        if end < 0:
            if len(self._held) >= LARGEST_BYTES:
                raise MalformedAnswerError("there is no end of the head in the first 16 KB")
            return b""
        self.head = head_of(self._held[:end])
        rest, self._held = self._held[end + len(END) :], b""
        return rest

    def end(self) -> None:
        """Call at the end of the answer. Raises MalformedAnswerError if there was no head."""
        if self.head is None:
            raise MalformedAnswerError("the answer ended before its head did")


def head_of(text: bytes) -> Head:
    """Return the head that a JSON object states. Raise MalformedAnswerError."""
    try:
        metadata = json.loads(text)
        return Head(int(metadata.get("statusCode", 200)), tuple(_headers(metadata)))
    except (ValueError, AttributeError, TypeError) as broken:
        raise MalformedAnswerError("the head is no JSON object of the known shape") from broken


def _headers(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Those of `headers`, unless `multiValueHeaders` has them too."""
    several: dict[str, list[str]] = metadata.get("multiValueHeaders") or {}
    names = {name.lower() for name in several}
    for name, value in (metadata.get("headers") or {}).items():
        if name.lower() not in names:
            yield name.lower(), str(value)
    for name, values in several.items():
        yield from ((name.lower(), str(value)) for value in values)
    # One header for each cookie, as they cannot be joined by commas:
    # https://www.rfc-editor.org/rfc/rfc6265#section-3
    for cookie in metadata.get("cookies") or []:
        yield "set-cookie", str(cookie)
