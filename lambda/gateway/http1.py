"""The bytes of an HTTP/1.1 response, read incrementally; no socket and no clock.

Every rule here is RFC 9112's: https://www.rfc-editor.org/rfc/rfc9112
"""

from functools import lru_cache
from typing import NamedTuple

MAX_HEAD_BYTES = 65_536
MAX_CHUNK_BYTES = 32 * 1024 * 1024  # a chunk is held until it is whole
_MAX_LINE_BYTES = 8_192


class ProtocolError(Exception):
    """The peer does not speak HTTP/1.1, or stopped in the middle of a response."""


class Head(NamedTuple):
    """Status and header fields; names in lower case, repeated fields joined by a comma."""

    status: int
    headers: dict[str, str]


class ResponseReader:
    """Turns the bytes of one response into its head and its body, wherever they are cut.

    `feed` takes what the socket gave and returns the body bytes in it; `head` is set once the
    header section is whole, `complete` once the body is. Interim (1xx) responses are skipped.
    A chunk of a chunked body is given back when it is whole, and what came before damage is too.
    """

    def __init__(self) -> None:
        self.head: Head | None = None
        self.complete = False
        self._damage: ProtocolError | None = None
        self._buffer = b""
        self._chunked = False
        self._remaining: int | None = None  # bytes of body still to come; None: until the close

    def feed(self, data: bytes) -> bytes:
        """The body bytes that `data` completes. Raises ProtocolError, if none are before it."""
        self.check()
        self._buffer = self._buffer + data if self._buffer else data
        if self.head is None and not self._read_head():
            return b""
        return self._read_chunks() if self._chunked else self._read_plain()

    def check(self) -> None:
        """Raises ProtocolError for what is wrong behind the bytes last given."""
        if self._damage is not None:
            raise self._damage

    def end(self) -> None:
        """The peer has closed. Raises ProtocolError if the response may not end here."""
        framed = self.head is None or self._chunked or self._remaining is not None
        if framed and not self.complete:
            raise ProtocolError("the connection was closed in the middle of a response")
        self.complete = True

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request after this response."""
        if self.head is None or not self.complete or self._buffer:
            return False
        framed = self._chunked or self._remaining is not None
        return framed and "close" not in self.head.headers.get("connection", "").lower()

    def _read_head(self) -> bool:
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = _parse_head(self._buffer[:end])
            self._buffer = self._buffer[end + 4 :]
            if head.status >= 200:
                self.head = head
                self._choose_framing(head)
                return True
        if len(self._buffer) > MAX_HEAD_BYTES:
            raise ProtocolError("the header section is too long")
        return False

    def _choose_framing(self, head: Head) -> None:
        if head.status in (204, 304):
            self._remaining = 0
        elif "chunked" in head.headers.get("transfer-encoding", "").lower():
            self._chunked = True
        elif "content-length" in head.headers:
            self._remaining = _number(head.headers["content-length"].encode(), 10)
        self.complete = self._remaining == 0

    def _read_plain(self) -> bytes:
        if self._remaining is None:
            body, self._buffer = self._buffer, b""
            return body
        body, self._buffer = self._buffer[: self._remaining], self._buffer[self._remaining :]
        self._remaining -= len(body)
        self.complete = self._remaining == 0
        return body

    def _read_chunks(self) -> bytes:
        parts: list[bytes] = []
        try:
            self._cut_chunks(parts)
        except ProtocolError as error:
            self._damage = error
        if not parts:
            self.check()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _cut_chunks(self, parts: list[bytes]) -> None:
        """Adds the chunks that are here to `parts`."""
        buffer, at, available = self._buffer, 0, len(self._buffer)
        while (line_end := buffer.find(b"\r\n", at)) >= 0:
            size = _chunk_size(buffer[at:line_end])
            if size == 0:
                at = self._read_trailer(buffer, at, line_end)
                break
            start, end = line_end + 2, line_end + 2 + size
            if available < end + 2:
                _check_length(size, MAX_CHUNK_BYTES)
                break
            if buffer[end : end + 2] != b"\r\n":
                raise ProtocolError("a chunk is longer than it announced")
            parts.append(buffer[start:end])
            at = end + 2
        else:
            _check_length(available - at, _MAX_LINE_BYTES)
        self._buffer = buffer[at:]

    def _read_trailer(self, buffer: bytes, at: int, line_end: int) -> int:
        """Where the response ends; `at`, where its last chunk begins, until its trailer is here."""
        trailer_end = buffer.find(b"\r\n\r\n", line_end)
        self.complete = trailer_end >= 0
        if not self.complete:
            _check_length(len(buffer) - line_end, MAX_HEAD_BYTES)
        return trailer_end + 4 if self.complete else at


def _parse_head(head: bytes) -> Head:
    status_line, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = status_line.partition(" ")
    status = rest[:3]
    if not version.startswith("HTTP/1.") or not (status.isascii() and status.isdigit()):
        raise ProtocolError("the status line is not HTTP/1.1's")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ProtocolError("a header line has no colon")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Head(int(status), headers)


def _check_length(size: int, most: int) -> None:
    if size > most:
        raise ProtocolError("a line or a chunk is too long")


@lru_cache(maxsize=1024)  # a stream's chunks are of a few hundred sizes
def _chunk_size(line: bytes) -> int:
    return _number(line.partition(b";")[0], 16)


def _number(text: bytes, base: int) -> int:
    digits = text.strip()
    if not digits.isalnum():  # int() would also take signs and underscores
        raise ProtocolError("a length is not a number")
    try:
        return int(digits, base)
    except ValueError as error:
        raise ProtocolError("a length is not a number") from error
