"""A reply in Anthropic's two forms: one Message, or the events of a stream in their order.

https://docs.anthropic.com/en/docs/build-with-claude/streaming; Bedrock sends no pings and puts its
own counts into `message_stop`.
"""

import json
from base64 import b32encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final, NamedTuple

from local.bedrock.replies import Reply
from local.bedrock.tokens import Usage

_TIER: Final = "standard"
_REFUSAL: Final = {
    "type": "refusal",
    "category": "cyber",
    "explanation": "A directive asked the local Bedrock for a refusal.",
}


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


def identity(request_id: str) -> str:
    """Return the id of the answer to a request: `msg_bdrk_` and 52 characters."""
    digest = b32encode(sha256(request_id.encode()).digest()).decode()
    return f"msg_bdrk_{digest.rstrip('=').lower()}"


def serialize(answer: Answer) -> bytes:
    """Return the Message as InvokeModel returns it."""
    return _json(
        {
            **_head(answer),
            "content": [part.block for part in answer.reply.parts],
            **_stop(answer),
            "usage": _usage(answer, answer.usage),
        }
    )


def events(answer: Answer) -> Iterator[bytes]:
    """Yield every event but the last, as JSON."""
    # The first event counts the tokens so far, `message_delta` all of them: its counts are
    # cumulative.
    begun = answer.usage._replace(output=min(1, answer.usage.output)).as_json()
    # Why it stopped is not known yet: the members are there, and null.
    head = {**_head(answer), "content": [], **dict.fromkeys(_stop(answer))}
    tier = {"service_tier": _TIER}
    yield _json({"type": "message_start", "message": {**head, "usage": {**begun, **tier}}})
    for index, part in enumerate(answer.reply.parts):
        at: dict[str, Any] = {"index": index}
        yield _json({"type": "content_block_start", **at, "content_block": part.opening})
        for delta in part.deltas:
            yield _json({"type": "content_block_delta", **at, "delta": delta})
        yield _json({"type": "content_block_stop", **at})
    usage = _usage(answer, answer.usage)
    yield _json({"type": "message_delta", "delta": _stop(answer), "usage": usage})


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


def _stop(answer: Answer) -> dict[str, Any]:
    """Return why it ended; `stop_details` is of refusals."""
    is_refusal = answer.reply.stop_reason == "refusal"
    return {
        "stop_reason": answer.reply.stop_reason,
        "stop_sequence": answer.reply.stop_sequence,
        "stop_details": _REFUSAL if is_refusal else None,
    }


def _usage(answer: Answer, counted: Usage) -> dict[str, Any]:
    thought = answer.reply.thinking_tokens
    return {
        **counted.as_json(),
        "output_tokens_details": {"thinking_tokens": thought},
        "service_tier": _TIER,
    }


def _head(answer: Answer) -> dict[str, Any]:
    return {"model": answer.model, "id": answer.id, "type": "message", "role": "assistant"}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
