"""Bedrock's event stream of a message, turned into Anthropic's server-sent events.

Takes bytes, gives bytes: no socket, clock or logger. Bedrock wraps each of Anthropic's events in a
frame: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
"""

import json
from binascii import Error as Base64Error
from binascii import a2b_base64
from typing import Any

from gateway import errors, json_object, sse
from gateway.eventstream import Decoder, Frame, FrameError
from gateway.usage import Usage

_TYPE_PREFIX = b'{"type":"'
_BYTES_PREFIX = b'{"bytes":"'
_METRICS = "amazon-bedrock-invocationMetrics"
_READ_EVENTS = (b"message_start", b"message_delta", b"message_stop")


class MessageStream:
    """Feed it upstream bytes, send on what it gives; it ends in `complete` or with an `error`.

    An error is not among the bytes given: before the first byte it can still be a proper status,
    so the caller of this class decides how it is told.
    """

    def __init__(self) -> None:
        self.complete = False
        self.error: errors.GatewayError | None = None
        self.usage = Usage()
        self._decoder = Decoder()

    def feed(self, data: bytes) -> bytes:
        """The events that `data` completes, in one piece."""
        try:
            frames = self._decoder.feed(data)
        except FrameError as error:
            self._damaged(error)
            return b""
        events = b"".join([self._translate(frame) for frame in frames])
        if self._decoder.damage is not None and self.error is None:
            self._damaged(self._decoder.damage)
        return events

    def end(self) -> None:
        """Upstream has closed: an error unless the message was whole."""
        if not self.complete and self.error is None:
            message = "Bedrock ended the stream before the message was complete."
            self._fail(errors.UpstreamFailed(message, cause="StreamCut"))

    def _damaged(self, error: FrameError) -> None:
        self._fail(errors.UpstreamFailed("Bedrock's stream was damaged.", cause=str(error)))

    def _fail(self, error: errors.GatewayError) -> None:
        self.error = error

    def _translate(self, frame: Frame) -> bytes:
        if self.error is not None:
            return b""
        kind = frame.headers.get(":message-type")
        if kind == "event" and frame.headers.get(":event-type") == "chunk":
            return self._chunk(frame.payload)
        if kind in ("exception", "error"):
            self._fail(stream_error(frame))
        return b""

    def _chunk(self, payload: bytes) -> bytes:
        try:
            data = inner(payload)
            name = _type_of(data)
            if name in _READ_EVENTS:
                data = self._read(name, data)
        except (ValueError, KeyError, TypeError, AttributeError, Base64Error) as error:
            cause = type(error).__name__
            self._fail(errors.UpstreamFailed("Bedrock's stream could not be read.", cause=cause))
            return b""
        return sse.event(name, data) if name else b""

    def _read(self, name: bytes, data: bytes) -> bytes:
        content: dict[str, Any] = json.loads(data)
        message = content.get("message", content) if name == b"message_start" else content
        self.usage = self.usage.updated(message.get("usage") or {})
        if name == b"message_stop":
            self.complete = True
            if content.pop(_METRICS, None) is not None:
                return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return data


def inner(payload: bytes) -> bytes:
    """The event inside a chunk `{"bytes":"<base64>", …}`, without parsing JSON when it can be."""
    if payload.startswith(_BYTES_PREFIX):
        end = payload.find(b'"', len(_BYTES_PREFIX))
        encoded: bytes | str = payload[len(_BYTES_PREFIX) : end]
    else:
        encoded = json.loads(payload)["bytes"]
    data = a2b_base64(encoded)
    if b"\n" in data or b"\r" in data:
        return json.dumps(json.loads(data), ensure_ascii=False).encode()
    return data


def _type_of(data: bytes) -> bytes:
    """The event's type; empty when it has none."""
    if data.startswith(_TYPE_PREFIX):
        return data[len(_TYPE_PREFIX) : data.find(b'"', len(_TYPE_PREFIX))]
    return str(json.loads(data).get("type", "")).encode()


def stream_error(frame: Frame) -> errors.GatewayError:
    """The caller's error for an exception or error frame."""
    name = frame.headers.get(":exception-type") or frame.headers.get(":error-code", "")
    message = json_object.parsed(frame.payload).get("message")
    return errors.from_bedrock(name, str(message or ""))
