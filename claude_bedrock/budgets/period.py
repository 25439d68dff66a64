"""The calendar periods of budgets, in UTC; a week begins on Monday.

Without datetime, whose import the gateway does not need otherwise."""

import time
from typing import Final, NamedTuple

DAY: Final = "day"
WEEK: Final = "week"
MONTH: Final = "month"
MINUTE: Final = "minute"
"""Not a budget's: that of a plan's `tokens_per_minute`."""
PERS: Final = (DAY, WEEK, MONTH)

_MINUTE_SECONDS: Final = 60
_DAY_SECONDS: Final = 86_400
_MONDAY: Final = 3  # days from the Monday before to 1970-01-01, a Thursday


class Period(NamedTuple):
    """`start` and `end` are seconds since the epoch; `end` is the first second of the next."""

    per: str
    start: int
    end: int

    @property
    def label(self) -> str:
        """The start, as it is in the name of a counter: ISO 8601."""
        form = "%Y-%m-%dT%H:%M" if self.per == MINUTE else "%Y-%m-%d"
        return time.strftime(form, time.gmtime(self.start))


def containing(per: str, now: float) -> Period:
    """Return the period that `now` is in, in seconds since the epoch."""
    if per == MINUTE:
        start = int(now) // _MINUTE_SECONDS * _MINUTE_SECONDS
        return Period(per, start, start + _MINUTE_SECONDS)
    day = int(now) // _DAY_SECONDS
    first, next_first = _days(per, day)
    return Period(per, first * _DAY_SECONDS, next_first * _DAY_SECONDS)


def _days(per: str, day: int) -> tuple[int, int]:
    """Return the first day of the period, and that of the next."""
    if per == WEEK:
        monday = (day + _MONDAY) // 7 * 7 - _MONDAY
        return monday, monday + 7
    if per == MONTH:
        first = _first_of_month(day)
        return first, _first_of_month(first + 31)
    return day, day + 1


def _first_of_month(day: int) -> int:
    return day - time.gmtime(day * _DAY_SECONDS).tm_mday + 1
