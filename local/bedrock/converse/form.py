"""Converse and ConverseStream: settings in the body, answers in AWS's own shape."""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from claude_bedrock.catalog import Model
from local.bedrock import frames, message
from local.bedrock.api_format import CompleteResponse, Event, Question
from local.bedrock.call import Call
from local.bedrock.converse import conversation, media, members, pointers, reply, request
from local.bedrock.converse.errors import model_errors
from local.bedrock.invocation import Invocation
from local.bedrock.invoke import EVENT_STREAM, JSON, refuse_guardrail
from local.bedrock.message import Answer
from local.bedrock.options import STANDARD_LATENCY, STANDARD_TIER, Options

_ECHOED = ("performanceConfig", "serviceTier")
_GUARDRAIL = ("guardrailIdentifier", "guardrailVersion")


class ConverseForm:
    """One Converse call; see `local.bedrock.api_format.Form`."""

    def __init__(self, call: Call, *, streamed: bool) -> None:
        self._call = call
        self._body: dict[str, Any] = {}
        self.streamed = streamed
        self.operation = "ConverseStream" if streamed else "Converse"

    @property
    def exceptions(self) -> tuple[str, ...]:
        return members.stream_exceptions("ConverseStreamOutput")

    def open(self, seen: Invocation) -> None:
        seen.input, seen.attachments = media.take_out_attachments(self._call.body)
        self._body = members.read(self._call.body, f"{self.operation}Request")
        seen.metadata = self._body.get("requestMetadata")
        guardrail = self._body.get("guardrailConfig", {})
        refuse_guardrail([guardrail.get(name) for name in _GUARDRAIL])
        pointers.check(self._response_field_paths())
        conversation.check(self._body)

    def options(self) -> Options:
        tier = self._body.get("serviceTier", {}).get("type", STANDARD_TIER)
        return Options(
            tier, self._body.get("performanceConfig", {}).get("latency", STANDARD_LATENCY)
        )

    def parse_question(self, model: Model) -> Question:
        return request.question(self._body, model)

    def model_errors(self) -> AbstractContextManager[None]:
        return model_errors()

    def build_response(self, answer: Answer) -> CompleteResponse:
        extras = {**self._fields(answer), **self._echoes()}
        response = reply.build_response(answer, self._call.elapsed(), extras)
        return CompleteResponse([("content-type", JSON)], _json(response))

    def stream_headers(self) -> list[tuple[str, str]]:
        return [("content-type", EVENT_STREAM)]

    def events(self, answer: Answer) -> Iterator[Event]:
        for name, fields in reply.opening(answer):
            yield _event(name, fields)
        latency = self._call.elapsed()
        for name, fields in reply.closing(answer, latency, self._fields(answer), self._echoes()):
            yield _event(name, fields)

    def failure(self, name: str, fields: Mapping[str, str | int]) -> bytes:
        return frames.exception(name, fields)

    def record_stream(self, seen: Invocation, sent: list[bytes]) -> None:
        events = ((name, fields) for event in sent for name, fields in json.loads(event).items())
        seen.output = _json(reply.assembled(events)) if sent else None

    def _response_field_paths(self) -> list[str]:
        paths: list[str] = self._body.get("additionalModelResponseFieldPaths", [])
        return paths

    def _fields(self, answer: Answer) -> dict[str, Any]:
        return pointers.selected(
            json.loads(message.serialize(answer)), self._response_field_paths()
        )

    def _echoes(self) -> dict[str, Any]:
        return {name: self._body[name] for name in _ECHOED if name in self._body}


def _event(name: str, fields: dict[str, Any]) -> Event:
    return Event(frames.event(name, _json(fields)), _json({name: fields}))


def _json(value: dict[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
