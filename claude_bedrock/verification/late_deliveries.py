"""Records and events that a run reads of calls of earlier hours, which the run of their own hour
was too early for. The evidence counts them by that hour, so the hour's second check knows where to
read: nowhere, as a rule.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from claude_bedrock.verification.hours import HOUR, Span, gaps_in, hours_in, iso
from claude_bedrock.verification.period import NEAR, Period

LATE: Final = "late_deliveries"
"""What the evidence has of them. A run that could not read all that was delivered has none."""
_A_MOMENT: Final = timedelta(milliseconds=1)


class LateDeliveries:
    """Counts what was delivered in the period, of calls that are older by more than its delay."""

    def __init__(self, period: Period) -> None:
        self._since, self._until = period.since.timestamp(), period.until.timestamp()
        self._delay = period.delay.total_seconds()
        self._counts: Counter[float] = Counter()
        self._is_complete = True

    def take(self, at: float, delivered_at: float) -> None:
        """Take the times of a call and of the delivery of what tells of it, in seconds since
        1970."""
        if delivered_at - at > self._delay and self._since <= delivered_at < self._until:
            self._counts[at // HOUR.total_seconds() * HOUR.total_seconds()] += 1

    def miss(self) -> None:
        """Note that something could not be read."""
        self._is_complete = False

    def as_data(self) -> Mapping[str, Mapping[str, int]]:
        """Return what the evidence has: a count by the beginning of the calls' hour."""
        if not self._is_complete:
            return {}
        hours = {
            iso(datetime.fromtimestamp(hour, UTC)): number
            for hour, number in sorted(self._counts.items())
        }
        return {LATE: hours}


def delivery_hours(
    window: Period, until: datetime, runs: Iterable[Mapping[str, Any]]
) -> list[datetime]:
    """Return the hours behind the window, up to `until`, in which something of a call of the window
    or near it may have come. `runs` are the first entries of the evidence of that time: of an hour
    without one, or one that says nothing of late deliveries, it is not known."""
    without = (_span(run) for run in runs if LATE in run and not _counts_some(run, window))
    gaps = gaps_in(without, Span(window.until, until))
    return sorted({hour for gap in gaps for hour in hours_in(gap)})


def counting_hours(window: Period, runs: Iterable[Mapping[str, Any]]) -> list[datetime]:
    """Return the hours of the runs that count a late delivery of a call of the window or near
    it."""
    spans = (_span(run) for run in runs if _counts_some(run, window))
    return sorted({hour for span in spans for hour in hours_in(span)})


def _counts_some(run: Mapping[str, Any], window: Period) -> bool:
    near = hours_in(Span(window.since - NEAR, window.until + NEAR))
    return any(iso(hour) in run.get(LATE, ()) for hour in near)


def _span(run: Mapping[str, Any]) -> Span:
    return Span(datetime.fromisoformat(run["since"]), datetime.fromisoformat(run["until"]))


def times_to_read(first: Span, hours: Iterable[datetime]) -> Iterator[Span]:
    """Yield a span and then the hours, with both ends in each; what is in two is yielded once."""
    for hour in hours:
        last = hour + HOUR - _A_MOMENT
        if hour > first.until:
            yield first
            first = Span(hour, last)
        else:
            first = Span(first.since, max(first.until, last))
    yield first
