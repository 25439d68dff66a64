"""The rules that no schema can express: they tie fields of a request to each other and to the
model.

Wording follows what Bedrock passes on from the model, since clients match on it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from claude_bedrock.catalog import Model
from local.bedrock import (
    citations,
    context_management,
    media,
    message_order,
    model_rules,
    structured_output,
    thinking,
    tools,
)
from local.bedrock.blocks import Cacheable, Compaction, ContentSource, Document, ToolResult
from local.bedrock.errors import RefusedError, invalid
from local.bedrock.examples import is_schema
from local.bedrock.model_rules import V2026, ModelRules
from local.bedrock.schema import AutoChoice, BudgetThinking, NamedChoice, OutputConfig, Request

METADATA_VALUE = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,\-.]*", re.ASCII)
CACHE_BREAKPOINTS = 4
_EFFORT_BETA: Final = "effort-2025-11-24"
_BILLING: Final = "x-anthropic-billing-header"
_BILLING_TAKEN: Final = re.compile(rf"{_BILLING}: cc_version=[^;\s]+; cc_entrypoint=[^;\s]+;\s*")
"""As Claude Code 2.1.332 writes it in its Bedrock mode. What was refused ends with `cch=…;`:
https://github.com/anthropics/claude-code-action/issues/928"""
_NOT_OF_CONVERSE: Final = {
    "compact-2026-01-12": "compact",
    "tool-search-tool-2025-10-19": "tool-search-tool",
}
"""Betas that Converse refuses: https://github.com/agentgateway/agentgateway/pull/3240,
https://github.com/truefoundry/models/pull/2160"""


def check(request: Request, model: Model, *, is_converse: bool = False) -> None:
    """Raise RefusedError (ValidationException) for the first rule `request` breaks on `model`.

    Args:
        request: a parsed body.
        model: the model that is asked.
        is_converse: whether it came as a Converse body, which takes a conversation that the
            assistant begins, and blank text beside other blocks.
    """
    # The order decides which of several broken rules a client reads, as the model reports one
    # only.
    rules = model_rules.of(model)
    _check_version_and_betas(request, rules, is_converse)
    _check_output_config(request, rules)
    _check_max_tokens(request, model, rules)
    _check_roles(request, rules)
    message_order.check(request.messages, assistant_may_begin=is_converse, blank_taken=is_converse)
    media.check(request, is_converse=is_converse)
    citations.check(request)
    _check_compaction(request)
    _check_system(request)
    _check_stop_sequences(request)
    _check_tools(request, rules)
    message_order.check_prefill(request.messages, taken=rules.prefill)
    thinking.check(request, rules)
    context_management.check(
        request.context_management,
        request.anthropic_beta or (),
        thinks=thinking.is_on(request, rules),
    )
    _check_sampling(request, rules)
    _check_cache(request, rules)


def _check_version_and_betas(request: Request, rules: ModelRules, is_converse: bool) -> None:
    # A required member of the body:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
    if request.anthropic_version not in rules.api_versions:
        raise invalid("Invalid API version")
    betas = request.anthropic_beta or ()
    if not rules.betas.issuperset(betas):
        raise invalid("invalid beta flag")
    for beta, feature in _NOT_OF_CONVERSE.items():
        if is_converse and beta in betas:
            raise invalid(
                f"The {feature} beta feature is not currently supported on the Converse and "
                "ConverseStream APIs"
            )


def _check_output_config(request: Request, rules: ModelRules) -> None:
    output = request.output_config
    if output is None:
        return
    if output.format is not None:
        _check_format(request, output, rules)
    if output.effort is not None:
        _check_effort(output.effort, request.anthropic_beta or (), rules)


def _check_format(request: Request, output: OutputConfig, rules: ModelRules) -> None:
    if output.format is None:
        return
    if not rules.structured_output:
        raise invalid("output_config.format: Extra inputs are not permitted")
    if not is_schema(output.format.schema_):
        raise invalid(f"output_config.format.schema: {tools.NO_SCHEMA}")
    structured_output.check("output_config.format.schema", output.format.schema_)
    # A citation cuts the text into blocks, which a JSON output cannot be:
    # https://platform.claude.com/docs/en/build-with-claude/structured-outputs
    if citations.may_be_cited(request):
        raise invalid("output_config.format: Citations cannot be used with structured outputs.")


def _check_effort(effort: str, betas: Sequence[str], rules: ModelRules) -> None:
    # Efforts by model: https://platform.claude.com/docs/en/build-with-claude/effort
    if not rules.efforts:
        raise invalid("This model does not support the effort parameter.")
    if rules.effort_needs_beta and _EFFORT_BETA not in betas:
        raise invalid("output_config.effort: Extra inputs are not permitted")
    if effort in rules.efforts:
        return
    if rules.effort_needs_beta:
        raise invalid("output_config.effort: Input should be 'low', 'medium' or 'high'")
    raise invalid(
        f"This model does not support effort level '{effort}'. "
        f"Supported levels: {', '.join(sorted(rules.efforts))}."
    )


def _check_max_tokens(request: Request, model: Model, rules: ModelRules) -> None:
    limit = model.max_output_tokens
    if request.max_tokens <= limit:
        return
    # Models that Anthropic's own engine serves, from 4.7 on, answer in its words:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html
    if V2026 in rules.api_versions:
        raise invalid(
            f"max_tokens: {request.max_tokens} > {limit}, which is the maximum allowed number of "
            f"output tokens for {model.base_id}"
        )
    # https://github.com/charmbracelet/crush/issues/946
    raise invalid(f"The maximum tokens you requested exceeds the model limit of {limit}")


def _check_roles(request: Request, rules: ModelRules) -> None:
    for position, message in enumerate(request.messages):
        if message.role == "system" and not rules.system_messages:
            raise invalid(f"messages.{position}.role: Input should be 'user' or 'assistant'")


def _check_compaction(request: Request) -> None:
    # Without the beta, the block's type is one that the union of types does not have.
    if context_management.COMPACTION in (request.anthropic_beta or ()):
        return
    for position, message in enumerate(request.messages):
        for index, block in enumerate(message_order.blocks_of(message)):
            if isinstance(block, Compaction):
                raise _unknown_block(f"messages.{position}.content.{index}", block.type)


def _unknown_block(where: str, kind: str) -> RefusedError:
    return invalid(
        f"{where}: Input tag '{kind}' found using 'type' does not match any of the expected tags: "
        "'document', 'image', 'redacted_thinking', 'search_result', 'text', 'thinking', "
        "'tool_result', 'tool_use'"
    )


def _check_system(request: Request) -> None:
    message_order.check_text("system", request.system)
    texts = [request.system] if isinstance(request.system, str) else request.system or []
    system_texts = [text if isinstance(text, str) else text.text for text in texts]
    if any(_BILLING in text and not _BILLING_TAKEN.fullmatch(text) for text in system_texts):
        raise invalid(f"{_BILLING} is a reserved keyword and may not be used in the system prompt.")


def _check_stop_sequences(request: Request) -> None:
    if not all(sequence.strip() for sequence in request.stop_sequences or ()):
        raise invalid("stop_sequences: each stop sequence must contain non-whitespace")


def _check_tools(request: Request, rules: ModelRules) -> None:
    offered = request.tools or []
    tools.check(offered, request.anthropic_beta or (), strict_taken=rules.strict_tools)
    names = [tool.name for tool in offered]
    choice = request.tool_choice
    # Tool choice:
    # https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
    if choice is not None and not names:
        raise invalid("tool_choice: tool_choice may only be specified while providing tools.")
    if isinstance(choice, NamedChoice) and choice.name not in names:
        raise invalid(f"Tool '{choice.name}' not found in provided tools")
    if forces_tool(request) and not rules.forced_tool_choice:
        raise invalid('tool_choice: type "tool" and "any" are not supported for this model.')
    # With adaptive thinking Bedrock takes both: https://github.com/langchain-ai/langchain-aws/issues/1141
    if forces_tool(request) and isinstance(request.thinking, BudgetThinking):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")
    message_order.check_references(request.messages, names)


def forces_tool(request: Request) -> bool:
    """Return whether the request makes the model call a tool."""
    choice = request.tool_choice
    return isinstance(choice, NamedChoice) or (
        isinstance(choice, AutoChoice) and choice.type == "any"
    )


def _check_sampling(request: Request, rules: ModelRules) -> None:
    # An API version takes precedence: it refuses samplers whatever their value, a model only
    # those that are moved.
    if request.anthropic_version == V2026:
        _refuse(_set_samplers(request), "is not supported by this API version.")
    if rules.sampling in ("fixed", "fixed_one"):
        _refuse(_moved_samplers(request, rules), "is deprecated for this model.")
    is_one = rules.sampling in ("one", "fixed_one")
    if request.temperature is not None and request.top_p is not None and is_one:
        raise invalid(
            "`temperature` and `top_p` cannot both be specified for this model. "
            "Please use only one."
        )
    # What thinking excludes:
    # https://platform.claude.com/docs/en/build-with-claude/extended-thinking, "Feature
    # compatibility".
    if not thinking.is_on(request, rules):
        return
    if request.temperature not in (None, 1):
        raise invalid("`temperature` may only be set to 1 when thinking is enabled.")
    if request.top_k is not None:
        raise invalid("`top_k` must be unset when thinking is enabled.")
    if request.top_p is not None and request.top_p < 0.95:
        raise invalid("`top_p` must be greater than or equal to 0.95 or unset when thinking is on.")


def _set_samplers(request: Request) -> Iterator[str]:
    for name in ("temperature", "top_p", "top_k"):
        if getattr(request, name) is not None:
            yield name


def _moved_samplers(request: Request, rules: ModelRules) -> Iterator[str]:
    if request.temperature not in (None, 1):
        yield "temperature"
    least, most = rules.top_p
    if request.top_p is not None and not least <= request.top_p <= most:
        yield "top_p"
    if request.top_k is not None:
        yield "top_k"


def _refuse(names: Iterator[str], why: str) -> None:
    for name in names:
        raise invalid(f"`{name}` {why}")


def _check_cache(request: Request, rules: ModelRules) -> None:
    marked = [(where, block) for where, block in _blocks_with_paths(request) if block.cache_control]
    # Four breakpoints at most:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    if len(marked) > CACHE_BREAKPOINTS:
        raise invalid(
            f"A maximum of {CACHE_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {len(marked)}."
        )
    short_before = False
    for where, block in marked:
        ttl = block.cache_control.ttl if block.cache_control else None
        if ttl and not rules.hour_cache:
            raise invalid(f"{where}.cache_control.ephemeral.ttl: Extra inputs are not permitted")
        # Longer lifetimes come first:
        # https://platform.claude.com/docs/en/build-with-claude/prompt-caching, "Mixing different
        # TTLs".
        if ttl == "1h" and short_before:
            raise invalid(
                f"{where}.cache_control.ttl: a ttl='1h' cache_control block must not come after a "
                "ttl='5m' cache_control block. Note that blocks are processed in the following "
                "order: `tools`, `system`, `messages`."
            )
        # A marker without a lifetime is one of five minutes.
        short_before = short_before or ttl != "1h"


def _blocks_with_paths(request: Request) -> Iterator[tuple[str, Cacheable]]:
    # Prefixes build on each other in this order: tools, system, messages.
    for position, tool in enumerate(request.tools or ()):
        yield f"tools.{position}", tool
    if isinstance(request.system, list):
        for position, text in enumerate(request.system):
            yield f"system.{position}", text
    for position, message in enumerate(request.messages):
        for index, block in enumerate(message_order.blocks_of(message)):
            where = f"messages.{position}.content.{index}"
            yield from _blocks_within(where, block)
            if isinstance(block, Cacheable):
                yield where, block


def _blocks_within(where: str, block: object) -> Iterator[tuple[str, Cacheable]]:
    """Yield what a tool result or a document holds, which may have a marker too. AWS's and
    Anthropic's pages leave open whether it counts: this is the stricter reading."""
    inner: object = None
    if isinstance(block, ToolResult):
        where, inner = f"{where}.tool_result.content", block.content
    elif isinstance(block, Document) and isinstance(block.source, ContentSource):
        where, inner = f"{where}.document.source.content", block.source.content
    for index, item in enumerate(inner if isinstance(inner, list) else ()):
        yield f"{where}.{index}", item
