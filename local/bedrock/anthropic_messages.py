"""Anthropic's own Messages API at `/anthropic/v1/messages`: its body, its events, its errors.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html has body, headers
and events. What it leaves open is as it probably is: IAM's actions and the record's operation are
InvokeModel's, Bedrock's headers work as they do there, errors have Anthropic's form.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from claude_bedrock.catalog import Model
from local.bedrock import json_body, message, metadata, schema
from local.bedrock.api_format import CompleteResponse, Event, Question
from local.bedrock.call import Call
from local.bedrock.errors import RefusedError, UnservedError, invalid
from local.bedrock.invocation import Invocation
from local.bedrock.invoke import JSON, InvokeForm
from local.bedrock.message import Answer

PREFIX: Final = "/anthropic/v1/"
OPERATION: Final = "messages"
_VERSION: Final = "2023-06-01"
_STOP: Final = b'{"type":"message_stop"}'


def operation(method: str, path: str) -> str:
    """Return OPERATION. Raises RefusedError for the other paths of Anthropic's API, as a third
    party measured in September 2026."""
    rest = path.removeprefix(PREFIX)
    if (method, rest) == ("POST", OPERATION):
        return OPERATION
    if rest.startswith("messages/batches"):
        message_text = "Authorization header is missing"
        raise RefusedError("MissingAuthenticationTokenException", message_text)
    raise UnservedError


def model_id(body: bytes) -> str:
    """Return the model that a body names; empty where it names none."""
    named = _object(body).get("model")
    return named if isinstance(named, str) else ""


def is_streamed(body: bytes) -> bool:
    """Return whether a body asks for events."""
    return _object(body).get("stream") is True


class MessagesForm(InvokeForm):
    """One call of the Messages API; see `local.bedrock.api_format.Form`."""

    def __init__(self, call: Call) -> None:
        super().__init__(call, streamed=is_streamed(call.body))

    def open(self, seen: Invocation) -> None:
        super().open(seen)
        if "anthropic-version" not in self._call.wire.headers:
            raise invalid("anthropic-version: header is required")
        if not self._call.model_id:
            raise invalid("model: Field required")
        # It is request metadata here: Claude Code's, a JSON text, is refused for its characters.
        about = _object(self._call.body).get("metadata")
        user_id = about.get("user_id") if isinstance(about, dict) else None
        if isinstance(user_id, str):
            of_body = metadata.read(json.dumps({"user_id": user_id}))
            seen.metadata = {**(of_body or {}), **(seen.metadata or {})}

    def parse_question(self, model: Model) -> Question:
        del model
        headers, body = self._call.wire.headers, _object(self._call.body)
        betas = [beta.strip() for beta in headers.get("anthropic-beta", "").split(",")]
        version = headers["anthropic-version"]
        members = {name: body[name] for name in body if name not in ("model", "stream")}
        members["anthropic_version"] = "bedrock-2023-05-31" if version == _VERSION else version
        if any(betas):
            members["anthropic_beta"] = [beta for beta in betas if beta]
        request = schema.parse(json.dumps(members).encode())
        return Question(request, request.max_tokens)

    def build_response(self, answer: Answer) -> CompleteResponse:
        return CompleteResponse([("content-type", JSON)], message.serialize(answer))

    def stream_headers(self) -> list[tuple[str, str]]:
        return [("content-type", "text/event-stream; charset=utf-8")]

    def events(self, answer: Answer) -> Iterator[Event]:
        for event in (*message.events(answer), _STOP):
            yield Event(_server_sent(json.loads(event)["type"], event), event)

    def failure(self, name: str, fields: Mapping[str, str | int]) -> bytes:
        refused = RefusedError(name[0].upper() + name[1:], str(fields["message"]))
        content = refused.anthropic_body(self._call.wire.request_id)
        return _server_sent("error", json.dumps(content).encode())


def _server_sent(name: str, data: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json_body.read(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
