"""Bedrock's event stream of a message, turned into Anthropic's server-sent events.

Takes bytes, gives bytes: no socket, clock or logger. Bedrock wraps each of Anthropic's events in a
frame: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
"""

import json
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterable
from typing import Any

from gateway import bedrock_errors, errors, json_object, sse
from gateway.eventstream import Decoder, Frame, FrameError, Headers
from gateway.usage import Usage

_TYPE_PREFIX = b'{"type":"'
_TYPE_AT = len(_TYPE_PREFIX)
_BYTES_PREFIX = b'{"bytes":"'
_BYTES_AT = len(_BYTES_PREFIX)
_METRICS = "amazon-bedrock-invocationMetrics"
_READ_EVENTS = (b"message_start", b"message_delta", b"message_stop")
_PASSED_ON = {  # how an event's JSON begins -> how its server-sent event does
    b'{"type":"%b' % name: b"event: %b\ndata: " % name
    for name in (b"content_block_delta", b"content_block_start", b"content_block_stop", b"ping")
}


class MessageStream:
    """Feed it upstream bytes, send on what it gives; it ends in `complete` or with an `error`.
    `is_clean`: no failure came behind a complete message, which Bedrock's record may tell of.

    An error is not among the bytes given: before the first byte it can still be a proper status,
    so the caller of this class decides how it is told.
    """

    def __init__(self) -> None:
        self.complete = False
        self.is_clean = True
        self.error: errors.GatewayError | None = None
        self.usage = Usage()
        self._decoder = Decoder()
        self._chunks: Headers | None = None  # what the decoder gives as the headers of a chunk

    def feed(self, data: bytes) -> bytes:
        """Return the events that `data` completes, in one piece."""
        if self.error is not None:
            return b""
        try:
            frames = self._decoder.feed(data)
        except FrameError as error:
            self._damaged(error)
            return b""
        events = b"".join(self._events(frames))
        if self._decoder.damage is not None and self.error is None:
            self._damaged(self._decoder.damage)
        return events

    def _events(self, frames: Iterable[Frame]) -> list[bytes]:
        """Their pieces. What is only passed on, as most of a stream, never leaves this loop."""
        written: list[bytes] = []
        write = written.append
        for headers, payload in frames:
            # The decoder returns the same object for equal headers, so one comparison tells a
            # chunk.
            if headers is self._chunks and payload.startswith(_BYTES_PREFIX):
                try:
                    data = a2b_base64(payload[_BYTES_AT : payload.find(b'"', _BYTES_AT)])
                except Base64Error:
                    data = b""
                head = _PASSED_ON.get(data[: data.find(b'"', _TYPE_AT)])
                # A line break would end the `data` field:
                # https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
                if head is not None and data.find(b"\n") < 0 and data.find(b"\r") < 0:
                    write(head)
                    write(data)
                    write(b"\n\n")
                    continue
            write(self._translate(headers, payload))
            if self.error is not None:
                break
        return written

    def end(self) -> None:
        """Upstream has closed: an error unless the message was whole."""
        if not self.complete and self.error is None:
            message = "Bedrock ended the stream before the message was complete. Try again."
            self._fail(errors.UpstreamFailed(message, cause="StreamCut"))

    def _damaged(self, error: FrameError) -> None:
        self._fail(
            errors.UpstreamFailed("Bedrock's stream was damaged. Try again.", cause=str(error))
        )

    def _fail(self, error: errors.GatewayError) -> None:
        """Note an error, unless the message has ended: nothing after its end takes the message
        back."""
        if self.complete:
            self.is_clean = False
        else:
            self.error = error

    def _translate(self, headers: Headers, payload: bytes) -> bytes:
        kind = headers.get(":message-type")
        if kind == "event" and headers.get(":event-type") == "chunk":
            self._chunks = headers
            return self._chunk(payload)
        if kind in ("exception", "error"):
            self._fail(stream_error((headers, payload)))
        return b""

    def _chunk(self, payload: bytes) -> bytes:
        try:
            data = inner(payload)
            name = _type_of(data)
            if name == b"error":
                self._fail(bedrock_errors.from_event(json.loads(data)))
                return b""
            if name in _READ_EVENTS:
                data = self._read(name, data)
        except (ValueError, KeyError, TypeError, AttributeError, Base64Error) as error:
            cause = type(error).__name__
            self._fail(
                errors.UpstreamFailed("Bedrock's stream could not be read. Try again.", cause=cause)
            )
            return b""
        return sse.event(name, data) if name else b""

    def _read(self, name: bytes, data: bytes) -> bytes:
        content: dict[str, Any] = json.loads(data)
        # Input tokens come with `message_start`, the running count of output tokens with
        # `message_delta`: https://platform.claude.com/docs/en/build-with-claude/streaming
        message = content.get("message", content) if name == b"message_start" else content
        self.usage = self.usage.updated(message.get("usage") or {})
        if name == b"message_stop":
            self.complete = True
            # Bedrock adds its metrics to the last event; Anthropic's format does not have them.
            if content.pop(_METRICS, None) is not None:
                return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        return data


def inner(payload: bytes) -> bytes:
    """Return the event inside a chunk `{"bytes":"<base64>", …}`, without parsing JSON when it can
    be."""
    if payload.startswith(_BYTES_PREFIX):
        end = payload.find(b'"', _BYTES_AT)
        encoded: bytes | str = payload[_BYTES_AT:end]
    else:
        encoded = json.loads(payload)["bytes"]
    data = a2b_base64(encoded)
    if b"\n" in data or b"\r" in data:
        return json.dumps(json.loads(data), ensure_ascii=False).encode()
    return data


def _type_of(data: bytes) -> bytes:
    """Return the event's type; empty when it has none."""
    if data.startswith(_TYPE_PREFIX):
        return data[_TYPE_AT : data.find(b'"', _TYPE_AT)]
    return str(json.loads(data).get("type", "")).encode()


def stream_error(frame: Frame) -> errors.GatewayError:
    """Return the caller's error for an exception or error frame."""
    headers, payload = frame
    name = headers.get(":exception-type") or headers.get(":error-code", "")
    sentence = bedrock_errors.sentence_in(json_object.parsed(payload))
    return bedrock_errors.from_bedrock(name, sentence or headers.get(":error-message", ""))
