"""The token counts of this Bedrock: one token for every four characters, rounded up, and what is
cached.

Text, tool definitions, tool input and thinking count by their characters; an image counts as 1,500
tokens, whatever its size. Three pages of a PDF count as 7,000 tokens, and as 1,000 where only their
text is read: https://docs.claude.com/en/docs/build-with-claude/pdf-support.

The prompt cache follows https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html in
outline: a prefix that ends at a cache marker, and is as long as the model asks, is kept for 5
minutes or an hour after each use.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from time import monotonic
from typing import NamedTuple

from pydantic import BaseModel

from local.bedrock.blocks import (
    Base64Pdf,
    Cacheable,
    Document,
    Image,
    Text,
    Thinking,
    ToolResult,
)
from local.bedrock.media import pages
from local.bedrock.schema import Request

CHARACTERS_PER_TOKEN = 4
IMAGE_TOKENS = 1_500
TOKENS_OF_3_PAGES = 7_000
TEXT_TOKENS_OF_3_PAGES = 1_000
LOOKBACK = 20
"""Blocks at and before a marker where a kept prefix may end:
https://platform.claude.com/docs/en/build-with-claude/prompt-caching"""
LIFETIME = {"5m": 300.0, "1h": 3600.0}


class Usage(NamedTuple):
    """Token counts of a call; `input` excludes what was read from or written to the cache."""

    input: int
    cache_read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    output: int = 0

    @property
    def cache_write(self) -> int:
        return self.written_5m + self.written_1h

    @property
    def prompt(self) -> int:
        return self.input + self.cache_read + self.cache_write

    def as_json(self) -> dict[str, object]:
        """Return the `usage` object of an Anthropic message."""
        return {
            "input_tokens": self.input,
            "cache_creation_input_tokens": self.cache_write,
            "cache_read_input_tokens": self.cache_read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.written_5m,
                "ephemeral_1h_input_tokens": self.written_1h,
            },
            "output_tokens": self.output,
        }


def tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)


class _Part(NamedTuple):
    """A piece of the prompt in reading order: its weight, and where a cached prefix may end."""

    block: BaseModel | str
    characters: int
    ttl: str | None


def _parts(request: Request, text_only: bool) -> Iterator[_Part]:
    # The order in which prefixes are cached, whatever the order of the members in the body.
    for tool in request.tools or ():
        yield _part(tool, text_only)
    yield from _content(request.system, text_only)
    for message in request.messages:
        yield from _content(message.content, text_only)


def _content(content: object, text_only: bool) -> Iterator[_Part]:
    if isinstance(content, str):
        yield _Part(content, len(content), None)
    elif isinstance(content, list):
        for block in content:
            yield _part(block, text_only)


def _part(block: BaseModel, text_only: bool) -> _Part:
    marker = block.cache_control if isinstance(block, Cacheable) else None
    # Five minutes unless the marker names a lifetime.
    ttl = (marker.ttl or "5m") if marker else None
    return _Part(block, _characters(block, text_only), ttl)


def _characters(block: BaseModel, text_only: bool) -> int:
    if isinstance(block, Text):
        return len(block.text)
    if isinstance(block, Thinking):
        return len(block.thinking)
    if isinstance(block, Image):
        return IMAGE_TOKENS * CHARACTERS_PER_TOKEN
    if isinstance(block, Document) and isinstance(block.source, Base64Pdf):
        return _pdf_characters(block, block.source.data, text_only)
    if isinstance(block, ToolResult):
        return sum(part.characters for part in _content(block.content, text_only))
    return len(_identity(block))


def _pdf_characters(block: Document, data: str, text_only: bool) -> int:
    cited = block.citations is not None and block.citations.enabled
    rate = TEXT_TOKENS_OF_3_PAGES if text_only and not cited else TOKENS_OF_3_PAGES
    return -(-pages(data) * rate * CHARACTERS_PER_TOKEN // 3)


def _identity(block: BaseModel | str) -> str:
    """Return what makes a part the same prompt again: all of it but its cache marker."""
    if isinstance(block, str):
        return block
    # Markers may move from call to call while the prefix stays a hit, as agents do at each turn.
    return block.model_dump_json(exclude_none=True, exclude={"cache_control"})


def count_prompt(request: Request, *, text_only: bool = False) -> int:
    """Return the tokens of the prompt of `request`, whatever of them is cached.

    text_only: only the text of a PDF without citations is read.
    """
    return tokens(sum(part.characters for part in _parts(request, text_only)))


class PromptCache:
    """The prefixes that were sent before and are still kept; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._expiry: dict[bytes, float] = {}

    def usage(
        self, request: Request, scope: str, *, smallest: int, text_only: bool = False
    ) -> Usage:
        """Count the prompt of `request`, reading and writing prefixes kept for `scope`.

        smallest: the tokens of the shortest prefix that is kept.
        text_only: only the text of a PDF without citations is read.
        """
        parts = list(_parts(request, text_only))
        total = tokens(sum(part.characters for part in parts))
        if not any(part.ttl for part in parts):
            return Usage(total)
        read, written = self._walk(parts, scope, smallest)
        return Usage(
            total - read - sum(written.values()), read, written.get("5m", 0), written.get("1h", 0)
        )

    def _walk(self, parts: list[_Part], scope: str, smallest: int) -> tuple[int, dict[str, int]]:
        now, digest, characters, read = self._clock(), sha256(scope.encode()), 0, 0
        self._expiry = {key: end for key, end in self._expiry.items() if end > now}
        ends: list[tuple[int, str, bytes]] = []
        looked_at = _before_markers(parts)
        for position, part in enumerate(parts):
            digest.update(_identity(part.block).encode())
            characters += part.characters
            length, key = tokens(characters), digest.digest()
            # The longest prefix that is kept counts; also one before the marker, which the
            # service looks back for.
            if key in self._expiry and position in looked_at:
                read = length
            # A shorter prefix is processed without caching, and without an error.
            if part.ttl and length >= smallest:
                ends.append((length, part.ttl, key))
        written: dict[str, int] = {}
        covered = read
        for length, ttl, key in ends:
            # Only what no cached prefix covers is written, and billed as such.
            written[ttl] = written.get(ttl, 0) + max(0, length - covered)
            covered = max(covered, length)
            # A hit refreshes the lifetime without cost.
            self._expiry[key] = now + LIFETIME[ttl]
        return read, written


def _before_markers(parts: Sequence[_Part]) -> set[int]:
    """Return the positions at which the service looks for a prefix that it has kept."""
    marked = (position for position, part in enumerate(parts) if part.ttl)
    return {at for end in marked for at in range(max(0, end - LOOKBACK + 1), end + 1)}
