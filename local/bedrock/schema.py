"""The body of an InvokeModel call to a Claude model: its fields, their types and bounds.

Fields: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
"""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationError
from pydantic_core import ErrorDetails

from local.bedrock.blocks import Block, Cacheable, Strict, Text, form
from local.bedrock.errors import RefusedError, invalid

ToolName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]


class InputSchema(Strict, extra="allow"):
    type: Literal["object"]
    properties: dict[str, Any] | None = None
    required: list[str] | None = None


class CustomTool(Cacheable):
    type: Literal["custom"] | None = None
    name: ToolName
    description: str | None = None
    input_schema: InputSchema
    strict: bool | None = None
    defer_loading: bool | None = None
    eager_input_streaming: bool | None = None
    input_examples: list[dict[str, Any]] | None = None


class Bash(Cacheable):
    type: Literal["bash_20250124"]
    name: Literal["bash"]


class TextEditor(Cacheable):
    type: Literal["text_editor_20250124", "text_editor_20250429", "text_editor_20250728"]
    name: Literal["str_replace_editor", "str_replace_based_edit_tool"]
    max_characters: int | None = None


class Computer(Cacheable):
    type: Literal["computer_20250124", "computer_20251124"]
    name: Literal["computer"]
    display_width_px: int
    display_height_px: int
    display_number: int | None = None
    enable_zoom: bool | None = None


class Memory(Cacheable):
    type: Literal["memory_20250818"]
    name: Literal["memory"]


class ToolSearch(Cacheable):
    type: Literal["tool_search_tool_regex_20251119", "tool_search_tool_bm25_20251119"]
    name: Literal["tool_search_tool_regex", "tool_search_tool_bm25"]


_CLIENT_TOOLS = ("bash", "text_editor", "computer", "memory", "tool_search")


def _tool_kind(tool: object) -> str | None:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if kind is None or kind == "custom":
        return "custom"
    return next((known for known in _CLIENT_TOOLS if str(kind).startswith(known)), None)


Tool = Annotated[
    Annotated[CustomTool, Tag("custom")]
    | Annotated[Bash, Tag("bash")]
    | Annotated[TextEditor, Tag("text_editor")]
    | Annotated[Computer, Tag("computer")]
    | Annotated[Memory, Tag("memory")]
    | Annotated[ToolSearch, Tag("tool_search")],
    Discriminator(_tool_kind),
]


class AutoChoice(Strict):
    type: Literal["auto", "any"]
    disable_parallel_tool_use: bool | None = None


class NamedChoice(Strict):
    type: Literal["tool"]
    name: str
    disable_parallel_tool_use: bool | None = None


class NoChoice(Strict):
    type: Literal["none"]


ToolChoice = Annotated[AutoChoice | NamedChoice | NoChoice, Field(discriminator="type")]


class BudgetThinking(Strict):
    type: Literal["enabled"]
    budget_tokens: Annotated[int, Field(ge=1024)]
    display: Literal["summarized", "omitted"] | None = None


class AdaptiveThinking(Strict):
    type: Literal["adaptive"]
    display: Literal["summarized", "omitted"] | None = None


class NoThinking(Strict):
    type: Literal["disabled"]


ThinkingMode = Annotated[
    BudgetThinking | AdaptiveThinking | NoThinking, Field(discriminator="type")
]


class Metadata(Strict):
    user_id: Annotated[str, Field(max_length=256)] | None = None


class JsonFormat(Strict):
    type: Literal["json_schema"]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class OutputConfig(Strict):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: JsonFormat | None = None


class ContextManagement(Strict):
    edits: list[dict[str, Any]] | None = None


class Message(Strict):
    role: Literal["user", "assistant"]
    content: Annotated[
        Annotated[str, Tag("(text)")] | Annotated[list[Block], Tag("(blocks)")],
        Discriminator(form),
    ]


class Request(Strict):
    """Everything Bedrock takes in the body. `model`, `stream` and `tags` are not among it."""

    anthropic_version: str
    max_tokens: Annotated[int, Field(ge=1)]
    messages: list[Message]
    anthropic_beta: list[str] | None = None
    context_management: ContextManagement | None = None
    metadata: Metadata | None = None
    output_config: OutputConfig | None = None
    stop_sequences: list[str] | None = None
    system: (
        Annotated[
            Annotated[str, Tag("(text)")] | Annotated[list[Text], Tag("(blocks)")],
            Discriminator(form),
        ]
        | None
    ) = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    thinking: ThinkingMode | None = None
    tool_choice: ToolChoice | None = None
    tools: list[Tool] | None = None
    top_k: Annotated[int, Field(ge=0)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    user_profile_id: str | None = None


def parse(body: bytes) -> Request:
    """The request in `body`; raises RefusedError with the first thing that is wrong with it."""
    try:
        return Request.model_validate_json(body)
    except ValidationError as wrong:
        raise _refusal(wrong.errors(include_url=False)[0]) from wrong


def _refusal(error: ErrorDetails) -> RefusedError:
    if error["type"] == "json_invalid" or not error["loc"]:
        return invalid("Malformed input request, please reformat your input and try again.")
    # Tags in brackets are ours; the others (`text`, `custom`) are part of Anthropic's wording too.
    where = ".".join(str(part) for part in error["loc"] if not str(part).startswith("("))
    return invalid(f"{where}: {error['msg']}")
