"""A reply in Anthropic's two forms: one Message, or the events of a stream in their order.

https://docs.anthropic.com/en/docs/build-with-claude/streaming; Bedrock sends no pings and puts its
own counts into `message_stop`.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from local.bedrock.replies import Reply
from local.bedrock.tokens import Usage


class Answer(NamedTuple):
    """A reply with what identifies it: the message id, the model's name, the counts."""

    id: str
    model: str
    reply: Reply
    usage: Usage


class Timing(NamedTuple):
    """Milliseconds since the request arrived: when the answer was complete, when it began."""

    latency: int
    first_byte: int


def whole(answer: Answer) -> bytes:
    """The Message as InvokeModel returns it."""
    return _json(
        {
            **_head(answer),
            "content": [part.whole for part in answer.reply.parts],
            "stop_reason": answer.reply.stop_reason,
            "stop_sequence": answer.reply.stop_sequence,
            "usage": answer.usage.as_json(),
        }
    )


def events(answer: Answer) -> Iterator[bytes]:
    """Every event but the last, as JSON."""
    usage = answer.usage._replace(output=min(1, answer.usage.output)).as_json()
    head = {**_head(answer), "content": [], "stop_reason": None, "stop_sequence": None}
    yield _json({"type": "message_start", "message": {**head, "usage": usage}})
    for index, part in enumerate(answer.reply.parts):
        at: dict[str, Any] = {"index": index}
        yield _json({"type": "content_block_start", **at, "content_block": part.opening})
        for delta in part.deltas:
            yield _json({"type": "content_block_delta", **at, "delta": delta})
        yield _json({"type": "content_block_stop", **at})
    stop = {"stop_reason": answer.reply.stop_reason, "stop_sequence": answer.reply.stop_sequence}
    yield _json({"type": "message_delta", "delta": stop, "usage": answer.usage.as_json()})


def last_event(answer: Answer, timing: Timing) -> bytes:
    """`message_stop` with Bedrock's own metrics."""
    metrics = {
        "inputTokenCount": answer.usage.input,
        "outputTokenCount": answer.usage.output,
        "invocationLatency": timing.latency,
        "firstByteLatency": timing.first_byte,
        "cacheReadInputTokenCount": answer.usage.cache_read,
        "cacheWriteInputTokenCount": answer.usage.cache_write,
    }
    return _json({"type": "message_stop", "amazon-bedrock-invocationMetrics": metrics})


def _head(answer: Answer) -> dict[str, Any]:
    return {"model": answer.model, "id": answer.id, "type": "message", "role": "assistant"}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
