"""What the records of the window come to: calls, tokens and dollars, by day, caller and model.

Counted in the same reading as the join, each request id once. Records do not tell how long a cache
write was to live: the 5-minute rate is taken.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import catalog
from catalog import NoProfile
from catalog.cost import Usage, cost
from reconciliation.log_item import LogItem
from reconciliation.window import UnreadableError
from reconciliation.written import Written, written
from records.fingerprint import Fingerprint
from records.invocation_records import Record, Records
from verification.period import Period

NO_ROUTE: Final = "none"


class Key(NamedTuple):
    """What rows are told apart by; `day` is an ISO date, `region` where it was answered."""

    day: str
    caller: str
    model: str
    route: str
    region: str


@dataclass(slots=True)
class Sum:
    """`unpriced` are calls of what the catalogue has no price for."""

    calls: int = 0
    failed: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    dollars: Decimal = field(default_factory=Decimal)

    def add(self, other: "Sum") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_data(self) -> dict[str, Any]:
        """Dollars exact, as text."""
        return {
            name: str(value) if name == "dollars" else value
            for name in self.__slots__
            for value in (getattr(self, name),)
        }


class Tally:
    """Of the records that are read through `reading`.

    `copied` has, by the ARN of a team's profile, the id of the one it is a copy of."""

    def __init__(self, asked: Period, copied: Mapping[str, str]) -> None:
        self._copied = copied
        self._since, self._until = asked.since.timestamp(), asked.until.timestamp()
        self._seen: set[str] = set()
        self._sums: dict[Key, Sum] = {}

    def reading(self, records: Records) -> "Reading":
        return Reading(records, self)

    def take(self, record: Record) -> None:
        """Raises UnreadableError for what is no record."""
        found = written(record)
        if found.request_id in self._seen or not self._since <= found.at < self._until:
            return
        self._seen.add(found.request_id)
        model_id = self._copied.get(found.model_id, found.model_id)
        model, route = catalog.find(model_id), _route(model_id)
        key = Key(
            day=f"{datetime.fromtimestamp(found.at, UTC):%Y-%m-%d}",
            caller=_caller(found),
            model=model.name if model else model_id,
            route=route,
            region=found.answered_in,
        )
        self._sums.setdefault(key, Sum()).add(_sum(record, found, model, route))

    def rows(self) -> list[tuple[Key, Sum]]:
        return sorted(self._sums.items())


class Reading(NamedTuple):
    """Reads records as `of` does, and has each one counted by the way."""

    of: Records
    tally: Tally

    def all_in_s3(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        return self._counted(self.of.all_in_s3(since, until, read))

    def all_in_logs(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        return self._counted(self.of.all_in_logs(since, until, read))

    def is_stored(self, path: str) -> bool:
        return self.of.is_stored(path)

    def read_body(self, path: str) -> object:
        return self.of.read_body(path)

    def _counted(self, items: Iterable[LogItem]) -> Iterator[LogItem]:
        for item in items:
            if item.content is not None:
                with suppress(UnreadableError):  # the join reports it
                    self.tally.take(item.content)
            yield item


def copied_ids(outputs: Mapping[str, str]) -> Mapping[str, str]:
    """Of the outputs of ModelAccess: a team's profile, by its ARN -> what it is a copy of."""
    told = json.loads(outputs.get("TeamProfileArns", "{}"))
    return {arn: copied for by_id in told.values() for copied, arn in by_id.items()}


def grouped(rows: Iterable[tuple[Key, Sum]], by: Callable[[Key], str]) -> Mapping[str, Sum]:
    """The sums by what `by` says of a key, in that order."""
    groups: dict[str, Sum] = {}
    for key, each in rows:
        groups.setdefault(by(key), Sum()).add(each)
    return dict(sorted(groups.items()))


def _caller(found: Written) -> str:
    """The key's name, who signed, or whom AWS names."""
    said = found.metadata
    return said.get("api_key_name") or said.get("caller_arn") or found.identity


def _route(model_id: str) -> str:
    prefix = model_id.rpartition("/")[2].partition(".")[0]
    return prefix if prefix in catalog.ROUTES else NO_ROUTE


def _sum(record: Mapping[str, Any], found: Written, model: catalog.Model | None, route: str) -> Sum:
    sides = {name: record.get(name) or {} for name in ("input", "output")}
    usage = Usage(
        input=_count(sides["input"], "inputTokenCount"),
        output=_count(sides["output"], "outputTokenCount"),
        cache_read=_count(sides["input"], "cacheReadInputTokenCount"),
        cache_write_5m=_count(sides["input"], "cacheWriteInputTokenCount"),
    )
    dollars = _dollars(model, route, usage)
    return Sum(
        calls=1,
        failed=int(found.failed),
        unpriced=int(dollars is None),
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write_5m,
        dollars=dollars or Decimal(),
    )


def _dollars(model: catalog.Model | None, route: str, usage: Usage) -> Decimal | None:
    """None where the catalogue has no price."""
    if model is None:
        return None
    try:
        return cost(model, route, usage)
    except NoProfile:
        return None


def _count(side: Mapping[str, Any], name: str) -> int:
    value = side.get(name)
    return value if isinstance(value, int) and value >= 0 else 0
