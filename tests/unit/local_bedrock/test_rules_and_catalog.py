"""The catalog and the local Bedrock say the same of every model, though different hands wrote them.

Where they differ, DIFFERENCES has the row, with the reason.
"""

from collections.abc import Callable
from typing import Any, Final

import pytest

from claude_bedrock.catalog import MODELS, Model, capabilities, samplers
from local.bedrock import model_rules, rules, schema
from local.bedrock.errors import RefusedError
from local.bedrock.model_rules import ModelRules
from tests.unit.local_bedrock.conftest import body_of

_NOTHING_MORE = "does nothing more where it is taken: the gateway drops it, at no cost"
_NO_FIELD = "nothing that the gateway passes needs it"
DIFFERENCES: Final = {
    "claude-code-20250219": _NOTHING_MORE,
    "interleaved-thinking-2025-05-14": _NOTHING_MORE,
    "structured-outputs-2025-12-15": _NOTHING_MORE,
    "token-efficient-tools-2025-02-19": _NO_FIELD,
    "computer-use-2025-01-24": "of Sonnet 3.7, which has reached its end",
    "context-1m-2025-08-07": "of Sonnet 4, whose window the catalog has as 200K",
}
"""Betas that the local Bedrock takes of some model and the gateway does not pass to it."""

_AGREE: Final[dict[str, tuple[Callable[[Model], Any], Callable[[ModelRules], Any]]]] = {
    "thinking": (lambda m: set(capabilities.of(m).thinking), lambda r: r.thinking_types),
    "efforts": (lambda m: capabilities.of(m).efforts, lambda r: r.efforts),
    "effort's beta": (
        lambda m: capabilities.of(m).effort == "beside its beta",
        lambda r: r.effort_needs_beta,
    ),
    "hour_cache": (lambda m: capabilities.of(m).hour_cache, lambda r: r.hour_cache),
    "output_config.format": (
        lambda m: capabilities.of(m).output_format,
        lambda r: r.structured_output,
    ),
    "forced tool_choice": (
        lambda m: capabilities.of(m).forced_tool,
        lambda r: r.forced_tool_choice,
    ),
    "prefill": (lambda m: capabilities.of(m).prefill, lambda r: r.prefill),
    "system turns": (lambda m: capabilities.of(m).system_turns, lambda r: r.system_messages),
    "strict": (lambda m: "strict" in capabilities.of(m).tool_fields, lambda r: r.strict_tools),
}


def _rules(model: Model) -> ModelRules:
    return model_rules.of(model)


@pytest.mark.parametrize("fact", _AGREE)
def test_both_agree(fact: str) -> None:
    in_catalog, in_rules = _AGREE[fact]
    assert {model.name: in_catalog(model) for model in MODELS} == {
        model.name: in_rules(_rules(model)) for model in MODELS
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_gateway_passes_no_beta_that_is_refused(model: Model) -> None:
    passed, taken = capabilities.of(model).betas, _rules(model).betas
    assert passed <= taken
    assert taken - passed <= DIFFERENCES.keys()


def test_every_difference_is_one() -> None:
    left = {beta for m in MODELS for beta in _rules(m).betas - capabilities.of(m).betas}
    assert left == DIFFERENCES.keys()


SAMPLES: Final = (
    {},
    *({"temperature": value} for value in (0, 0.5, 1)),
    *({"top_p": value} for value in (0.5, 0.99, 0.995, 1)),
    {"top_k": 5},
    {"temperature": 1, "top_p": 0.99},
    {"temperature": 1, "top_p": 1},
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_sampler_is_passed_only_where_it_is_taken(model: Model, sample: dict[str, Any]) -> None:
    allowed = capabilities.of(model).samplers
    both = allowed.both or len({"temperature", "top_p"} & sample.keys()) < 2
    passed = both and all(
        samplers.takes(getattr(allowed, name), value) for name, value in sample.items()
    )
    request = schema.parse(body_of(max_tokens=model.max_output_tokens, **sample).encode())
    assert not passed or _is_taken(request, model)


def _is_taken(request: schema.Request, model: Model) -> bool:
    try:
        rules.check(request, model)
    except RefusedError:
        return False
    return True


def test_each_fact_of_each_model_has_one_row_with_a_source_and_a_date() -> None:
    names = [
        (row.fact, row.value if row.fact == "beta" else None, name)
        for row in model_rules.table()
        for name in row.models
    ]
    assert len(names) == len(set(names))
    assert {model.name for model in MODELS} <= {name for _, _, name in names}
    assert all(
        row.source.startswith("https://") and len(row.date) == len("2026-11")
        for row in model_rules.table()
    )
