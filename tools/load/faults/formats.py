"""The five ways in which a caller asks, and what each sees of an answer: judged by other parsers
than ours where there are some."""

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from botocore.eventstream import EventStreamBuffer

from benchmarks.runtime_service import Answer
from tools.load.faults.environment import MODEL

COMPLETE = "whole"
_BEDROCK = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64}


class EventBuilder(Protocol):
    """Makes API Gateway's event for a prompt."""

    def __call__(self, prompt: str, *, retries_itself: bool) -> dict[str, Any]: ...


class Format(NamedTuple):
    """A column of docs/faults.md; `see` says what the caller got."""

    name: str
    build_event: EventBuilder
    see: Callable[[Answer], str]
    streamed: bool = False


def _event(path: str, body: dict[str, Any], *, retries_itself: bool) -> dict[str, Any]:
    itself = {"x-stainless-retry-count": "0"} if retries_itself else {}
    return {
        "httpMethod": "POST",
        "path": path,
        "headers": {"content-type": "application/json", **itself},
        "requestContext": {"requestId": "gateway-1"},
        "body": json.dumps(body),
    }


def _messages(*, stream: bool) -> EventBuilder:
    def build_event(prompt: str, *, retries_itself: bool) -> dict[str, Any]:
        messages = [{"role": "user", "content": prompt}]
        body = {"model": MODEL, "max_tokens": 64, "stream": stream, "messages": messages}
        return _event("/v1/messages", body, retries_itself=retries_itself)

    return build_event


def _invoke(operation: str) -> EventBuilder:
    def build_event(prompt: str, *, retries_itself: bool) -> dict[str, Any]:
        body = {**_BEDROCK, "messages": [{"role": "user", "content": prompt}]}
        return _event(f"/model/{MODEL}/{operation}", body, retries_itself=retries_itself)

    return build_event


def _converse(prompt: str, *, retries_itself: bool) -> dict[str, Any]:
    body = {"messages": [{"role": "user", "content": [{"text": prompt}]}]}
    return _event(f"/model/{MODEL}/converse-stream", body, retries_itself=retries_itself)


def _anthropic_error(answer: Answer) -> str:
    content = json.loads(answer.body)
    assert content["type"] == "error"
    assert content["request_id"] == answer.headers["request-id"]
    assert content["error"]["message"]
    return f"{answer.status} `{content['error']['type']}`"


def _bedrock_error(answer: Answer) -> str:
    assert json.loads(answer.body)["message"]
    return f"{answer.status} `{answer.headers['x-amzn-errortype']}`"


def _message(answer: Answer) -> str:
    if answer.status != 200:
        return _anthropic_error(answer)
    assert json.loads(answer.body)["stop_reason"]
    return COMPLETE


def _events(answer: Answer) -> str:
    if answer.status != 200:
        return _anthropic_error(answer)
    *blocks, rest = answer.body.decode().split("\n\n")
    assert rest == "", "the last event is cut"
    lines_of_blocks = [block.split("\n") for block in blocks]
    events = [json.loads(data.removeprefix("data: ")) for _, data in lines_of_blocks]
    kinds = [event["type"] for event in events]
    assert [name for name, _ in lines_of_blocks] == [f"event: {kind}" for kind in kinds]
    assert not {"error", "message_stop"} & {*kinds[:-1]}
    if kinds[-1] == "error":
        return f"200, `error` `{events[-1]['error']['type']}`"
    assert kinds[-1] == "message_stop"
    return COMPLETE


def _invoked(answer: Answer) -> str:
    if answer.status != 200:
        return _bedrock_error(answer)
    assert json.loads(answer.body)["stop_reason"]
    return COMPLETE


def _frames(last: str) -> Callable[[Answer], str]:
    def see(answer: Answer) -> str:
        if answer.status != 200:
            return _bedrock_error(answer)
        buffer = EventStreamBuffer()
        buffer.add_data(answer.body)
        frames = [*buffer]
        total_length = sum(frame.prelude.total_length for frame in frames)
        assert total_length == len(answer.body), "the last frame is cut"
        responses = [frame.to_response_dict() for frame in frames]
        assert all(frame["headers"][":message-type"] == "event" for frame in responses[:-1])
        headers = responses[-1]["headers"]
        if headers[":message-type"] == "event":
            assert last in (headers[":event-type"], _inner(responses[-1]["body"]))
            return COMPLETE
        return f"200, `{headers.get(':exception-type') or headers[':error-code']}`"

    return see


def _inner(payload: bytes) -> str:
    content = json.loads(payload)
    if "bytes" not in content:
        return ""
    kind: str = json.loads(b64decode(content["bytes"]))["type"]
    return kind


FORMATS = (
    Format("/v1/messages", _messages(stream=False), _message),
    Format("/v1/messages, stream", _messages(stream=True), _events, streamed=True),
    Format("/invoke", _invoke("invoke"), _invoked),
    Format(
        "/invoke-with-response-stream",
        _invoke("invoke-with-response-stream"),
        _frames("message_stop"),
        streamed=True,
    ),
    Format("/converse-stream", _converse, _frames("metadata"), streamed=True),
)
