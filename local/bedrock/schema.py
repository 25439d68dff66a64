"""The body of an InvokeModel call to a Claude model: its fields, their types and bounds.

Fields: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
"""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationError
from pydantic_core import ErrorDetails

from local.bedrock import json_body
from local.bedrock.blocks import Block, Strict, Text, form
from local.bedrock.context_management import ContextManagement
from local.bedrock.errors import RefusedError, invalid
from local.bedrock.tools import Tool, unknown_type


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


class BlockBinding(Strict):
    """What becomes of a thinking block whose conversation has changed. Anthropic's own API calls
    the member `prefix_mismatch_behavior`:
    https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-thinking-block-binding.html
    """

    mismatch_behavior: Literal["error", "drop_block"] | None = None


class _Thinking(Strict):
    display: Literal["summarized", "omitted"] | None = None
    block_binding: BlockBinding | None = None


class BudgetThinking(_Thinking):
    type: Literal["enabled"]
    budget_tokens: Annotated[int, Field(ge=1024)]


class AdaptiveThinking(_Thinking):
    type: Literal["adaptive"]


class ThinkingBetweenTools(Strict):
    """It has no other member: https://platform.claude.com/docs/en/models/sonnet-5-5/overview"""

    type: Literal["between_tools"]


class NoThinking(Strict):
    type: Literal["disabled"]


ThinkingMode = Annotated[
    BudgetThinking | AdaptiveThinking | ThinkingBetweenTools | NoThinking,
    Field(discriminator="type"),
]


class Metadata(Strict):
    user_id: Annotated[str, Field(max_length=256)] | None = None


class JsonFormat(Strict):
    type: Literal["json_schema"]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class OutputConfig(Strict):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: JsonFormat | None = None


class Message(Strict):
    role: Literal["user", "assistant", "system"]
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
    """Return the request in `body`; raise RefusedError with the first thing that is wrong with
    it."""
    _check_json(body)
    try:
        return Request.model_validate_json(body)
    except ValidationError as wrong:
        raise _refusal(wrong.errors(include_url=False)[0], body) from wrong


def _check_json(body: bytes) -> None:
    """Raise RefusedError for what is no JSON: pydantic takes NaN, Infinity and numbers beyond a
    double's range."""
    try:
        json_body.read(body)
    except ValueError as broken:
        raise _malformed() from broken


def _malformed() -> RefusedError:
    return invalid("Malformed input request, please reformat your input and try again.")


def _refusal(error: ErrorDetails, body: bytes) -> RefusedError:
    location = error["loc"]
    if not location:
        return _malformed()
    if error["type"] == "union_tag_invalid" and location[0] == "tools" and len(location) == 2:
        return unknown_type(int(location[1]), error["ctx"]["tag"], _betas(body))
    return invalid(f"{'.'.join(_names(location))}: {error['msg']}")


def _names(location: tuple[int | str, ...]) -> Iterator[str]:
    """Yield the parts of a place as Anthropic words them: without the tags in brackets, which are
    ours, and with the tag of a cache marker, which is none of ours."""
    for position, part in enumerate(location):
        if not str(part).startswith("("):
            yield str(part)
        if part == "cache_control" and location[position + 1 :] not in ((), ("type",)):
            yield "ephemeral"


def _betas(body: bytes) -> list[str]:
    """Return the betas of a body that is a JSON object, as far as they are betas."""
    betas = json.loads(body).get("anthropic_beta")
    return [beta for beta in betas if isinstance(beta, str)] if isinstance(betas, list) else []
