"""What was said in a body of a record, as text: of a Message or Converse body, or of the events
that a stream leaves behind, whose pieces belong together."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_PIECES: Final = ("text", "thinking", "partial_json")
_SPOKEN: Final = ("system", "messages", "content", "output", "message", "text", "thinking", "input")


def body_text(body: object) -> str:
    """Return the text, in order, one block a line. Fields that say how a model was asked are not
    in it."""
    if isinstance(body, list) and any(
        isinstance(block, dict) and "type" in block for block in body
    ):
        streamed = "".join(_pieces(body))
        return streamed or "\n".join(_strings(body))
    return "\n".join(_strings(body))


def _pieces(events: list[Any]) -> Iterator[str]:
    """Yield the text of Anthropic's events:
    https://platform.claude.com/docs/en/build-with-claude/streaming"""
    for event in events:
        delta = event.get("delta") if isinstance(event, dict) else None
        if isinstance(delta, Mapping):
            yield from (delta[piece] for piece in _PIECES if isinstance(delta.get(piece), str))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, Mapping):
        for name in _SPOKEN:
            if name in value:
                yield from _strings(value[name])
