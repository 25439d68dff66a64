"""The rules of each Claude model on Bedrock, read from `model_rules.json`.

Each row of the file holds one fact of some models, with its public source and the month in which
the source said it or was last read. `disputed_by` names a source that says otherwise; the row then
holds the stricter of the two. The rows come from AWS's and Anthropic's pages, recorded exchanges,
quoted errors and other projects' tables, and not from `catalog`, so that each can judge the other.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from claude_bedrock.catalog import Model

V2023: Final = "bedrock-2023-05-31"
V2026: Final = "2026-10-21"
_TABLE: Final = Path(__file__).with_suffix(".json")


class Row(NamedTuple):
    """One line of the table. `date` is a year and month; a `fact` of `beta` names one beta that
    the models take, every other fact a field of ModelRules."""

    fact: str
    value: Any
    models: tuple[str, ...]
    source: str
    date: str
    disputed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRules:
    """The rules of one model.

    thinking_types: values of `thinking.type`. disabled_thinking_efforts: the efforts beside which
    thinking may be disabled. sampling: `free`, `one` of temperature and top_p, `fixed`, where
    temperature is 1 and `top_p` within its two bounds, or both of these rules, `fixed_one`.
    efforts: values of `output_config.effort`.
    checks_conversation: whether a thinking block is refused once something before it has changed.
    thinking_display: what becomes of thinking where a request does not say. smallest_cached_prefix:
    in tokens, up to a cache marker; a shorter one is not cached.
    """

    thinking_types: frozenset[str]
    thinks_by_default: bool
    thinking_display: Literal["summarized", "omitted"]
    disabled_thinking_efforts: tuple[str, ...]
    sampling: Literal["free", "one", "fixed", "fixed_one"]
    top_p: tuple[float, float]
    efforts: tuple[str, ...]
    effort_needs_beta: bool
    structured_output: bool
    strict_tools: bool
    forced_tool_choice: bool
    prefill: bool
    system_messages: bool
    checks_conversation: bool
    hour_cache: bool
    smallest_cached_prefix: int
    api_versions: frozenset[str]
    betas: frozenset[str]


@cache
def table() -> tuple[Row, ...]:
    """Return every row of the file."""
    rows = json.loads(_TABLE.read_text())
    return tuple(Row(**{**row, "models": tuple(row["models"])}) for row in rows)


def of(model: Model) -> ModelRules:
    """Return the rules of `model`. Raise LookupError where the table lacks facts of it."""
    return _by_name(model.name)


@cache
def _by_name(name: str) -> ModelRules:
    facts: Mapping[str, Any] = dict(_facts(name))
    betas = frozenset(row.value for row in table() if row.fact == "beta" and name in row.models)
    missing = {field.name for field in fields(ModelRules)} - {"betas", *facts}
    if missing:
        raise LookupError(f"add {name} to rows of {_TABLE.name} for: {', '.join(sorted(missing))}")
    return ModelRules(betas=betas, **facts)


def _facts(name: str) -> Iterator[tuple[str, Any]]:
    for row in table():
        if name in row.models and row.fact != "beta":
            yield row.fact, _frozen(row.fact, row.value)


def _frozen(fact: str, value: object) -> object:
    if not isinstance(value, list):
        return value
    return frozenset(value) if fact in ("thinking_types", "api_versions") else tuple(value)


def anthropic_name(model: Model) -> str:
    """Return the name a reply carries: the base id without provider and version, as Claude gives
    it."""
    return model.base_id.removeprefix("anthropic.").partition("-v1")[0]
