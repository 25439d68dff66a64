"""The window that a run is asked for, in the words of a person or a program."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 9000
"""Far enough from the ends of what Python reckons that an hour or a month beyond is a time, too."""
NEAR: Final = timedelta(minutes=20)
"""So far from a call lie its entry and its record: Lambda ends a request after 15 minutes, and
clocks differ. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


class BadWindowError(Exception):
    """The times that were asked for make no window."""


class Period(NamedTuple):
    """From `since` up to `until`; what is younger than `delay` at `now` may still be on its way."""

    since: datetime
    until: datetime
    delay: timedelta
    now: datetime


def period(
    since: str | None, hours: int | None, until: str | None, delay_minutes: int, now: datetime
) -> Period:
    """Return the period that the options name, up to `now` at the latest once it has begun; the
    last 24 hours by default. Times are ISO 8601, UTC where they name no other zone.

    Raises BadWindowError."""
    if since is not None and hours is not None:
        raise BadWindowError("--since and --hours cannot be combined.")
    end = now if until is None else moment(until)
    try:
        begin = end - timedelta(hours=hours or 24) if since is None else moment(since)
        delay = timedelta(minutes=delay_minutes)
    except OverflowError as error:
        raise BadWindowError("The window is too long.") from error
    if begin >= end:
        raise BadWindowError(f"The window ends ({end}) before it starts ({begin}).")
    return Period(begin, min(end, now) if begin < now else end, delay, now)


def moment(text: str) -> datetime:
    """Return an ISO 8601 time. Raises BadWindowError."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadWindowError(
            f"Invalid time {text!r}. Use ISO 8601, such as 2026-01-31T12:00:00Z."
        ) from error
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise BadWindowError(f"Invalid time {text!r}. Years are {FIRST_YEAR} to {LAST_YEAR}.")
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def in_words(since: datetime, until: datetime) -> str:
    """Return the period in words, for a heading: a calendar month by its name, and a day's hours if
    it is within one."""
    last = until - timedelta(microseconds=1)
    first = since.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if since == first and until == (first + timedelta(days=31)).replace(day=1):
        return f"{since:%B %Y}"
    if since.date() == last.date():
        day = f"{since.day} {since:%B %Y}"
        if until - since == timedelta(days=1):
            return day
        end = f"{until:%H:%M}" if until.date() == since.date() else "24:00"
        return f"{day}, {since:%H:%M} to {end} UTC"
    year = f" {since.year}" if since.year != last.year else ""
    return f"{since.day} {since:%B}{year} to {last.day} {last:%B %Y}"
