"""What each generation of Claude takes on Bedrock: thinking, sampling, betas, API versions.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
(betas, temperature or top_p), https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
(thinking), https://github.com/router-for-me/CLIProxyAPI/issues/4750 and
https://github.com/anthropics/claude-code/issues/49370 (betas as measured in 2026).
"""

from dataclasses import dataclass, replace
from typing import Literal

from catalog import Model

V2023 = "bedrock-2023-05-31"
V2026 = "2026-10-21"

_FIRST = frozenset({"computer-use-2025-01-24", "token-efficient-tools-2025-02-19"})
_FOUR = frozenset(
    {
        "claude-code-20250219",
        "computer-use-2025-01-24",
        "context-management-2025-06-27",
        "fine-grained-tool-streaming-2025-05-14",
        "interleaved-thinking-2025-05-14",
    }
)
_FOUR_FIVE = _FOUR | {"structured-outputs-2025-12-15"}
_OPUS_FOUR_FIVE = _FOUR_FIVE | {
    "computer-use-2025-11-24",
    "effort-2025-11-24",
    "tool-examples-2025-10-29",
    "tool-search-tool-2025-10-19",
}
_FOUR_SIX = _OPUS_FOUR_FIVE | {"context-1m-2025-08-07"}
_LATEST = frozenset(
    {
        "claude-code-20250219",
        "context-management-2025-06-27",
        "interleaved-thinking-2025-05-14",
        "structured-outputs-2025-12-15",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The rules of a model.

    thinking: the `thinking.type` values it takes. thinks_unasked: thinking is on when the request
    does not say. sampling: `free`, `one` of temperature and top_p, or `fixed` at the defaults.
    """

    thinking: frozenset[str]
    sampling: Literal["free", "one", "fixed"]
    betas: frozenset[str]
    thinks_unasked: bool = False
    effort: bool = True
    versions: frozenset[str] = frozenset({V2023})


_NO_THINKING = Generation(
    thinking=frozenset({"disabled"}), sampling="free", betas=frozenset(), effort=False
)
_BUDGET = Generation(
    thinking=frozenset({"enabled", "disabled"}), sampling="one", betas=_FOUR, effort=False
)
_BOTH = replace(
    _BUDGET,
    thinking=frozenset({"enabled", "disabled", "adaptive"}),
    betas=_FOUR_SIX,
    effort=True,
)
_ADAPTIVE = Generation(
    thinking=frozenset({"adaptive"}),
    sampling="fixed",
    betas=_LATEST,
    versions=frozenset({V2023, V2026}),
)
_OPTIONAL = replace(_ADAPTIVE, thinking=frozenset({"adaptive", "disabled"}))
_ALWAYS = replace(_ADAPTIVE, thinks_unasked=True)
_UNLESS_DISABLED = replace(_OPTIONAL, thinks_unasked=True)

GENERATIONS = {
    "anthropic.claude-3-opus": _NO_THINKING,
    "anthropic.claude-3-haiku": _NO_THINKING,
    "anthropic.claude-3-5-haiku": _NO_THINKING,
    "anthropic.claude-3-7-sonnet": replace(_BUDGET, sampling="free", betas=_FIRST),
    "anthropic.claude-sonnet-4-2025": replace(
        _BUDGET, sampling="free", betas=_FOUR | {"context-1m-2025-08-07"}
    ),
    "anthropic.claude-opus-4-2025": replace(_BUDGET, sampling="free"),
    "anthropic.claude-opus-4-1": _BUDGET,
    "anthropic.claude-sonnet-4-5": replace(_BUDGET, betas=_FOUR_FIVE),
    "anthropic.claude-haiku-4-5": replace(_BUDGET, betas=_FOUR_FIVE),
    "anthropic.claude-opus-4-5": replace(_BUDGET, betas=_OPUS_FOUR_FIVE, effort=True),
    "anthropic.claude-sonnet-4-6": _BOTH,
    "anthropic.claude-opus-4-6": _BOTH,
    "anthropic.claude-opus-4-7": replace(
        _ADAPTIVE, betas=frozenset({"interleaved-thinking-2025-05-14"})
    ),
    "anthropic.claude-opus-4-8": _OPTIONAL,
    "anthropic.claude-sonnet-5": _UNLESS_DISABLED,
    "anthropic.claude-sonnet-5-5": _ALWAYS,
    "anthropic.claude-opus-5": _OPTIONAL,
    "anthropic.claude-opus-5-5": _ALWAYS,
    "anthropic.claude-fable": _ALWAYS,
    "anthropic.claude-haiku-5-5": _UNLESS_DISABLED,
    "anthropic.claude-mythos": _ALWAYS,
}


def generation(model: Model) -> Generation:
    """The rules of `model`: those of the longest name here that its base id starts with."""
    matching = [prefix for prefix in GENERATIONS if model.base_id.startswith(prefix)]
    return GENERATIONS[max(matching, key=len)]


def anthropic_name(model: Model) -> str:
    """The name a reply carries: the base id without provider and version, as Claude gives it."""
    return model.base_id.removeprefix("anthropic.").partition("-v1")[0]
