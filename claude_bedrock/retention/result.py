"""The retention of the bytes of one day in one location, and whether that is long enough."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

Moment = dt.datetime | None
"""A time in UTC; None is never, which is later than any."""


class EarlyDeletionRisk(NamedTuple):
    """What ends bytes before their time, and AWS's page on it."""

    what: str
    source: str


class RetentionResult(NamedTuple):
    """`rule` says in words what holds. No byte of the day vanishes by itself before `first`; at
    `last` all of them are due, and `delay` says how late AWS may be. Both are None where nothing
    ends them. From `hidden` on, a delete marker may cover an object: it is there, by its version.

    `days` is what a stage's number is compared with: each byte of the day stays that long, and
    where a reader looks for it, if nobody ends it earlier. None is for ever."""

    rule: str
    first: Moment
    last: Moment
    days: int | None
    delay: str
    threats: tuple[EarlyDeletionRisk, ...]
    sources: tuple[str, ...]
    hidden: Moment = None


def suffices(result: RetentionResult, days: int) -> bool:
    """Return whether each byte stays `days` days, unless somebody ends it earlier."""
    return result.days is None or result.days >= days


def ends(result: RetentionResult) -> bool:
    """Return whether all bytes go one day by themselves."""
    return result.last is not None


def absent(what: str, source: str) -> RetentionResult:
    """Return the result for a location that does not exist: what was in it is deleted."""
    return RetentionResult(f"{what} does not exist", None, None, 0, "", (), (source,))


def of_day(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """Return the midnights, UTC, between which the day lies; the second is no more part of it."""
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    return start, start + dt.timedelta(days=1)


def after(moment: Moment, days: int | None) -> Moment:
    """Return the moment that many days later; never, if that is after the year 9999 or either is
    never."""
    if moment is None or days is None:
        return None
    try:
        return moment + dt.timedelta(days=days)
    except OverflowError:
        return None


def earliest(moments: Iterable[Moment]) -> Moment:
    return min((moment for moment in moments if moment is not None), default=None)


def latest(moments: Iterable[Moment]) -> Moment:
    """Return the latest moment; never, if one of them is never."""
    known = list(moments)
    return None if None in known else max(moment for moment in known if moment is not None)


def fewest(days: Iterable[int | None]) -> int | None:
    return min((day for day in days if day is not None), default=None)
