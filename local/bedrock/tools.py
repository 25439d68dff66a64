"""Tools: their fields, and which of them Bedrock takes beside which betas.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-tool-use.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag

from local.bedrock import structured_output
from local.bedrock.blocks import Cacheable, Strict
from local.bedrock.errors import RefusedError, invalid
from local.bedrock.examples import is_schema

NO_SCHEMA: Final = (
    "JSON schema is invalid. It must match JSON Schema draft 2020-12 "
    "(https://json-schema.org/draft/2020-12). Learn more about tool use at "
    "https://docs.claude.com/en/docs/tool-use."
)
# Measured on Bedrock, of the outermost properties only:
# https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/issues/709
PROPERTY_NAME: Final = r"^[a-zA-Z0-9_.-]{1,64}$"
ToolName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]


class InputSchema(Strict, extra="allow"):
    type: Literal["object"]
    properties: dict[str, Any] | None = None
    required: list[str] | None = None


class CustomTool(Cacheable):
    """A tool of the client's own. It has no `eager_input_streaming`: Bedrock refuses the field even
    beside its beta, https://github.com/anthropics/claude-agent-sdk-python/issues/694."""

    type: Literal["custom"] | None = None
    name: ToolName
    description: str | None = None
    input_schema: InputSchema
    strict: bool | None = None
    defer_loading: bool | None = None
    input_examples: list[dict[str, Any]] | None = None


class Bash(Cacheable):
    type: Literal["bash_20250124"]
    name: Literal["bash"]


class TextEditor(Cacheable):
    type: Literal["text_editor_20250124", "text_editor_20250429"]
    name: Literal["str_replace_editor", "str_replace_based_edit_tool"]


class TextEditorWithLimit(Cacheable):
    type: Literal["text_editor_20250728"]
    name: Literal["str_replace_based_edit_tool"]
    max_characters: Annotated[int, Field(ge=1)] | None = None


class _Screen(Cacheable):
    name: Literal["computer"]
    display_width_px: Annotated[int, Field(ge=1)]
    display_height_px: Annotated[int, Field(ge=1)]
    display_number: Annotated[int, Field(ge=0)] | None = None


class Computer(_Screen):
    type: Literal["computer_20250124"]


class ComputerWithZoom(_Screen):
    type: Literal["computer_20251124"]
    enable_zoom: bool | None = None


class Memory(Cacheable):
    type: Literal["memory_20250818"]
    name: Literal["memory"]


class ToolSearch(Cacheable):
    type: Literal["tool_search_tool_regex_20251119", "tool_search_tool_bm25_20251119"]
    name: Literal["tool_search_tool_regex", "tool_search_tool_bm25"]


def _type(tool: object) -> object:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return "custom" if kind is None else kind


Tool = Annotated[
    Annotated[CustomTool, Tag("custom")]
    | Annotated[Bash, Tag("bash_20250124")]
    | Annotated[TextEditor, Tag("text_editor_20250124")]
    | Annotated[TextEditor, Tag("text_editor_20250429")]
    | Annotated[TextEditorWithLimit, Tag("text_editor_20250728")]
    | Annotated[Computer, Tag("computer_20250124")]
    | Annotated[ComputerWithZoom, Tag("computer_20251124")]
    | Annotated[Memory, Tag("memory_20250818")]
    | Annotated[ToolSearch, Tag("tool_search_tool_regex_20251119")]
    | Annotated[ToolSearch, Tag("tool_search_tool_bm25_20251119")],
    Discriminator(_type),
]

_ALWAYS: Final = (
    "bash_20250124",
    "custom",
    "text_editor_20250124",
    "text_editor_20250429",
    "text_editor_20250728",
)
"""The types that the recorded error of a request without betas names."""
_BESIDE_BETA: Final[Mapping[str, str]] = {
    "computer_20250124": "computer-use-2025-01-24",
    "computer_20251124": "computer-use-2025-11-24",
    "memory_20250818": "context-management-2025-06-27",
    "tool_search_tool_bm25_20251119": "tool-search-tool-2025-10-19",
    "tool_search_tool_regex_20251119": "tool-search-tool-2025-10-19",
}
_FIELD_BETAS: Final[Mapping[str, str]] = {
    "defer_loading": "tool-search-tool-2025-10-19",
    "input_examples": "tool-examples-2025-10-29",
}


def unknown_type(position: int, kind: object, betas: Iterable[str]) -> RefusedError:
    """Return the refusal of a tool whose type Bedrock does not take beside these betas."""
    enabled_betas = set(betas)
    tags = sorted((*_ALWAYS, *(tag for tag, beta in _BESIDE_BETA.items() if beta in enabled_betas)))
    return invalid(
        f"tools.{position}: Input tag '{kind}' found using 'type' does not match any of the "
        f"expected tags: {', '.join(map(repr, tags))}"
    )


def check(tools: Sequence[Any], betas: Iterable[str], *, strict_taken: bool) -> None:
    """Raise RefusedError for the first tool that breaks a rule.

    Args:
        tools: parsed tools.
        betas: the request's betas.
        strict_taken: whether the model takes `strict`.
    """
    enabled_betas = set(betas)
    for position, tool in enumerate(tools):
        kind = tool.type or "custom"
        if kind in _BESIDE_BETA and _BESIDE_BETA[kind] not in enabled_betas:
            raise unknown_type(position, kind, enabled_betas)
        if isinstance(tool, CustomTool):
            _check_fields(f"tools.{position}.custom", tool, enabled_betas, strict_taken)
            _check_schema(f"tools.{position}.custom", tool)
    # The reply names a tool by its name alone.
    names = [tool.name for tool in tools]
    if len(names) != len(set(names)):
        raise invalid("tools: Tool names must be unique.")
    # Deferred tools are found by a search, which is a tool itself: one has to be loaded,
    # https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool
    if tools and all(getattr(tool, "defer_loading", None) for tool in tools):
        raise invalid("At least one tool must have defer_loading=false.")


def _check_fields(where: str, tool: CustomTool, betas: set[str], strict_taken: bool) -> None:
    for name in _refused_fields(tool, betas, strict_taken):
        raise invalid(f"{where}.{name}: Extra inputs are not permitted")


def _refused_fields(tool: CustomTool, betas: set[str], strict_taken: bool) -> Iterator[str]:
    if tool.strict is not None and not strict_taken:
        yield "strict"
    for name, beta in _FIELD_BETAS.items():
        if getattr(tool, name) is not None and beta not in betas:
            yield name


def _check_schema(where: str, tool: CustomTool) -> None:
    schema = tool.input_schema.model_dump(exclude_unset=True)
    if not is_schema(schema):
        raise invalid(f"{where}.input_schema: {NO_SCHEMA}")
    if any(name in schema for name in ("oneOf", "allOf", "anyOf")):
        raise invalid(
            f"{where}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the "
            "top level"
        )
    if not all(re.fullmatch(PROPERTY_NAME, name) for name in tool.input_schema.properties or ()):
        raise invalid(
            f"{where}.input_schema.properties: Property keys should match pattern '{PROPERTY_NAME}'"
        )
    # `strict` compiles the schema as structured output does, with the same limits.
    if tool.strict:
        structured_output.check(where, schema)
