"""Amazon's event-stream framing, decoded incrementally; no socket in it.

Framing: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
Header value types: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import TypeAlias
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
MAX_FRAME_BYTES = 24 * 1024 * 1024  # the specification's bound: 16 MiB payload, 128 KiB headers
_PRELUDE = Struct(">III")
_LENGTHS = Struct(">II")
_CRC = Struct(">I")
_FIXED_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_SIZED = (6, 7)
_STRING = 7
_HEADER_CACHE_LIMIT = 64

Headers: TypeAlias = Mapping[str, str]
"""A message's string headers: Bedrock sends no others. Of equal ones a decoder gives the same."""

Frame: TypeAlias = tuple[Headers, bytes]
"""One message: its headers and its payload."""


class FrameError(Exception):
    """Bytes that are no event stream: a wrong checksum, an impossible length, a cut frame."""


class Decoder:
    """Turns bytes into frames, wherever they are cut."""

    def __init__(self) -> None:
        self._buffer = b""
        self._headers: dict[bytes, Headers] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises FrameError."""
        buffer = self._buffer + data if self._buffer else data
        view, frames, end = memoryview(buffer), [], 0
        for at, body, end in _whole(buffer):
            crc_at = end - _CRC.size
            if crc32(view[at:crc_at]) != _CRC.unpack_from(buffer, crc_at)[0]:
                raise FrameError("a message's checksum is wrong")
            raw = buffer[at + _PRELUDE.size : body]
            headers = self._headers.get(raw) or self._read(raw)
            frames.append((headers, buffer[body:crc_at]))
        self._buffer = buffer[end:]
        return frames

    def end(self) -> None:
        """The stream has ended. Raises FrameError if it did so inside a frame."""
        if self._buffer:
            raise FrameError("the stream ended inside a frame")

    def _read(self, raw: bytes) -> Headers:
        headers = _parse_headers(raw)
        if len(self._headers) < _HEADER_CACHE_LIMIT:
            self._headers[raw] = headers
        return headers


class Relay:
    """Passes frames on as they came, whole ones only, so that an error can follow any of them."""

    def __init__(self) -> None:
        self._last = b""
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """The bytes up to the last frame that `data` completes. Raises FrameError."""
        buffer = self._buffer + data if self._buffer else data
        at, _, end = [(0, 0, 0), *_whole(buffer)][-1]
        if end:
            self._last = buffer[at:end]
        self._buffer = buffer[end:]
        return buffer[:end]

    def end(self) -> Frame | None:
        """The stream's last frame, None if there was none. Raises FrameError if it was cut."""
        if self._buffer:
            raise FrameError("the stream ended inside a frame")
        return Decoder().feed(self._last)[0] if self._last else None


def exception(name: str, payload: bytes) -> bytes:
    """The frame by which a stream fails after it has begun; `payload` is a JSON object."""
    fields = {
        ":message-type": "exception",
        ":exception-type": name,
        ":content-type": "application/json",
    }
    headers = b"".join(_string_header(*field) for field in fields.items())
    lengths = _LENGTHS.pack(len(headers) + len(payload) + 16, len(headers))
    message = lengths + _CRC.pack(crc32(lengths)) + headers + payload
    return message + _CRC.pack(crc32(message))


def _string_header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\7" + len(value).to_bytes(2) + value.encode()


def _whole(buffer: bytes) -> Iterator[tuple[int, int, int]]:
    """Of each whole frame in `buffer`, from its start: where it begins, where its payload begins,
    and where it ends. Raises FrameError."""
    at, size = 0, len(buffer)
    while size - at >= _PRELUDE.size:
        total, header_length, prelude_crc = _PRELUDE.unpack_from(buffer, at)
        if crc32(buffer[at : at + _LENGTHS.size]) != prelude_crc:
            raise FrameError("the prelude's checksum is wrong")
        if not header_length + 16 <= total <= MAX_FRAME_BYTES:
            raise FrameError("a frame of impossible length")
        if size - at < total:
            return
        yield at, at + _PRELUDE.size + header_length, at + total
        at += total


def _parse_headers(raw: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    at = 0
    try:
        while at < len(raw):
            name_end = at + 1 + raw[at]
            name, kind = raw[at + 1 : name_end].decode(), raw[name_end]
            at = name_end + 1
            if kind in _SIZED:
                size = int.from_bytes(raw[at : at + 2], "big")
                at += 2
            else:
                size = _FIXED_SIZES[kind]
            if at + size > len(raw):
                raise FrameError("a header runs past its frame")
            if kind == _STRING:
                headers[name] = raw[at : at + size].decode()
            at += size
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise FrameError("a header that cannot be read") from error
    return headers
