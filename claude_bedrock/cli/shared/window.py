"""The options that name a window of time, and the window they name."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from claude_bedrock.verification.period import FIRST_YEAR, BadWindowError, Period, period

MOST_HOURS: Final = 87_840
"""Ten years, as long as CloudWatch Logs keeps at most."""
MOST_MINUTES: Final = 44_640
"""31 days."""
DAY_HOURS: Final = 24
MONTH_HOURS: Final = 30 * 24

Since = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Start of the window, ISO 8601; UTC without a zone. Not with --hours.",
    ),
]
Hours = Annotated[
    int | None,
    typer.Option(
        help="Length of the window before --until.", min=1, max=MOST_HOURS, show_default="24"
    ),
]
HoursOfMonth = Annotated[
    int | None,
    typer.Option(
        help="Length of the window before --until.", min=1, max=MOST_HOURS, show_default="720"
    ),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="End of the window, exclusive.", show_default="now"),
]
Month = Annotated[
    str | None,
    typer.Option(
        metavar="YYYY-MM", help="A calendar month in UTC, instead of --since, --hours and --until."
    ),
]
SettleMinutes = Annotated[
    int,
    typer.Option(
        help="How long to wait for a record before it counts as missing.", min=0, max=MOST_MINUTES
    ),
]


def window(
    since: str | None,
    hours: int | None,
    until: str | None,
    month: str | None,
    *,
    now: datetime,
    default_hours: int = DAY_HOURS,
    settle_minutes: int = 0,
) -> Period:
    """Return the window that the options name. Raises BadWindowError."""
    if month is None:
        if since is None and hours is None:
            hours = default_hours
        return period(since, hours, until, settle_minutes, now)
    if since is not None or hours is not None or until is not None:
        raise BadWindowError("--month cannot be combined with --since, --hours or --until.")
    return _of_month(month, settle_minutes, now)


def _of_month(month: str, settle_minutes: int, now: datetime) -> Period:
    """Return the month, up to now where it has not ended. Raises BadWindowError."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadWindowError(f"Invalid month {month!r}. Use YYYY-MM, such as 2026-11.") from error
    if first.year < FIRST_YEAR:
        raise BadWindowError(f"Invalid month {month!r}. The first year is {FIRST_YEAR}.")
    if first >= now:
        raise BadWindowError(f"Invalid month {month!r}. It has not begun.")
    after = (first + timedelta(days=31)).replace(day=1)
    return Period(first, min(after, now), timedelta(minutes=settle_minutes), now)
