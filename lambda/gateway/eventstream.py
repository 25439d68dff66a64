"""Amazon's event-stream framing, decoded incrementally; no socket in it.

Framing: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
Header value types: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from collections.abc import Mapping, Sized
from struct import Struct
from typing import TypeAlias
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

Headers: TypeAlias = Mapping[str, str]
"""A message's string headers: Bedrock sends no others. Of equal ones a decoder gives the same."""

Frame: TypeAlias = tuple[Headers, bytes]
"""One message: its headers and its payload."""


class FrameError(Exception):
    """Bytes that are no event stream: a wrong checksum, an impossible length, a cut frame."""


class _Cutter:
    """Finds the whole frames in bytes, wherever reads end. `damage`: what is wrong behind the last
    of them, so that whole frames are not lost to what came with them."""

    def __init__(self) -> None:
        self.damage: FrameError | None = None
        self._buffer = b""

    def _cut(self, data: bytes) -> tuple[bytes, list[tuple[int, int, int]]]:
        """`data` after what was left over, and of each whole frame in it where it begins, where its
        payload does, and where it ends. Raises FrameError, if there is none before it."""
        buffer = self._buffer + data if self._buffer else data
        view, places, at, size = memoryview(buffer), list[tuple[int, int, int]](), 0, len(buffer)
        damage = ""
        while size - at >= _PRELUDE.size and not damage:
            total, header_length, prelude_crc = _PRELUDE.unpack_from(buffer, at)
            end = at + total
            if crc32(buffer[at : at + _LENGTHS.size]) != prelude_crc:
                damage = "the prelude's checksum is wrong"
            elif (
                header_length > MAX_HEADER_BYTES
                or not header_length + 16 <= total <= MAX_FRAME_BYTES
            ):
                damage = "a frame of impossible length"
            elif end > size:
                break
            elif crc32(view[at : end - 4]) != _CRC.unpack_from(buffer, end - 4)[0]:
                damage = "a message's checksum is wrong"
            else:
                places.append((at, at + _PRELUDE.size + header_length, end))
                at = end
        self._buffer = buffer[at:]
        if damage:
            self._stop(FrameError(damage), places)
        return buffer, places

    def _check_end(self) -> None:
        if self._buffer:
            raise FrameError("the stream ended inside a frame")

    def _stop(self, error: FrameError, found: Sized) -> None:
        if not found:
            raise error
        self.damage = error


class Decoder(_Cutter):
    """Turns bytes into frames."""

    def __init__(self) -> None:
        super().__init__()
        self._headers: dict[bytes, Headers] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises FrameError, if there is none before it."""
        buffer, places = self._cut(data)
        frames: list[Frame] = []
        try:
            for at, body, end in places:
                raw = buffer[at + _PRELUDE.size : body]
                headers = self._headers.get(raw) or self._read(raw)
                frames.append((headers, buffer[body : end - 4]))
        except FrameError as error:
            self._stop(error, frames)
        return frames

    def end(self) -> None:
        """The stream has ended. Raises FrameError if it did so inside a frame."""
        self._check_end()

    def _read(self, raw: bytes) -> Headers:
        headers = _parse_headers(raw)
        if len(self._headers) < _HEADER_CACHE_LIMIT:
            self._headers[raw] = headers
        return headers


class Relay(_Cutter):
    """Passes frames on as they came, whole ones only, so that an error can follow any of them."""

    def __init__(self) -> None:
        super().__init__()
        self._last = b""

    def feed(self, data: bytes) -> bytes:
        """The bytes up to the last frame that `data` completes. Raises FrameError, if there is none
        before it."""
        buffer, places = self._cut(data)
        if not places:
            return b""
        at, _, end = places[-1]
        self._last = buffer[at:end]
        return buffer[:end]

    def check(self) -> None:
        """Raises FrameError for what is wrong behind the bytes last given."""
        if self.damage is not None:
            raise self.damage

    def end(self) -> Frame | None:
        """The stream's last frame, None if there was none. Raises FrameError if it was cut."""
        self._check_end()
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
