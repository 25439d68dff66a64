"""The shape of a catalog row: what can be said of a Claude model on Bedrock."""

from collections.abc import Mapping
from typing import Final, NamedTuple

ROUTES: Final = ("global", "us", "eu", "jp", "au", "apac")
"""Prefixes of the inference profiles AWS defines for Claude in the commercial partition."""

RETENTION_MODES: Final = ("none", "default", "aws_review", "provider_data_share")
"""Bedrock's data-retention modes, the strictest first:
https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html"""

SERVICE_TIERS: Final = ("default", "flex", "priority", "reserved")
"""https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ServiceTier.html"""

STANDARD_TIER: Final = "default"
"""What a call runs on that names no tier:
https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html"""

TIERS_WITHOUT_CLAUDE: Final = ("flex", "priority")
"""Tiers at which AWS's model cards list no Claude model, as of November 2026:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-cards.html"""

Regions = Mapping[str, tuple[str, ...]]
"""Source Region -> the Regions a call from there may be answered in."""


class Price(NamedTuple):
    """US dollars per million tokens, at the base rate, which is also that of the `global` route."""

    input: float
    output: float
    cache_write_5m: float
    cache_write_1h: float
    cache_read: float


class FormerPrice(NamedTuple):
    """A price that held until the day `until`, which has the next one already (ISO 8601, UTC)."""

    until: str
    price: Price


class LongPrompt(NamedTuple):
    """The rate that holds for a whole request once its prompt is longer than `above_tokens`."""

    above_tokens: int
    price: Price


class Life(NamedTuple):
    """Dates (ISO 8601) of a model's end on Bedrock; None where AWS has published none.

    `retired` says that the model is gone although the date is not known. Bedrock's dates are its
    own, not those of Anthropic's API:
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-lifecycle-legacy.html
    `no_end_before` is a model card's "EOL no sooner than": a promise, while no end is set.
    """

    legacy: str | None = None
    extended_access: str | None = None
    end_of_life: str | None = None
    retired: bool = False
    no_end_before: str | None = None


class Profile(NamedTuple):
    """A cross-Region inference profile; on `global`, `regions` is empty, for every commercial
    Region is both source and destination and AWS adds to them."""

    route: str
    regions: Regions


class Model(NamedTuple):
    """One row. `unconfirmed` names the fields (`profiles.au` for one profile) that no page of
    AWS's or Anthropic's confirms; None stands for what is not known at all. `price` is named there
    where AWS publishes none for Bedrock: the row then has that of Anthropic's own API.
    `former_prices` are the earlier ones, the oldest first.
    `source_date` is the day on which `source` was read (ISO 8601).

    `data_retention` is the strictest of RETENTION_MODES under which the model is offered. Every
    model has InvokeModel and Converse, `count_tokens` tells of CountTokens, and `mantle` of the
    endpoint that has no invocation logging:
    https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html
    """

    name: str
    display_name: str
    base_id: str
    aliases: tuple[str, ...]
    profiles: tuple[Profile, ...]
    life: Life
    successor: str | None
    context_tokens: int
    max_output_tokens: int
    price: Price
    released: str | None
    source: str
    source_date: str = "2026-11-23"
    geography_premium: float = 1.10
    long_prompt: LongPrompt | None = None
    former_prices: tuple[FormerPrice, ...] = ()
    count_tokens: bool = False
    invitation_only: bool = False
    data_retention: str = "none"
    mantle: bool = False
    unconfirmed: tuple[str, ...] = ()
    note: str = ""

    def price_on(self, day: str) -> Price:
        """Return the price of a day (ISO 8601, UTC)."""
        former = (price for until, price in self.former_prices if day < until)
        return next(former, self.price)

    @property
    def family(self) -> str:
        """`opus` of `claude-3-opus` and of `claude-opus-4-5`."""
        return next(part for part in self.name.split("-")[1:] if part.isalpha())
