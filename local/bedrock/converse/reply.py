"""An answer in Converse's two forms, one object or the events of a stream, and one from the other.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html; a block of
text or reasoning begins with its first delta, only a tool call is announced.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from local.bedrock.message import Answer
from local.bedrock.replies import Part
from local.bedrock.tokens import Usage

Json = dict[str, Any]
_ID = ("toolu_bdrk_", "tooluse_")
_LOCATIONS = {
    "char_location": ("documentChar", "char_index"),
    "page_location": ("documentPage", "page_number"),
    "content_block_location": ("documentChunk", "block_index"),
}


def build_response(answer: Answer, latency: int, extras: Json) -> Json:
    """Return the response; `latency` in milliseconds, `extras` what further members it has."""
    content = [_block(part.block) for part in _nonblank_parts(answer)]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": _stop_reason(answer),
        "usage": usage(answer.usage),
        "metrics": {"latencyMs": latency},
        **extras,
    }


def opening(answer: Answer) -> Iterator[tuple[str, Json]]:
    """Yield the events up to the end of the last block, each with its type."""
    yield "messageStart", {"role": "assistant"}
    # `contentBlockIndex` counts the blocks that are sent, also where blank ones were left out.
    for index, part in enumerate(_nonblank_parts(answer)):
        yield from _block_events(part, {"contentBlockIndex": index})


def closing(answer: Answer, latency: int, fields: Json, extras: Json) -> Iterator[tuple[str, Json]]:
    """Yield the last two events: `fields` are the model's own that were asked for."""
    # Unlike in Anthropic's stream, the counts come after the end of the message, in an event of
    # their own.
    yield "messageStop", {"stopReason": _stop_reason(answer), **fields}
    yield "metadata", {"usage": usage(answer.usage), "metrics": {"latencyMs": latency}, **extras}


def _stop_reason(answer: Answer) -> str:
    # Converse's enumeration has no refusal; reports of refused calls show this value:
    # https://github.com/danny-avila/LibreChat/pull/15647
    reason = answer.reply.stop_reason
    return "content_filtered" if reason == "refusal" else reason


def usage(counted: Usage) -> Json:
    """Return the counts by Converse's names; the total holds all input and output. Some come twice,
    under members that no page of AWS's has: recorded exchanges have them."""
    written = {"1h": counted.written_1h, "5m": counted.written_5m}
    details = [{"ttl": ttl, "inputTokens": count} for ttl, count in written.items() if count]
    return {
        "inputTokens": counted.input,
        "outputTokens": counted.output,
        "totalTokens": counted.prompt + counted.output,
        "cacheReadInputTokenCount": counted.cache_read,
        "cacheReadInputTokens": counted.cache_read,
        "cacheWriteInputTokenCount": counted.cache_write,
        "cacheWriteInputTokens": counted.cache_write,
        "serverToolUsage": {},
        **({"cacheDetails": details} if details else {}),
    }


def assembled(events: Iterable[tuple[str, Json]]) -> Json:
    """Return the response that the events of a stream add up to, as far as they go."""
    blocks: dict[int, Json] = {}
    response_fields: Json = {}
    for name, fields in events:
        if name == "contentBlockStart":
            blocks[fields["contentBlockIndex"]] = {"toolUse": {**fields["start"]["toolUse"]}}
        elif name == "contentBlockDelta":
            _extend(blocks.setdefault(fields["contentBlockIndex"], {}), fields["delta"])
        elif name in ("messageStop", "metadata"):
            response_fields |= fields
    content = [_finished(blocks[index]) for index in sorted(blocks)]
    return {"output": {"message": {"role": "assistant", "content": content}}, **response_fields}


def _nonblank_parts(answer: Answer) -> list[Part]:
    """Return the blocks with something in them: Converse takes no blank text back."""
    return [part for part in answer.reply.parts if part.deltas]


def _block(block: Json) -> Json:
    if block["type"] == "tool_use":
        return {"toolUse": {**_call(block), "input": block["input"]}}
    if block["type"] == "thinking":
        reasoning_text = {"text": block["thinking"], "signature": block["signature"]}
        return {"reasoningContent": {"reasoningText": reasoning_text}}
    if "citations" in block:
        cited = [_citation(citation) for citation in block["citations"]]
        return {"citationsContent": {"content": [{"text": block["text"]}], "citations": cited}}
    return {"text": block["text"]}


def _citation(citation: Json) -> Json:
    name, unit = _LOCATIONS[citation["type"]]
    location = {
        "documentIndex": citation["document_index"],
        "start": citation[f"start_{unit}"],
        "end": citation[f"end_{unit}"],
    }
    title = {"title": citation["document_title"]} if citation["document_title"] else {}
    content = [{"text": citation["cited_text"]}]
    return {**title, "sourceContent": content, "location": {name: location}}


def _call(block: Json) -> Json:
    return {"toolUseId": block["id"].replace(*_ID), "name": block["name"], "type": "tool_use"}


def _block_events(part: Part, at: Json) -> Iterator[tuple[str, Json]]:
    if part.opening["type"] == "tool_use":
        yield "contentBlockStart", {"start": {"toolUse": _call(part.opening)}, **at}
    for delta in part.deltas:
        yield "contentBlockDelta", {"delta": _delta(delta), **at}
    yield "contentBlockStop", at


def _delta(delta: Json) -> Json:
    kind = delta["type"]
    if kind == "input_json_delta":
        return {"toolUse": {"input": delta["partial_json"]}}
    if kind == "thinking_delta":
        return {"reasoningContent": {"text": delta["thinking"]}}
    if kind == "signature_delta":
        return {"reasoningContent": {"signature": delta["signature"]}}
    if kind == "citations_delta":
        return {"citation": _citation(delta["citation"])}
    return {"text": delta["text"]}


def _extend(block: Json, delta: Json) -> None:
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "citation" in delta:
        texts = [{"text": block.pop("text", "")}]
        block["citationsContent"] = {"content": texts, "citations": [delta["citation"]]}
    elif "toolUse" in delta:
        use = block["toolUse"]
        use["input"] = use.get("input", "") + delta["toolUse"]["input"]
    else:
        reasoning = block.setdefault("reasoningContent", {"reasoningText": {"text": ""}})
        for name, piece in delta["reasoningContent"].items():
            reasoning["reasoningText"][name] = reasoning["reasoningText"].get(name, "") + piece


def _finished(block: Json) -> Json:
    """Return a tool call's input as JSON; of a broken-off one, the text that came."""
    if "toolUse" not in block:
        return block
    text = block["toolUse"].get("input", "")
    try:
        return {"toolUse": {**block["toolUse"], "input": json.loads(text)}}
    except ValueError:
        return {"toolUse": {**block["toolUse"], "input": text}}
