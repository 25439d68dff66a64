"""An item of the table of budgets: the spending of one subject, and the reservations of its calls.

An item has a counter for each unit and period, `usd#day#2026-11-29`, and an attribute for each open
reservation, `r#` and the gateway's request id. A counter includes what is reserved: a reservation
that nobody settles is charged in full once it ends, without anything being written.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from claude_bedrock.budgets import period
from claude_bedrock.budgets.budget import UNITS
from claude_bedrock.budgets.spending import Amounts

KEY: Final = "subject"
EXPIRES: Final = "expires"
"""The attribute by which DynamoDB deletes an item: seconds since the epoch."""
RESERVATION_PREFIX: Final = "r#"
RESERVATION_SECONDS: Final = 20 * 60
"""After which a reservation ends; a function runs for 15 minutes at most."""
ITEM_SECONDS: Final = 400 * 86_400
_KEEP_SECONDS: Final = {
    period.MINUTE: 3600,
    period.DAY: 8 * 86_400,
    period.WEEK: 36 * 86_400,
    period.MONTH: 366 * 86_400,
}
"""How long a counter stays after the start of its period: the verification reads it after its
end."""

AttributeValue = Mapping[str, str]
Item = Mapping[str, AttributeValue]
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html"""


class Reservation(NamedTuple):
    """An open reservation: its call's id, when it ends, and how much it holds."""

    call_id: str
    until: int
    amounts: Amounts

    def value(self) -> str:
        """Return what the attribute holds."""
        return f"{self.until} {self.amounts.usd} {self.amounts.tokens}"


def reservation_name(call_id: str) -> str:
    """Return the name of a call's reservation."""
    return f"{RESERVATION_PREFIX}{call_id}"


def reservations(item: Item) -> Iterator[Reservation]:
    """Yield those in the item, ended ones too."""
    for name, value in item.items():
        if name.startswith(RESERVATION_PREFIX):
            until, usd, tokens = map(int, value["S"].split())
            call_id = name.removeprefix(RESERVATION_PREFIX)
            yield Reservation(call_id, until, Amounts(usd, tokens))


def charged(item: Item, counter: str) -> int:
    """Return what the counter holds: what is spent, and what is reserved."""
    return int(item[counter]["N"]) if counter in item else 0


def reserved(item: Item, unit: str, in_period: period.Period, now: float) -> int:
    """Return what is reserved by calls that began in the period and have not ended."""
    return sum(
        reservation.amounts.of(unit)
        for reservation in reservations(item)
        if reservation.until > now
        and in_period.start <= reservation.until - RESERVATION_SECONDS < in_period.end
    )


def is_kept(counter_period: period.Period, now: float) -> bool:
    """Return whether no settlement has removed a counter of the period yet."""
    return counter_period.label >= _oldest(counter_period.per, now)


def ended(item: Item, unit: str, in_period: period.Period, now: float) -> int:
    """Return what reservations that ended hold still, of calls that began in the period."""
    return sum(
        reservation.amounts.of(unit)
        for reservation in reservations(item)
        if reservation.until <= now
        and in_period.start <= reservation.until - RESERVATION_SECONDS < in_period.end
    )


def outdated(item: Item, now: float) -> Iterator[str]:
    """Yield the attributes that nobody needs: ended reservations, and counters of old periods."""
    for reservation in reservations(item):
        if reservation.until <= now:
            yield reservation_name(reservation.call_id)
    for name in item:
        unit, _, rest = name.partition("#")
        per, _, label = rest.partition("#")
        if unit in UNITS and label < _oldest(per, now):
            yield name


def _oldest(per: str, now: float) -> str:
    return period.containing(per, now - _KEEP_SECONDS[per]).label
