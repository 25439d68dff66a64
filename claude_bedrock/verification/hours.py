"""Hours and other spans of time (UTC), and how a moment is written."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

HOUR: Final = timedelta(hours=1)


class Span(NamedTuple):
    """From `since` up to `until` (UTC)."""

    since: datetime
    until: datetime

    def __str__(self) -> str:
        return f"{iso(self.since)} to {iso(self.until)}"


def start_of_hour(moment: datetime) -> datetime:
    """Return the beginning of its hour, UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def next_hour(moment: datetime) -> datetime:
    """Return the beginning of the first hour that does not begin before it."""
    begin = start_of_hour(moment)
    return begin if begin == moment else begin + HOUR


def hours_in(span: Span) -> list[datetime]:
    """Return the beginning of each hour of which the span has a part."""
    first = start_of_hour(span.since)
    return [first + HOUR * number for number in range(-((first - span.until) // HOUR))]


def gaps_in(spans: Iterable[Span], due: Span) -> list[Span]:
    """Return what of the time that is due is in none of the spans."""
    gaps, reached = [], due.since
    for since, until in sorted(spans):
        if since > reached:
            gaps.append(Span(reached, min(since, due.until)))
        reached = max(reached, until)
        if reached >= due.until:
            return gaps
    return [*gaps, Span(reached, due.until)] if reached < due.until else gaps


def iso(moment: datetime, timespec: Literal["auto", "seconds", "milliseconds"] = "auto") -> str:
    """Return the moment as ISO 8601, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def iso_of(at: float) -> str:
    """Return seconds since 1970 as ISO 8601 with milliseconds, in UTC."""
    return iso(datetime.fromtimestamp(at, UTC), "milliseconds")
