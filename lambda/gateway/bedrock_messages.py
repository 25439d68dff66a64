"""The Messages API over Bedrock's own Messages path: body and events are Anthropic's already.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from gateway import bedrock_errors, errors, json_object
from gateway.bedrock_call import BedrockRequest, BedrockResponse
from gateway.caller_options import METADATA_HEADER, PREFIX
from gateway.json_object import Parts
from gateway.request import encoded
from gateway.settings import MESSAGES
from gateway.usage import Usage

PATH: Final = "/anthropic/v1/messages"
_VERSION: Final = "2023-06-01"  # the only one that AWS's page names
_EVENT_STREAM: Final = "text/event-stream"
_END: Final = b"\n\n"
_NAME: Final = b"event: "
_DATA: Final = b"\ndata: "
_FIRST: Final = (_NAME, b":", b"retry:")
"""How the first line of a stream may begin: of an event, a comment, or a time to reconnect."""
_READ: Final = (b"event: message_", b"event: error")
"""How the events begin that are read here; all others are passed on unread."""
_MAX_EVENT_BYTES: Final = 24 * 1024 * 1024


class MessagesRequest(BedrockRequest):
    """A request whose model is a member of its body, which is sent to one path for all models."""

    upstream = MESSAGES

    def target(self, model_id: str) -> tuple[str, bytes]:
        start = f'{{"model":{json.dumps(model_id)},'.encode()
        return PATH, b"".join((start, memoryview(self.body)[1:]))


def takes(headers: Mapping[str, str]) -> bool:
    """Return whether a request with these headers can go by the path: AWS documents none of
    Bedrock's own options there, so that a call with one goes by InvokeModel."""
    return not any(name.startswith(PREFIX) and name != METADATA_HEADER for name in headers)


def request(
    model_ids: tuple[str, ...], headers: Mapping[str, str], parts: Parts, *, is_stream: bool
) -> MessagesRequest:
    """Return the request made of a body's `parts` for InvokeModel: version and betas are headers
    here, and `stream` is a member. Empties `parts`."""
    del parts["anthropic_version"]
    sent = {**headers, "anthropic-version": _VERSION}
    if betas := json.loads(str(parts.pop("anthropic_beta", "[]"))):
        sent["anthropic-beta"] = ",".join(betas)
    if is_stream:
        parts["stream"] = "true"
        sent["accept"] = _EVENT_STREAM
    return MessagesRequest(model_ids, MESSAGES, sent, encoded(json_object.join(parts)))


def read_usage(body: bytes) -> Usage:
    """Return the counts in a message. Raises UpstreamFailed for a body that is none, which status
    200 alone does not exclude."""
    message = json_object.parsed(body)
    if message.get("type") != "message":
        raise _not_served("NotAMessage")
    return Usage().updated(_object(message.get("usage")))


def open_stream(response: BedrockResponse) -> "EventRelay":
    """Return what reads the events of a response. Raises UpstreamFailed for one without events."""
    if not response.headers.get("content-type", "").startswith(_EVENT_STREAM):
        raise _not_served("NotAnEventStream")
    return EventRelay()


class EventRelay:
    """Passes events on as the bytes that came, complete ones only. Members and methods are those
    of gateway.message_stream.MessageStream."""

    def __init__(self) -> None:
        self.complete = False
        self.is_clean = True
        self.error: errors.GatewayError | None = None
        self.usage = Usage()
        self._held: list[bytes] = []  # the start of an event that is not complete
        self._held_bytes = 0
        self._is_known = False  # the form of the first line

    def feed(self, data: bytes) -> bytes:
        """Return the events that `data` completes, in one piece."""
        if not self._is_known:
            self._check_form(b"".join((*self._held, data)))
        if self.error is not None or not data:
            return b""
        is_split = data[:1] == b"\n" and bool(self._held) and self._held[-1][-1:] == b"\n"
        if _END not in data and not is_split:
            self._hold(data)
            return b""
        buffer = b"".join((*self._held, data)) if self._held else data
        end = buffer.rfind(_END) + len(_END)
        self._held, self._held_bytes = [], 0
        if end < len(buffer):
            self._hold(buffer[end:])
        events = buffer[:end]
        # A text may hold these words too: its event is looked at, and passed on.
        return self._read(events) if _READ[0] in events or _READ[1] in events else events

    def end(self) -> None:
        """Upstream has closed: an error unless the message was complete."""
        if not self.complete and self.error is None:
            message = "Bedrock ended the stream before the message was complete. Try again."
            self._fail(errors.UpstreamFailed(message, cause="StreamCut"))

    def _check_form(self, start: bytes) -> None:
        """Fail at a first line in a form that is not read here, such as with CRLF or without a
        space: https://html.spec.whatwg.org/multipage/server-sent-events.html. AWS documents none.
        """
        line, end, _ = start.partition(b"\n")
        self._is_known = bool(end)
        if end and (line.endswith(b"\r") or (line and not line.startswith(_FIRST))):
            self._fail(_not_served("UnknownEvents"))

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > _MAX_EVENT_BYTES:
            message = "Bedrock's stream was damaged. Try again."
            self._fail(errors.UpstreamFailed(message, cause="EventTooLong"))

    def _read(self, events: bytes) -> bytes:
        """Note what the events say; return those before an error, which ends them."""
        start = 0
        while start < len(events):
            end = events.index(_END, start) + len(_END)
            try:
                is_error = self._note(events[start:end])
            except (ValueError, AttributeError):
                message = "Bedrock's stream could not be read. Try again."
                self._fail(errors.UpstreamFailed(message, cause="Unreadable"))
                is_error = True
            if is_error:
                return events[:start]
            start = end
        return events

    def _note(self, event: bytes) -> bool:
        """Note tokens and end; return whether the event is an error.

        https://platform.claude.com/docs/en/build-with-claude/streaming
        """
        if not event.startswith(_READ):
            return False
        name, _, data = event.removeprefix(_NAME).partition(_DATA)
        content: dict[str, Any] = json.loads(data)
        if name == b"error":
            self._fail(bedrock_errors.from_event(content))
            return True
        about = content.get("message", content) if name == b"message_start" else content
        self.usage = self.usage.updated(_object(about.get("usage")))
        self.complete |= name == b"message_stop"
        return False

    def _fail(self, error: errors.GatewayError) -> None:
        """Note an error, unless the message has ended: nothing after its end takes it back."""
        if self.complete:
            self.is_clean = False
        else:
            self.error = error


def _not_served(cause: str) -> errors.UpstreamFailed:
    return errors.UpstreamFailed(
        "Bedrock's Messages path returned no message. Ask the operator of this endpoint, who can "
        "set endpoint.messages_upstream to invoke.",
        cause=cause,
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
