"""Sums of rows in dollars, by the catalog and by the dimensions asked for.

Records tell neither how long a cache keeps what is written to it nor the service tier: the 5-minute
and the standard rates are taken, and it is said. Entries tell both; AWS publishes no rate of Claude
for another tier than the standard one. What cannot be priced is counted apart, never
guessed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, get_args

from claude_bedrock import catalog
from claude_bedrock.catalog import ROUTES, Model, NoProfile
from claude_bedrock.catalog.cost import is_standard_tier, rates, unpublished
from claude_bedrock.cli.shared.expiry import Source
from claude_bedrock.cli.usage.rows import Row

Dimension = Literal["caller", "team", "model", "geography", "region", "day"]
DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)
_A_MILLION: Final = 1_000_000
_NO_TEAM: Final = "(no team)"
_KEY_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
"""What a key's name is made of."""


class TeamProfile(NamedTuple):
    """Whose application inference profile it is, and the id of the profile it is a copy of."""

    team: str
    copied_id: str


TeamProfiles = Mapping[str, TeamProfile]
"""By the ARN, which is what a record then has as its model."""


class Dollars(NamedTuple):
    """By kind of token; `premium` is what a geography adds, and is in the others."""

    input: Decimal = Decimal()
    output: Decimal = Decimal()
    cache_read: Decimal = Decimal()
    cache_write: Decimal = Decimal()
    premium: Decimal = Decimal()

    @property
    def total(self) -> Decimal:
        return self.input + self.output + self.cache_read + self.cache_write


@dataclass(slots=True)
class Sum:
    """`uncounted`: answered calls without token counts; `incomplete`: calls that broke off, with
    the tokens counted until then; `unpriced`: of a model without a price;
    `unreadable`: lines and files that cannot be read, which are not among the calls."""

    calls: int = 0
    failed: int = 0
    uncounted: int = 0
    incomplete: int = 0
    unpriced: int = 0
    unreadable: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    dollars: Dollars = field(default_factory=Dollars)

    @property
    def has_price(self) -> bool:
        """Return whether some call has a price: without one, dollars of 0 would be a wrong sum."""
        return self.unpriced < self.calls or not self.calls

    def add(self, row: Row, dollars: Dollars | None) -> None:
        self.calls += row.calls
        self.failed += row.failed
        self.uncounted += row.uncounted
        self.incomplete += row.incomplete
        self.unreadable += row.unreadable
        self.input_tokens += row.input_tokens
        self.output_tokens += row.output_tokens
        self.cache_read_tokens += row.cache_read_tokens
        self.cache_write_tokens += row.cache_write_tokens
        if dollars is None:
            self.unpriced += row.calls
        else:
            pairs = zip(self.dollars, dollars, strict=True)
            self.dollars = Dollars(*(before + more for before, more in pairs))

    def merge(self, other: "Sum") -> None:
        """Add another sum to this one."""
        for name in self.__slots__:
            if name != "dollars":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        pairs = zip(self.dollars, other.dollars, strict=True)
        self.dollars = Dollars(*(value + more for value, more in pairs))

    def as_data(self) -> dict[str, Any]:
        """Return the sum as JSON values, dollars exact, as text."""
        counts = {name: getattr(self, name) for name in self.__slots__ if name != "dollars"}
        dollars = {name: str(value) for name, value in self.dollars._asdict().items()}
        return {**counts, "dollars": {**dollars, "total": str(self.dollars.total)}}


class Usage(NamedTuple):
    """`groups` by the values of `by`, in their order; `notes` say what had to be assumed, and what
    is not in the dollars or not counted, and why."""

    by: tuple[Dimension, ...]
    groups: Mapping[tuple[str, ...], Sum]
    total: Sum
    notes: tuple[str, ...]
    source: Source = "records"


def with_notes(total_usage: Usage, notes: Sequence[str]) -> Usage:
    """Return the same, with these notes before its own."""
    return total_usage._replace(notes=(*notes, *total_usage.notes))


def usage(
    rows: Iterable[Row],
    by: Sequence[Dimension],
    profiles: TeamProfiles,
    source: Source = "records",
) -> Usage:
    """Return the sums of the rows, which were counted from `source`."""
    groups: dict[tuple[str, ...], Sum] = {}
    total, notes = Sum(), dict[str, None]()
    for row in rows:
        called = _called(row, profiles)
        dollars = None if called.model is None else _dollars(row, called.model, called.geography)
        total.add(row, dollars)
        notes |= dict.fromkeys(_notes(row, called, dollars, source))
        if row.calls:
            key = tuple(_value(row, called, dimension) for dimension in by)
            groups.setdefault(key, Sum()).add(row, dollars)
    return Usage(tuple(by), dict(sorted(groups.items())), total, tuple(notes), source)


class _Called(NamedTuple):
    """The model if it is known, the geography if the id names one, and the team."""

    model: Model | None
    geography: str
    team: str


def _called(row: Row, profiles: TeamProfiles) -> _Called:
    own = profiles.get(row.model_id)
    model_id = own.copied_id if own else row.model_id
    prefix = model_id.rpartition("/")[2].partition(".")[0]
    geography = prefix if prefix in ROUTES else ""
    team = own.team if own else row.team or _team_of(row.caller)
    return _Called(catalog.find(model_id), geography, team)


def _team_of(caller: str) -> str:
    """Return the team of a key that is named `TEAM.NAME`. The caller of a token has an issuer and a
    `:` in its name, whose dots say nothing of a team."""
    team, dot, _ = caller.partition(".")
    return team if dot and _KEY_NAME.fullmatch(caller) else _NO_TEAM


def _dollars(row: Row, model: Model, geography: str) -> Dollars | None:
    """Return None where the catalog has no price: the model has no profile on the geography."""
    prompt_tokens = row.above_tokens + 1 if row.above_tokens else 0
    try:
        billed = rates(model, geography, prompt_tokens=prompt_tokens, day=row.day)
    except NoProfile:
        return None
    parts = (
        billed.input * row.input_tokens,
        billed.output * row.output_tokens,
        billed.cache_read * row.cache_read_tokens,
        billed.cache_write_5m * (row.cache_write_tokens - row.cache_write_1h_tokens)
        + billed.cache_write_1h * row.cache_write_1h_tokens,
    )
    factor = Decimal(1) if geography == "global" else Decimal(str(model.geography_premium))
    premium = sum(parts, Decimal()) * (factor - 1) / factor
    return Dollars(*(part / _A_MILLION for part in (*parts, premium)))


def _value(row: Row, called: _Called, dimension: Dimension) -> str:
    match dimension:
        case "caller":
            return row.caller
        case "team":
            return called.team
        case "model":
            return called.model.name if called.model else row.model_id
        case "geography":
            return called.geography or "(none)"
        case "region":
            return row.answered_in
        case "day":
            return row.day


def _notes(row: Row, called: _Called, dollars: Dollars | None, source: Source) -> Iterator[str]:
    if row.unreadable:
        yield f"not counted: {source} that cannot be read, the first of them in {row.unreadable_in}"
    if row.calls and called.model is None:
        yield f"not priced: {row.model_id or 'a record without a model'} is not in the catalog"
    elif row.calls and called.model and dollars is None:
        yield f"not priced: {row.model_id} names no geography that {called.model.name} has"
    if row.uncounted:
        yield "not priced: answered calls without token counts"
    if called.model and dollars is not None and (remark := unpublished(called.model)):
        yield remark
    if not is_standard_tier(row.service_tier or None):
        yield f"calls at the tier {row.service_tier} at the standard rates: AWS publishes no others"
    if row.cache_write_tokens > row.cache_write_5m_tokens + row.cache_write_1h_tokens:
        yield "cache writes of an unknown lifetime at the 5-minute rate"
    if called.model and (extended := called.model.life.extended_access) and extended <= row.day:
        yield f"no surcharge for extended access to {called.model.name}"
