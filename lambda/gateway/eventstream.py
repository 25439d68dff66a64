"""Amazon's event-stream framing, decoded incrementally; no socket in it.

Framing: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
Header value types: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from struct import Struct
from typing import NamedTuple
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
MAX_HEADER_BYTES = 128 * 1024
MAX_FRAME_BYTES = 24 * 1024 * 1024  # the specification's bound: 16 MiB payload, 128 KiB headers
_PRELUDE = Struct(">III")
_LENGTHS = Struct(">II")
_CRC = Struct(">I")
_FIXED_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_SIZED = (6, 7)
_STRING = 7
_HEADER_CACHE_LIMIT = 64


class FrameError(Exception):
    """Bytes that are no event stream: a wrong checksum, an impossible length, a cut frame."""


class Frame(NamedTuple):
    """One message. `headers` holds the string headers only: Bedrock sends no others."""

    headers: dict[str, str]
    payload: bytes


class Decoder:
    """Turns bytes into frames, wherever they are cut. `damage`: what is wrong behind the last of
    them, so that whole frames are not lost to what came with them."""

    def __init__(self) -> None:
        self.damage: FrameError | None = None
        self._buffer = b""
        self._headers: dict[bytes, dict[str, str]] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises FrameError, if there is none before it."""
        buffer = self._buffer + data if self._buffer else data
        at, frames = 0, []
        try:
            while (total := _length(buffer, at)) and len(buffer) - at >= total:
                frames.append(self._frame(buffer[at : at + total]))
                at += total
        except FrameError as error:
            if not frames:
                raise
            self.damage = error
        self._buffer = buffer[at:]
        return frames

    def end(self) -> None:
        """The stream has ended. Raises FrameError if it did so inside a frame."""
        if self._buffer:
            raise FrameError("the stream ended inside a frame")

    def _frame(self, message: bytes) -> Frame:
        header_length = _PRELUDE.unpack_from(message)[1]
        _check_whole(message)
        headers_end = _PRELUDE.size + header_length
        raw = message[_PRELUDE.size : headers_end]
        headers = self._headers.get(raw)
        if headers is None:
            headers = _parse_headers(raw)
            if len(self._headers) < _HEADER_CACHE_LIMIT:
                self._headers[raw] = headers
        return Frame(headers, message[headers_end:-4])


class Relay:
    """Passes frames on as they came, whole ones only, so that an error can follow any of them."""

    def __init__(self) -> None:
        self._damage: FrameError | None = None
        self._last = b""
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """The bytes up to the last frame that `data` completes. Raises FrameError, if there is none
        before it."""
        buffer = self._buffer + data if self._buffer else data
        last = at = 0
        try:
            while (total := _length(buffer, at)) and len(buffer) - at >= total:
                _check_whole(buffer[at : at + total])
                last, at = at, at + total
        except FrameError as error:
            if not at:
                raise
            self._damage = error
        if at:
            self._last = buffer[last:at]
        self._buffer = buffer[at:]
        return buffer[:at]

    def check(self) -> None:
        """Raises FrameError for what is wrong behind the bytes last given."""
        if self._damage is not None:
            raise self._damage

    def last(self) -> Frame | None:
        """The last frame given; None if there was none, or if the next one has begun."""
        return Decoder().feed(self._last)[0] if self._last and not self._buffer else None

    def end(self) -> Frame | None:
        """The stream's last frame, None if there was none. Raises FrameError if it was cut."""
        if self._buffer:
            raise FrameError("the stream ended inside a frame")
        return self.last()


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


def _length(buffer: bytes, at: int) -> int:
    """The length of the frame that begins at `at`; 0 while too little of it is here to tell."""
    if len(buffer) - at < _PRELUDE.size:
        return 0
    total, header_length, prelude_crc = _PRELUDE.unpack_from(buffer, at)
    if crc32(buffer[at : at + _LENGTHS.size]) != prelude_crc:
        raise FrameError("the prelude's checksum is wrong")
    if header_length > MAX_HEADER_BYTES or not header_length + 16 <= total <= MAX_FRAME_BYTES:
        raise FrameError("a frame of impossible length")
    return int(total)


def _check_whole(message: bytes) -> None:
    if crc32(message[:-4]) != _CRC.unpack_from(message, len(message) - 4)[0]:
        raise FrameError("a message's checksum is wrong")


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
