"""Blocks of a conversation that was led with Anthropic's own API, in words that any model reads.

Bedrock has no server tools, and refuses the blocks that they leave in the history. A conversation
that moves here goes on with what they said as text.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

_RESULT: Final = "_tool_result"
_HOLDERS: Final = frozenset({"content", "source", "tool_references"})
_WORDS: Final = frozenset(
    {
        "error_code",
        "error_message",
        "lines",
        "page_age",
        "stderr",
        "stdout",
        "text",
        "title",
        "tool_name",
        "url",
    }
)
"""Fields of a result that a person can read; others are encrypted, ids or numbers."""


def as_text(block: Mapping[str, Any]) -> str:
    """Return what a block of a server tool says. Its encrypted parts only Anthropic can read."""
    kind = str(block["type"])
    if kind.endswith(_RESULT):
        words = "\n".join(word for word in _words(block.get("content")) if word.strip())
        about = f"Result of {kind.removesuffix(_RESULT)}"
        return f"[{about}:\n{words}]" if words else f"[{about}]"
    if kind == "compaction":
        return str(block.get("content") or "[The conversation before was left out]")
    if kind == "container_upload":
        return "[A file was uploaded for code execution, which is not available here]"
    return f"[Called the tool {block.get('name')} with {json.dumps(block.get('input'))}]"


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, dict):
        plain = value.get("media_type") == "text/plain"
        for name, inner in value.items():
            if name in _WORDS or name in _HOLDERS or (name == "data" and plain):
                yield from _words(inner)
