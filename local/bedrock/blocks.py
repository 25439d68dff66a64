"""Content blocks: what may stand in a message, a system prompt or a tool result, and nothing else.

Bedrock takes base64 and text sources only, no URLs and no file ids:
https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock-legacy
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag


class Strict(BaseModel):
    """A part of the body in which a field Bedrock does not know is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def form(value: object) -> str:
    """Return which of the two forms a field takes that may be a string or a list of blocks."""
    return "(blocks)" if isinstance(value, list) else "(text)"


class CacheControl(Strict):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class Cacheable(Strict):
    cache_control: CacheControl | None = None


class _DocumentCitation(Strict):
    cited_text: str
    document_index: Annotated[int, Field(ge=0)]
    document_title: str | None


class CharCitation(_DocumentCitation):
    type: Literal["char_location"]
    start_char_index: Annotated[int, Field(ge=0)]
    end_char_index: int


class PageCitation(_DocumentCitation):
    type: Literal["page_location"]
    start_page_number: Annotated[int, Field(ge=1)]
    end_page_number: int


class BlockCitation(_DocumentCitation):
    type: Literal["content_block_location"]
    start_block_index: Annotated[int, Field(ge=0)]
    end_block_index: int


class SearchResultCitation(Strict):
    type: Literal["search_result_location"]
    cited_text: str
    search_result_index: Annotated[int, Field(ge=0)]
    source: str
    title: str | None
    start_block_index: Annotated[int, Field(ge=0)]
    end_block_index: int


Citation = Annotated[
    CharCitation | PageCitation | BlockCitation | SearchResultCitation, Field(discriminator="type")
]
"""A citation of an earlier answer. Anthropic's answers have `file_id` too, which its request has
not: https://platform.claude.com/docs/en/build-with-claude/citations,
https://platform.claude.com/docs/en/api/messages"""


class Text(Cacheable):
    type: Literal["text"]
    text: str
    citations: list[Citation] | None = None


class Base64Image(Strict):
    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: Annotated[str, Field(min_length=1)]


class Image(Cacheable):
    type: Literal["image"]
    source: Base64Image


class Base64Pdf(Strict):
    type: Literal["base64"]
    media_type: Literal["application/pdf"]
    data: Annotated[str, Field(min_length=1)]


class PlainText(Strict):
    type: Literal["text"]
    media_type: Literal["text/plain"]
    data: str


Pictured = Annotated[Text | Image, Field(discriminator="type")]


class ContentSource(Strict):
    type: Literal["content"]
    content: Annotated[
        Annotated[str, Tag("(text)")] | Annotated[list[Pictured], Tag("(blocks)")],
        Discriminator(form),
    ]


class Citations(Strict):
    enabled: bool | None = None


class Document(Cacheable):
    type: Literal["document"]
    source: Annotated[Base64Pdf | PlainText | ContentSource, Field(discriminator="type")]
    title: str | None = None
    context: str | None = None
    citations: Citations | None = None


class SearchResult(Cacheable):
    type: Literal["search_result"]
    source: str
    title: str
    content: list[Text]
    citations: Citations | None = None


class ToolReference(Cacheable):
    type: Literal["tool_reference"]
    tool_name: str


class ToolUse(Cacheable):
    type: Literal["tool_use"]
    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    input: dict[str, Any]


Returned = Annotated[
    Text | Image | Document | SearchResult | ToolReference, Field(discriminator="type")
]


class ToolResult(Cacheable):
    type: Literal["tool_result"]
    tool_use_id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]+$")]
    content: (
        Annotated[
            Annotated[str, Tag("(text)")] | Annotated[list[Returned], Tag("(blocks)")],
            Discriminator(form),
        ]
        | None
    ) = None
    is_error: bool | None = None


class Thinking(Strict):
    type: Literal["thinking"]
    thinking: str
    signature: str


class RedactedThinking(Strict):
    type: Literal["redacted_thinking"]
    data: str


class Compaction(Cacheable):
    """What compaction put in the place of earlier turns:
    https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-compaction.html"""

    type: Literal["compaction"]
    content: str | None


Block = Annotated[
    Text
    | Image
    | Document
    | SearchResult
    | ToolUse
    | ToolResult
    | Thinking
    | RedactedThinking
    | Compaction,
    Field(discriminator="type"),
]


def text_of(content: str | list[Any] | None) -> str:
    """Return the text in a content field, its blocks joined by newlines; other blocks have none."""
    if isinstance(content, str):
        return content
    return "\n".join(block.text for block in content or [] if isinstance(block, Text))
