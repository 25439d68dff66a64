"""The citations of a reply: the beginning of the first document that may be cited, since none was
read.

https://platform.claude.com/docs/en/build-with-claude/citations
"""

from collections.abc import Iterator
from typing import Any

from local.bedrock import message_order
from local.bedrock.blocks import (
    Base64Pdf,
    Block,
    Document,
    PlainText,
    SearchResult,
    ToolResult,
    text_of,
)
from local.bedrock.errors import invalid
from local.bedrock.schema import Request

LONGEST = 100
_UNREAD = "No model ran, so no page was read."


def check(request: Request) -> None:
    """Raise RefusedError where some documents, or some search results, are to be cited and others
    are not.

    The rule is Anthropic's, in words of this program:
    https://platform.claude.com/docs/en/build-with-claude/citations,
    https://platform.claude.com/docs/en/build-with-claude/search-results
    """
    for kind, name in ((Document, "documents"), (SearchResult, "search results")):
        if len({_is_cited(block) for block in _sources(request) if isinstance(block, kind)}) > 1:
            raise invalid(f"messages: Citations must be enabled on all {name}, or on none.")


def citations(request: Request) -> list[dict[str, Any]]:
    """Anthropic's citations of the reply's text: one, or none where no document asks for any."""
    return [_citation(index, document) for index, document in _citable(request)][:1]


def may_be_cited(request: Request) -> bool:
    """Return whether a document or search result asks to be cited, which no structured output can
    do.

    https://platform.claude.com/docs/en/build-with-claude/structured-outputs
    """
    return any(map(_is_cited, _sources(request)))


def _is_cited(source: Document | SearchResult) -> bool:
    return source.citations is not None and bool(source.citations.enabled)


def _sources(request: Request) -> Iterator[Document | SearchResult]:
    """Yield the documents and search results of the conversation, those that tools returned too."""
    for block in _blocks(request):
        inner = block.content if isinstance(block, ToolResult) else None
        for item in inner if isinstance(inner, list) else (block,):
            if isinstance(item, Document | SearchResult):
                yield item


def _blocks(request: Request) -> Iterator[Block]:
    for message in request.messages:
        yield from message_order.blocks_of(message)


def _citable(request: Request) -> Iterator[tuple[int, Document]]:
    """Documents that may be cited, with their place among all that the prompt has."""
    documents = (block for block in _blocks(request) if isinstance(block, Document))
    for index, document in enumerate(documents):
        if _is_cited(document):
            yield index, document


def _citation(index: int, document: Document) -> dict[str, Any]:
    kind, unit, start, end, text = _beginning(document)
    return {
        "type": kind,
        "cited_text": text,
        "document_index": index,
        "document_title": document.title,
        f"start_{unit}": start,
        f"end_{unit}": end,
    }


def _beginning(document: Document) -> tuple[str, str, int, int, str]:
    """Kind and unit of the place, where it starts, where it has ended, and what stands there."""
    source = document.source
    if isinstance(source, Base64Pdf):
        return "page_location", "page_number", 1, 2, _UNREAD
    if isinstance(source, PlainText):
        text = source.data[:LONGEST]
        return "char_location", "char_index", 0, len(text), text
    first = source.content if isinstance(source.content, str) else text_of(source.content[:1])
    return "content_block_location", "block_index", 0, 1, first[:LONGEST]
