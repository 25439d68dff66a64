"""The bytes of an HTTP/1.1 request, and of a response, read incrementally; no socket, no clock.

Every rule here is RFC 9112's: https://www.rfc-editor.org/rfc/rfc9112
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

MAX_HEAD_BYTES = 65_536
MAX_CHUNK_BYTES = 32 * 1024 * 1024  # a chunk is held until it is whole
_MAX_LINE_BYTES = 8_192
_COPIED_BYTES = 1 << 16  # of a request's body
_STATUS_LINE = r"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?"  # compiled at the first use, kept by re
_FIELD = r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)"
# Chunk extensions are skipped, as a recipient must those it does not know (section 7.1.1).
_CHUNK_SIZE = rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?"


class ProtocolError(Exception):
    """The peer does not speak HTTP/1.1, or stopped in the middle of a response."""


def post_request(
    path: str, host: str, headers: Mapping[str, str], body: bytes
) -> tuple[bytes] | tuple[bytes, bytes]:
    """Return the bytes of a POST: in one piece, unless the body is too large to be copied."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    text = f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
    head = text.encode("latin-1")
    return (head + body,) if len(body) < _COPIED_BYTES else (head, body)


class Head(NamedTuple):
    """Status and header fields; names in lower case, repeated fields joined by a comma. `persists`:
    whether the peer keeps the connection open after the response."""

    status: int
    headers: dict[str, str]
    persists: bool = True


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
        self._held: list[bytes] = []  # of a chunk that is not whole yet
        self._missing = 0  # bytes of it still to come
        self._chunked = False
        self._remaining: int | None = None  # bytes of body still to come; None: until the close

    def feed(self, data: bytes) -> bytes:
        """Return the body bytes that `data` completes. Raises ProtocolError, if none are before
        it."""
        self.check()
        if len(data) < self._missing:
            self._held.append(data)
            self._missing -= len(data)
            return b""
        self._take(data)
        if self.head is None and not self._read_head():
            return b""
        return self._read_chunks() if self._chunked else self._read_plain()

    def _take(self, data: bytes) -> None:
        self._buffer = b"".join((self._buffer, *self._held, data)) if self._buffer else data
        self._held, self._missing = [], 0

    def check(self) -> None:
        """Raises ProtocolError for what is wrong behind the bytes last given."""
        if self._damage is not None:
            raise self._damage

    def end(self) -> None:
        """Note that the peer has closed. Raises ProtocolError if the response may not end here."""
        framed = self.head is None or self._chunked or self._remaining is not None
        if framed and not self.complete:
            raise ProtocolError("the connection was closed in the middle of a response")
        self.complete = True

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request after this response."""
        # Bytes behind the response answer no request of ours: what follows them cannot be trusted.
        if self.head is None or not self.complete or self._buffer:
            return False
        framed = self._chunked or self._remaining is not None
        return framed and self.head.persists

    def _read_head(self) -> bool:
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = _parse_head(self._buffer[:end])
            self._buffer = self._buffer[end + 4 :]
            # Interim responses may come before the final one:
            # https://www.rfc-editor.org/rfc/rfc9110#section-15.2
            if head.status >= 200:
                self.head = head
                self._choose_framing(head)
                return True
        if len(self._buffer) > MAX_HEAD_BYTES:
            raise ProtocolError("the header section is too long")
        return False

    def _choose_framing(self, head: Head) -> None:
        # These have no body, whatever their fields say (section 6.3).
        if head.status in (204, 304):
            self._remaining = 0
        # It overrides Content-Length. With neither, the body lasts until the close (section 6.3).
        elif "transfer-encoding" in head.headers:
            self._chunked = _is_chunked(head.headers["transfer-encoding"])
        elif "content-length" in head.headers:
            self._remaining = _content_length(head.headers["content-length"])
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
        """Add the chunks that are here to `parts`."""
        buffer, at, available = self._buffer, 0, len(self._buffer)
        while (line_end := buffer.find(b"\r\n", at)) >= 0:
            size = _chunk_size(buffer[at:line_end])
            if size == 0:
                at = self._read_trailer(buffer, at, line_end)
                break
            start, end = line_end + 2, line_end + 2 + size
            if available < end + 2:
                _check_length(size, MAX_CHUNK_BYTES)
                self._missing = end + 2 - available
                break
            if buffer[end : end + 2] != b"\r\n":
                raise ProtocolError("a chunk is longer than it announced")
            parts.append(buffer[start:end])
            at = end + 2
        else:
            _check_length(available - at, _MAX_LINE_BYTES)
        self._buffer = buffer[at:]

    def _read_trailer(self, buffer: bytes, at: int, line_end: int) -> int:
        """Return where the response ends; `at`, where its last chunk begins, until its trailer is
        here."""
        trailer_end = buffer.find(b"\r\n\r\n", line_end)
        self.complete = trailer_end >= 0
        if not self.complete:
            _check_length(len(buffer) - line_end, MAX_HEAD_BYTES)
        return trailer_end + 4 if self.complete else at


def _parse_head(head: bytes) -> Head:
    # Latin-1 keeps every octet: a field value may hold obs-text, of no known encoding.
    # https://www.rfc-editor.org/rfc/rfc9110#section-5.5
    status_line, *lines = head.decode("latin-1").split("\r\n")
    status = re.fullmatch(_STATUS_LINE, status_line)
    if status is None or status[2] == "101":  # nobody has asked for another protocol
        raise ProtocolError("the status line is not HTTP/1.1's")
    headers: dict[str, str] = {}
    for line in _unfolded(lines):
        field = re.fullmatch(_FIELD, line)
        if field is None:
            raise ProtocolError("a header line is not NAME: VALUE")
        # White space around a value is not part of it (section 5.1).
        name, value = field[1].lower(), field[2].strip(" \t")
        # Repeated fields are one list, in order: https://www.rfc-editor.org/rfc/rfc9110#section-5.3
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    options = {item.strip() for item in headers.get("connection", "").lower().split(",")}
    # HTTP/1.1 persists by default, HTTP/1.0 does not (section 9.3).
    return Head(int(status[2]), headers, status[1] == "1" and "close" not in options)


def _unfolded(lines: list[str]) -> list[str]:
    """Return the header lines with each folded one, which begins with white space, joined to the
    line before it (section 5.2)."""
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and unfolded:
            unfolded[-1] += f" {line.strip()}"
        else:
            unfolded.append(line)
    return unfolded


def _is_chunked(transfer_encoding: str) -> bool:
    """Return whether the body is framed by chunks; we have asked for no other coding (section
    6.1)."""
    if transfer_encoding.lower() != "chunked":
        raise ProtocolError("a transfer coding that nobody has asked for")
    return True


def _content_length(value: str) -> int:
    """Equal numbers count as one (section 6.3)."""
    numbers = {item.strip() for item in value.split(",")}
    number = numbers.pop()
    if numbers or not re.fullmatch(r"[0-9]{1,15}", number):
        raise ProtocolError("a length is not a number")
    return int(number)


def _check_length(size: int, most: int) -> None:
    if size > most:
        raise ProtocolError("a line or a chunk is too long")


@lru_cache(maxsize=1024)  # a stream's chunks are of a few hundred sizes
def _chunk_size(line: bytes) -> int:
    match = re.fullmatch(_CHUNK_SIZE, line)
    if match is None:
        raise ProtocolError("a chunk's size is not a number")
    return int(match[1], 16)
