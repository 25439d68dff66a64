"""What the tests of features ask with: turns in both shapes, and base64 sources."""

from base64 import b64encode
from typing import Any

Json = dict[str, Any]
HAIKU = "claude-haiku-4-5"
SCHEMA: Json = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def message_request(content: str | list[Json], **fields: Any) -> Json:  # noqa: ANN401
    """A request to Haiku with one user turn in Anthropic's shape, and `fields` over it."""
    turn = {"role": "user", "content": content}
    return {"model": HAIKU, "max_tokens": 3000, "messages": [turn], **fields}


def conversed(*content: Json, **fields: Any) -> Json:  # noqa: ANN401
    """The same in Converse's shape."""
    return {"modelId": HAIKU, "messages": [{"role": "user", "content": list(content)}], **fields}


def text_of(answer: Json) -> str:
    """What a Converse answer says."""
    blocks = answer["output"]["message"]["content"]
    return "".join(block.get("text", "") for block in blocks)


def base64(media_type: str, data: bytes) -> Json:
    return {"type": "base64", "media_type": media_type, "data": b64encode(data).decode()}
