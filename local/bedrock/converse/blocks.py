"""Content blocks of Converse as Anthropic has them, and cache points as markers on what is before.

Claude takes no video or audio, no image in S3, and a document in S3 only as a tool's result:
https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html
"""

import json
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from local.bedrock.converse.errors import PREFIX
from local.bedrock.converse.files import text_of
from local.bedrock.errors import RefusedError, invalid

Json = dict[str, Any]


def content_of(blocks: list[Json], where: str) -> list[Json]:
    """Anthropic's blocks for `blocks`, which stand at `where`; raises RefusedError."""
    content: list[Json] = []
    in_result = ".toolResult." in where
    for index, block in enumerate(blocks):
        (kind, value) = next(iter(block.items()))
        path = f"{where}.{index}"
        if kind == "cachePoint":
            mark(content, value, path)
        elif kind in _READERS:
            read = _location_in_result if in_result and _is_s3_document(block) else _READERS[kind]
            content.append(read(value, path))
        else:
            raise invalid(
                f"This model doesn't support the {kind} content block that you provided. "
                "Update the content block and try again."
            )
    return content


def mark(content: list[Json], point: Json, where: str) -> None:
    """Put a cache marker on the last of `content`; where none can be, refuse the point as a block
    without a type."""
    # Anthropic has no cache point of its own: the marker is a member of the block before it.
    if not content or _is_text_file(content[-1]):
        raise _without_type(where)
    content[-1]["cache_control"] = {"type": "ephemeral"}
    if "ttl" in point:
        content[-1]["cache_control"]["ttl"] = point["ttl"]


def _is_text_file(block: Json) -> bool:
    return block.get("type") == "document" and block["source"]["type"] != "base64"


def _without_type(where: str) -> RefusedError:
    return invalid(f"{PREFIX}{where}.type: Field required")


def _is_s3_document(block: Json) -> bool:
    return "s3Location" in block.get("document", {}).get("source", {})


def _location_in_result(document: Json, where: str) -> Json:
    """Read a document in S3, which Bedrock takes in a tool's result alone: recorded in
    pydantic-ai's test_multimodal_tool_return_matrix. It is not fetched here."""
    del where
    uri = document["source"]["s3Location"]["uri"]
    source = {"type": "text", "media_type": "text/plain", "data": f"(not fetched: {uri})"}
    return {"type": "document", "source": source, "title": document["name"]}


def _text(text: str, where: str) -> Json:
    del where
    return {"type": "text", "text": text}


def _image(image: Json, where: str) -> Json:
    del where
    if "bytes" not in image["source"]:
        raise invalid("This model doesn't support the s3Uri field. Remove s3Uri and try again.")
    media = f"image/{image['format']}"
    return {"type": "image", "source": _base64(media, image["source"]["bytes"])}


def _base64(media: str, data: str) -> Json:
    return {"type": "base64", "media_type": media, "data": data}


def _document(document: Json, where: str) -> Json:
    fields: Json = {name: document[name] for name in ("context", "citations") if name in document}
    source = _document_source(document, where)
    return {"type": "document", "source": source, "title": document["name"], **fields}


def _document_source(document: Json, where: str) -> Json:
    source = document["source"]
    if "text" in source:
        return {"type": "text", "media_type": "text/plain", "data": source["text"]}
    if "content" in source:
        pieces = [{"type": "text", "text": piece["text"]} for piece in source["content"]]
        return {"type": "content", "content": pieces}
    kind = document.get("format")
    if "bytes" not in source or kind is None:
        raise _without_type(f"{where}.document.source")
    if kind == "pdf":
        return _base64("application/pdf", source["bytes"])
    text = text_of(b64decode(source["bytes"]), kind, where)
    return {"type": "text", "media_type": "text/plain", "data": text}


def _tool_use(use: Json, where: str) -> Json:
    del where
    return {"type": "tool_use", "id": use["toolUseId"], "name": use["name"], "input": use["input"]}


def _tool_result(result: Json, where: str) -> Json:
    content = [
        # A tool result of Anthropic's has no JSON block: it is sent as text.
        {"text": json.dumps(block["json"])} if "json" in block else block
        for block in result["content"]
    ]
    return {
        "type": "tool_result",
        "tool_use_id": result["toolUseId"],
        "content": content_of(content, f"{where}.toolResult.content"),
        "is_error": result.get("status") == "error",
    }


def _reasoning(reasoning: Json, where: str) -> Json:
    del where
    if "redactedContent" in reasoning:
        # A blob in Converse, and as such base64 in JSON; a string at Anthropic.
        data = b64decode(reasoning["redactedContent"]).decode("utf-8", "replace")
        return {"type": "redacted_thinking", "data": data}
    reasoning_text = reasoning["reasoningText"]
    signature = {"signature": reasoning_text["signature"]} if "signature" in reasoning_text else {}
    return {"type": "thinking", "thinking": reasoning_text["text"], **signature}


def _search_result(result: Json, where: str) -> Json:
    del where
    content = [{"type": "text", "text": piece["text"]} for piece in result["content"]]
    return {**result, "type": "search_result", "content": content}


def _cited(cited: Json, where: str) -> Json:
    return _text("".join(piece["text"] for piece in cited.get("content", [])), where)


def _guard_content(guard_content: Json, where: str) -> Json:
    if "text" not in guard_content:
        raise invalid(
            "This model doesn't support the guardContent.image content block that you provided. "
            "Update the content block and try again."
        )
    return _text(guard_content["text"]["text"], where)


_READERS: dict[str, Callable[[Any, str], Json]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "toolUse": _tool_use,
    "toolResult": _tool_result,
    "reasoningContent": _reasoning,
    "searchResult": _search_result,
    "citationsContent": _cited,
    "guardContent": _guard_content,
}
