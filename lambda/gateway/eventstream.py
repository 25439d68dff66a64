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
_PRELUDE_BYTES = 12
_prelude_at = Struct(">III").unpack_from  # both lengths and their checksum
_LENGTHS = Struct(">II")
_CRC = Struct(">I")
_crc_at = _CRC.unpack_from
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
        self._complete = 0  # bytes of the buffer that are whole frames
        self._held: list[bytes] = []  # of the frame that the buffer ends in
        self._missing = 0  # bytes of that frame still to come

    def _find(self, data: bytes) -> list[tuple[int, int, int]]:
        """Of each frame that `data` completes, where in the buffer it begins, where its payload
        does, and where it ends. Raises FrameError, if there is none before it."""
        rest = self._buffer[self._complete :]
        if len(data) < self._missing:
            self._buffer, self._complete = rest, 0
            self._held.append(data)
            self._missing -= len(data)
            return []
        self._buffer = b"".join((rest, *self._held, data)) if rest else data
        self._held, self._missing = [], 0
        positions: list[tuple[int, int, int]] = []
        try:
            self._missing = _find(self._buffer, positions)
        except FrameError as error:
            self._stop(error, positions)
        self._complete = positions[-1][-1] if positions else 0
        return positions

    def _stop(self, error: FrameError, frames: Sized) -> None:
        if not frames:
            raise error
        self.damage = error

    def _check_end(self) -> None:
        if len(self._buffer) > self._complete:
            raise FrameError("the stream ended inside a frame")


class Decoder(_Cutter):
    """Turns bytes into frames."""

    def __init__(self) -> None:
        super().__init__()
        self._headers: dict[bytes, Headers] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes. Raises FrameError, if there is none before
        it."""
        positions, frames = self._find(data), list[Frame]()
        buffer, known = self._buffer, self._headers
        try:
            for at, body, end in positions:
                raw = buffer[at + _PRELUDE_BYTES : body]
                frames.append((known.get(raw) or self._read(raw), buffer[body : end - 4]))
        except FrameError as error:
            self._stop(error, frames)
        return frames

    def end(self) -> None:
        """Check that the stream ends at a frame's end. Raises FrameError if it does not."""
        self._check_end()

    def _read(self, raw: bytes) -> Headers:
        headers = _parse_headers(raw)
        # A stream has a few sets of headers; the limit is for one whose headers never repeat.
        if len(self._headers) < _HEADER_CACHE_LIMIT:
            self._headers[raw] = headers
        return headers


class Relay(_Cutter):
    """Passes frames on as they came, whole ones only, so that an error can follow any of them."""

    def __init__(self) -> None:
        super().__init__()
        self._last = b""
        self._positions: list[tuple[int, int, int]] = []

    def feed(self, data: bytes) -> bytes:
        """Return the bytes up to the last frame that `data` completes. Raises FrameError, if there
        is none before it."""
        self._positions = self._find(data)
        if self._positions:
            at, _, end = self._positions[-1]
            self._last = self._buffer[at:end]
        # A frame that is not complete stays here: an exception may have to take its place.
        return self._buffer[: self._complete]

    def last_frames(self) -> list[bytes]:
        """Return what `feed` has just given, frame by frame."""
        return [self._buffer[at:end] for at, _, end in self._positions]

    def check(self) -> None:
        """Raises FrameError for what is wrong behind the bytes last given."""
        if self.damage is not None:
            raise self.damage

    def last(self) -> Frame | None:
        """Return the last frame given; None if there was none, or if the next one has begun."""
        begun = len(self._buffer) > self._complete
        return Decoder().feed(self._last)[0] if self._last and not begun else None

    def end(self) -> Frame | None:
        """Return the stream's last frame, None if there was none. Raises FrameError if it was
        cut."""
        self._check_end()
        return self.last()


def exception(name: str, payload: bytes) -> bytes:
    """Return the frame by which a stream fails after it has begun; `payload` is a JSON object."""
    fields = {
        ":message-type": "exception",
        ":exception-type": name,
        ":content-type": "application/json",
    }
    return frame(fields, payload)


def frame(fields: Headers, payload: bytes) -> bytes:
    """Return a frame of these headers, all of them text."""
    headers = b"".join(_string_header(*field) for field in fields.items())
    # 16 bytes: two lengths, the checksum of the prelude and that of the message.
    lengths = _LENGTHS.pack(len(headers) + len(payload) + 16, len(headers))
    message = lengths + _CRC.pack(crc32(lengths)) + headers + payload
    return message + _CRC.pack(crc32(message))


def _string_header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\7" + len(value).to_bytes(2) + value.encode()


def _find(buffer: bytes, positions: list[tuple[int, int, int]]) -> int:
    """Add the places of the whole frames, as _Cutter._find says, and return how many bytes the
    frame after them lacks, 0 if that is not known yet. Raises FrameError."""
    view, at, size = memoryview(buffer), 0, len(buffer)
    while size - at >= _PRELUDE_BYTES:
        total, header_length, prelude_crc = _prelude_at(buffer, at)
        body, end = at + _PRELUDE_BYTES + header_length, at + total
        # The prelude is checked by itself first: a wrong length would put the checksum of the
        # message at a wrong place.
        if crc32(buffer[at : at + 8]) != prelude_crc:
            raise FrameError("the prelude's checksum is wrong")
        if header_length > MAX_HEADER_BYTES or not body + 4 <= end <= at + MAX_FRAME_BYTES:
            raise FrameError("a frame of impossible length")
        if end > size:
            return int(end - size)
        # The message's checksum covers the prelude too, so the CRC of its first 8 bytes goes on.
        if crc32(view[at + 8 : end - 4], prelude_crc) != _crc_at(buffer, end - 4)[0]:
            raise FrameError("a message's checksum is wrong")
        positions.append((at, body, end))
        at = end
    return 0


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
