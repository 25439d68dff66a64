"""The cost of a call by the catalog, exact: US dollars as decimals, rounded nowhere.

Rates: https://platform.claude.com/docs/en/about-claude/pricing and
https://aws.amazon.com/bedrock/pricing/. A price that has changed is in the catalog with its last
day. Where AWS publishes none for a model, they are those of Anthropic's own API: see `unpublished`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from claude_bedrock.catalog.model import Model
from claude_bedrock.catalog.resolution import MODELS, profile_id

_TODAY: Final = "9999-12-31"  # after the last day of every former price
_A_MILLION: Final = 6  # decimal places: rates are for a million tokens
# Others cost a premium, or less, by no published rate for Claude; Anthropic's word, then AWS's:
# https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html
_STANDARD_TIERS: Final = (None, "standard", "default")


LONG_PROMPTS: Final = tuple(
    sorted({model.long_prompt.above_tokens for model in MODELS if model.long_prompt})
)
"""Lengths of prompt, in tokens, above which some model is dearer."""


class Rates(NamedTuple):
    """US dollars per million tokens."""

    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal


class Usage(NamedTuple):
    """Tokens of one call, each in one of these fields only, as Anthropic counts them:
    https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance
    """

    input: int = 0
    output: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0

    @property
    def prompt(self) -> int:
        """The length that decides about a long-prompt rate."""
        return self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read


class Cost(NamedTuple):
    """US dollars; `assumed` says, a phrase for each, what had to be taken for granted."""

    dollars: Decimal
    assumed: tuple[str, ...]


def is_standard_tier(tier: object) -> bool:
    """Return whether a call at that tier costs the standard rates; None is no tier named."""
    return tier in _STANDARD_TIERS


def unpublished(model: Model) -> str:
    """Return what to say wherever a price of the model is shown; empty where AWS publishes one."""
    if "price" not in model.unconfirmed:
        return ""
    return f"{model.name} at the price of Anthropic's API, as AWS publishes none for Bedrock"


def rates(model: Model, route: str, *, prompt_tokens: int = 0, day: str = _TODAY) -> Rates:
    """Return what a call with a prompt of that many tokens is billed at, by `route`, on `day`.

    A geography costs the base rate times the model's premium, on every kind of token:
    https://platform.claude.com/docs/en/about-claude/pricing#third-party-platform-pricing.
    A long prompt bills the whole request at the higher rate. Raises NoProfile.
    """
    profile_id(model, route)
    long = model.long_prompt
    price = long.price if long and prompt_tokens > long.above_tokens else model.price_on(day)
    premium = Decimal(1) if route == "global" else _exact(model.geography_premium)
    return Rates(*(_exact(dollars) * premium for dollars in price))


def cost(model: Model, route: str, usage: Usage, *, day: str = _TODAY) -> Decimal:
    """Return the US dollars for one call of `day`. Raises NoProfile where the model has none on
    that route."""
    billed = rates(model, route, prompt_tokens=usage.prompt, day=day)
    millionths = (rate * count for rate, count in zip(billed, usage, strict=True))
    return sum(millionths, Decimal()).scaleb(-_A_MILLION)


def of_answer(model: Model, route: str, counts: Mapping[str, Any], *, day: str) -> Cost:
    """Return the cost of a call of `day` (an ISO date) whose answer had `counts` as its `usage`, in
    Anthropic's names: https://platform.claude.com/docs/en/api/messages. Raises NoProfile."""
    usage, assumed = _usage(counts)
    assumed += filter(None, [unpublished(model)])
    extended = model.life.extended_access
    if extended is not None and extended <= day:
        # "expect higher pricing", and none is published:
        # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_FoundationModelLifecycle.html
        assumed.append("no surcharge for extended access")
    return Cost(cost(model, route, usage, day=day), tuple(assumed))


def _usage(counts: Mapping[str, Any]) -> tuple[Usage, list[str]]:
    """Return the counts, cache writes of unknown lifetime as of 5 minutes, and what was assumed."""
    split = counts.get("cache_creation") or {}
    five_minutes, an_hour = (
        _count(split, f"ephemeral_{lifetime}_input_tokens") or 0 for lifetime in ("5m", "1h")
    )
    written = _count(counts, "cache_creation_input_tokens") or 0
    unsplit = max(0, written - five_minutes - an_hour)
    usage = Usage(
        input=_count(counts, "input_tokens") or 0,
        output=_count(counts, "output_tokens") or 0,
        cache_write_5m=five_minutes + unsplit,
        cache_write_1h=an_hour,
        cache_read=_count(counts, "cache_read_input_tokens") or 0,
    )
    needed = ("input_tokens", "output_tokens")
    assumed = [f"no {name}" for name in needed if _count(counts, name) is None]
    if unsplit:
        assumed.append("cache writes at the 5-minute rate")
    if not is_standard_tier(counts.get("service_tier")):
        assumed.append("the standard tier's rates")
    return usage, assumed


def _count(counts: Mapping[str, Any], name: str) -> int | None:
    value = counts.get(name)
    return value if isinstance(value, int) and value >= 0 else None


def _exact(number: float) -> Decimal:
    """Return the number as it is written in the catalog, not its binary neighbor."""
    return Decimal(str(number))
