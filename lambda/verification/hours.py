"""Which hours a run by the clock is about, so that all of them are covered, and each once."""

from collections.abc import Iterator
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
AT_ONCE = 6
"""So many hours of a backlog are worked off in one run; the rest waits for the next."""


def due(covered: datetime | None, settled: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The whole hours (UTC, since and until) from `covered`, where the last evidence ended, that
    are over at `settled`; the last one alone where there is no evidence yet."""
    end = _whole(settled)
    begin = end - HOUR if covered is None else covered
    for _ in range(AT_ONCE):
        until = _whole(begin) + HOUR
        if until > end:
            return
        yield begin, until
        begin = until


def _whole(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
