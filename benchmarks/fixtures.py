"""The one conversation that every contender has: what is asked, and the bytes Bedrock answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from local.bedrock import frames

EVENTS = 500
MODEL = "claude-sonnet-4-5"
KEY_ID = "key1"
MESSAGES_PATH = "/anthropic/v1/messages"
PROFILE = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
NATIVE_PATH = f"/model/{PROFILE}/invoke-with-response-stream"
ROLE = {
    "AWS_ACCESS_KEY_ID": "AKIDBENCHMARKBENCHMARK",
    "AWS_SECRET_ACCESS_KEY": "benchmark/benchmark/benchmark/benchmark",
    "AWS_SESSION_TOKEN": "benchmark" * 40,  # about as long as a role's
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_SENTENCE = "Rain fell on the roof all night, and by the morning the river had taken the bridge. "
_TEXT = (_SENTENCE * 3)[:178]  # a delta around it is 260 bytes of JSON
_PROMPT = _SENTENCE * 12
_METRICS = {
    "inputTokenCount": 260,
    "outputTokenCount": 1480,
    "invocationLatency": 9120,
    "firstByteLatency": 610,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of call. `request` is a client's JSON; `reply` is the body Bedrock answers, and
    `answer` the body that the client of a gateway must then be given, byte for byte."""

    name: str
    stream: bool
    request: bytes
    reply: bytes
    answer: bytes
    path: str = "/v1/messages"

    @property
    def proxy_event(self) -> bytes:
        """The request as API Gateway hands it to a function.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
        """
        return _compact(_proxy_event(self.path, self.request.decode()))


def json_call(prompt: str = _PROMPT, model: str = MODEL) -> Operation:
    """Return a prompt, of about 1 kB if no other is given, answered by a JSON message."""
    message = _message([{"type": "text", "text": _SENTENCE * 8}], "end_turn", 190)
    reply = _compact(message)
    request = _compact({"model": model, **_content(prompt)})
    return Operation("JSON call", False, request, reply, reply)


def json_call_of(size: int) -> Operation:
    """Return the same with a body of `size` bytes."""
    around = len(json_call("").request)
    text = _SENTENCE * (size // len(_SENTENCE) + 1)
    return json_call(text[: size - around])


def stream(events: int = EVENTS) -> Operation:
    """Return the same prompt, answered by a stream of `events` events, in one burst."""
    reply = b"".join(http_chunks(events))
    answer = b"".join(_server_sent(event) for event in _events(events))
    request = _compact({"model": MODEL, **_content(_PROMPT), "stream": True})
    return Operation(f"stream of {events}", True, request, reply, answer)


def native_stream(events: int = EVENTS) -> Operation:
    """Return the same stream by Bedrock's own operation, whose frames reach the caller as they
    are."""
    reply, answer = b"".join(http_chunks(events)), b"".join(_frames(events))
    request = _compact({"anthropic_version": "bedrock-2023-05-31", **_content(_PROMPT)})
    return Operation(f"native stream of {events}", True, request, reply, answer, NATIVE_PATH)


def messages_stream(events: int = EVENTS) -> Operation:
    """Return the same stream by Bedrock's own Messages path, whose events reach the caller as they
    are."""
    reply = b"".join(message_chunks(events))
    return replace(stream(events), name=f"stream of {events} by Bedrock's path", reply=reply)


def message_chunks(events: int) -> list[bytes]:
    """Return a stream of Bedrock's Messages path: a chunk of HTTP for each event."""
    return [http_chunk(_server_sent(event)) for event in _events(events)]


def http_chunks(events: int) -> list[bytes]:
    """Return a stream as Bedrock sends it: a chunk of HTTP for each frame."""
    return [http_chunk(frame) for frame in _frames(events)]


def converse_reply() -> bytes:
    """Return Converse's answer with the text of `json_call`:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html"""
    message = {"role": "assistant", "content": [{"text": _SENTENCE * 8}]}
    usage = {"inputTokens": 260, "outputTokens": 190, "totalTokens": 450}
    reply = {"output": {"message": message}, "stopReason": "end_turn", "usage": usage}
    return _compact({**reply, "metrics": {"latencyMs": 9120}})


def converse_chunks(events: int) -> list[bytes]:
    """Return a stream of ConverseStream, with as many deltas as `stream` of so many events has:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html"""
    delta = {"contentBlockIndex": 0, "delta": {"text": _TEXT}}
    usage = {"inputTokens": 260, "outputTokens": 1480, "totalTokens": 1740}
    named: list[tuple[str, dict[str, Any]]] = [
        ("messageStart", {"role": "assistant"}),
        *[("contentBlockDelta", delta)] * (events - 5),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 9120}}),
    ]
    return [http_chunk(frames.event(name, _compact(fields))) for name, fields in named]


def http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _content(prompt: str) -> dict[str, Any]:
    return {
        "max_tokens": 4096,
        "system": "You are a careful writer.",
        "messages": [{"role": "user", "content": prompt}],
    }


def _frames(count: int) -> Iterator[bytes]:
    *head_events, last = _events(count)
    for event in [*head_events, {**last, "amazon-bedrock-invocationMetrics": _METRICS}]:
        yield frames.chunk(_compact(event))


def _events(count: int) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": _message([], None, 1)}
    yield {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": ""},
    }
    delta = {"type": "text_delta", "text": _TEXT}
    for _ in range(count - 5):
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 1480},
    }
    yield {"type": "message_stop"}


def _message(
    content: list[dict[str, str]], stop_reason: str | None, output_tokens: int
) -> dict[str, Any]:
    return {
        "id": "msg_bdrk_01BenchmarkBenchmarkBench",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 260,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens,
        },
    }


def _server_sent(event: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _compact(event))


def _proxy_event(path: str, body: str) -> dict[str, Any]:
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "anthropic-version": "2023-06-01",
        "Content-Type": "application/json",
        "Host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
        "User-Agent": "Anthropic/Python 2.12.0",
        "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678",
        "x-api-key": "a-key-that-the-authorizer-has-checked",
        "X-Forwarded-For": "192.0.2.17",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        "X-Stainless-Lang": "python",
        "X-Stainless-Retry-Count": "0",
    }
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"proxy": path[1:]},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "authorizer": {"principalId": "api-key", "keyName": "team-a", "integrationLatency": 12},
            "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "httpMethod": "POST",
            "identity": {"apiKeyId": KEY_ID, "sourceIp": "192.0.2.17"},
            "path": f"/dev{path}",
            "protocol": "HTTP/1.1",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTimeEpoch": 1796083200000,
            "resourcePath": "/{proxy+}",
            "stage": "dev",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _compact(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
