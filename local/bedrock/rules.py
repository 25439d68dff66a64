"""What no schema can say: the rules that tie fields of a request to each other and to the model.

Wording follows what Bedrock passes on from the model, since clients match on it.
"""

import re
from collections.abc import Iterator

from catalog import Model
from local.bedrock import turns
from local.bedrock.blocks import Cacheable
from local.bedrock.citations import may_be_cited
from local.bedrock.errors import invalid
from local.bedrock.examples import is_schema
from local.bedrock.generations import V2026, Generation, anthropic_name, generation
from local.bedrock.schema import (
    AutoChoice,
    BudgetThinking,
    CustomTool,
    NamedChoice,
    NoThinking,
    Request,
)

METADATA_VALUE = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,\-.]*", re.ASCII)
CACHE_BREAKPOINTS = 4
_NO_SCHEMA = "JSON schema is invalid. It must match JSON Schema draft 2020-12"
_TOOL_BETAS = {
    "defer_loading": "tool-search-tool-2025-10-19",
    "input_examples": "tool-examples-2025-10-29",
}


def check(request: Request, model: Model) -> None:
    """Raises RefusedError (ValidationException) for the first rule `request` breaks on `model`."""
    rules = generation(model)
    _check_version_and_betas(request, rules)
    _check_beta_fields(request)
    _check_max_tokens(request, model)
    turns.check(request.messages)
    _check_schemas(request)
    _check_tools(request)
    _check_thinking(request, rules)
    _check_sampling(request, rules)
    _check_cache(request)


def thinks(request: Request, rules: Generation) -> bool:
    """Whether the reply to `request` begins with a thinking block."""
    if request.thinking is None:
        return rules.thinks_unasked
    return not isinstance(request.thinking, NoThinking)


def _check_version_and_betas(request: Request, rules: Generation) -> None:
    if request.anthropic_version not in rules.versions:
        raise invalid("Invalid API version")
    if not rules.betas.issuperset(request.anthropic_beta or ()):
        raise invalid("invalid beta flag")
    if not rules.effort and request.output_config and request.output_config.effort:
        raise invalid("This model does not support the effort parameter.")


def _check_beta_fields(request: Request) -> None:
    betas = set(request.anthropic_beta or ())
    if request.context_management and "context-management-2025-06-27" not in betas:
        raise invalid("context_management: Extra inputs are not permitted")
    for position, tool in enumerate(request.tools or ()):
        for name, beta in _TOOL_BETAS.items():
            given = isinstance(tool, CustomTool) and getattr(tool, name) is not None
            if given and beta not in betas:
                raise invalid(f"tools.{position}.custom.{name}: Extra inputs are not permitted")


def _check_max_tokens(request: Request, model: Model) -> None:
    if request.max_tokens > model.max_output_tokens:
        raise invalid(
            f"max_tokens: {request.max_tokens} > {model.max_output_tokens}, which is the maximum "
            f"allowed number of output tokens for {anthropic_name(model)}"
        )


def _check_schemas(request: Request) -> None:
    for position, tool in enumerate(request.tools or ()):
        if isinstance(tool, CustomTool) and not _fits(tool):
            raise invalid(f"tools.{position}.custom.input_schema: {_NO_SCHEMA}")
    output = request.output_config
    if output and output.format and not is_schema(output.format.schema_):
        raise invalid(f"output_config.format.schema: {_NO_SCHEMA}")
    if output and output.format and may_be_cited(request):
        raise invalid("output_config.format: Citations cannot be used with structured outputs.")


def _fits(tool: CustomTool) -> bool:
    return is_schema(tool.input_schema.model_dump(exclude_unset=True))


def _check_tools(request: Request) -> None:
    names = [tool.name for tool in request.tools or ()]
    if len(names) != len(set(names)):
        raise invalid("tools: Tool names must be unique.")
    choice = request.tool_choice
    if choice is not None and not names:
        raise invalid("tool_choice: tool_choice may only be specified while providing tools.")
    if isinstance(choice, NamedChoice) and choice.name not in names:
        raise invalid(f"Tool '{choice.name}' not found in provided tools")


def _check_thinking(request: Request, rules: Generation) -> None:
    mode = request.thinking
    if mode is None:
        return
    if mode.type not in rules.thinking:
        takes = " or ".join(f'"thinking.type.{kind}"' for kind in sorted(rules.thinking))
        raise invalid(f'"thinking.type.{mode.type}" is not supported for this model. Use {takes}.')
    if isinstance(mode, BudgetThinking) and mode.budget_tokens >= request.max_tokens:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if not isinstance(mode, NoThinking) and _forces_tool(request):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")


def _forces_tool(request: Request) -> bool:
    choice = request.tool_choice
    return isinstance(choice, NamedChoice) or (
        isinstance(choice, AutoChoice) and choice.type == "any"
    )


def _check_sampling(request: Request, rules: Generation) -> None:
    if request.anthropic_version == V2026:
        _refuse(_set_samplers(request), "is not supported by this API version.")
    if rules.sampling == "fixed":
        _refuse(_moved_samplers(request), "is deprecated for this model.")
    if request.temperature is not None and request.top_p is not None and rules.sampling == "one":
        raise invalid(
            "`temperature` and `top_p` cannot both be specified for this model. "
            "Please use only one."
        )
    if not thinks(request, rules):
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


def _moved_samplers(request: Request) -> Iterator[str]:
    for name in _set_samplers(request):
        if name == "top_k" or getattr(request, name) != 1:
            yield name


def _refuse(names: Iterator[str], why: str) -> None:
    for name in names:
        raise invalid(f"`{name}` {why}")


def _check_cache(request: Request) -> None:
    breakpoints = sum(1 for block in cacheable(request) if block.cache_control)
    if breakpoints > CACHE_BREAKPOINTS:
        raise invalid(
            f"A maximum of {CACHE_BREAKPOINTS} blocks with cache_control may be provided. "
            f"Found {breakpoints}."
        )


def cacheable(request: Request) -> Iterator[Cacheable]:
    """Every part of the prompt that may carry a cache marker, in the order the model reads it."""
    yield from request.tools or ()
    if isinstance(request.system, list):
        yield from request.system
    for message in request.messages:
        yield from (block for block in turns.blocks_of(message) if isinstance(block, Cacheable))
