"""What a call counts for in budgets: micro-dollars by the catalog's prices, and tokens.

Integers, and the same function for the gateway and for the proof from Bedrock's records."""

from decimal import ROUND_CEILING
from typing import Final, NamedTuple
from zlib import crc32

from claude_bedrock.catalog import cost
from claude_bedrock.catalog.model import Model

_MICRO: Final = 6  # decimal places of a dollar


class Amounts(NamedTuple):
    """Micro-dollars and tokens."""

    usd: int = 0
    tokens: int = 0

    def of(self, unit: str) -> int:
        """Return the amount in `usd` or `tokens`."""
        return self.usd if unit == "usd" else self.tokens

    def plus(self, other: "Amounts") -> "Amounts":
        """Return the sum of both."""
        return Amounts(self.usd + other.usd, self.tokens + other.tokens)


def has_price(model: Model) -> bool:
    """Return whether the catalog has a price of the model for every kind of token."""
    return all(rate > 0 for rate in model.price)


def price_version(model: Model) -> str:
    """Return what changes with the model's price in the catalog, and with nothing else: two
    versions of the code that agree in it come to the same dollars."""
    price = repr((model.price, model.geography_premium, model.long_prompt))
    return f"{crc32(price.encode()):08x}"


def amounts(model: Model, route: str, usage: cost.Usage) -> Amounts:
    """Return what a call by `route` (a geography or `global`) counts for, dollars rounded up.

    Tokens read from a cache do not count as tokens, as in Bedrock's own quotas:
    https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html
    Raises NoProfile.
    """
    dollars = cost.cost(model, route, usage).scaleb(_MICRO)
    tokens = usage.input + usage.cache_write_5m + usage.cache_write_1h + usage.output
    return Amounts(int(dollars.to_integral_value(ROUND_CEILING)), tokens)
