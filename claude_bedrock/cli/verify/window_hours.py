"""The hours of a window: how many are verified, and why the others are not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final, NamedTuple, Self

from claude_bedrock.verification.coverage import Coverage
from claude_bedrock.verification.hours import HOUR, next_hour, start_of_hour
from claude_bedrock.verification.period import Period

LONGEST_JOIN: Final = timedelta(days=1)
"""A longer window is the sum of its sealed hours, and never joined again."""


class WindowHours(NamedTuple):
    """`window` is how many hours the window has, a begun one counted as one. Of these,
    `before_deployment` had no stage, `not_due` are too young to be sealed, and `expired` are older
    than evidence is kept."""

    window: int
    verified: int
    before_deployment: int
    not_due: int
    expired: int

    @classmethod
    def of(cls, coverage: Coverage, expired: int, period: Period) -> Self:
        """`expired` is how many hours of the window are older than evidence is kept."""
        begin, end = start_of_hour(period.since), next_hour(period.until)
        window = (end - begin) // HOUR
        due = min(coverage.due.since, end)
        before = max(0, (due - begin) // HOUR - expired)
        not_due = max(0, (end - max(coverage.due.until, due)) // HOUR)
        return cls(window, coverage.hours_verified, before, not_due, expired)

    @property
    def deployed(self) -> int:
        """The hours in which there was a stage."""
        return self.window - self.before_deployment

    @property
    def not_verified(self) -> int:
        """The hours that were due, and have no evidence that holds."""
        return self.deployed - self.verified - self.not_due - self.expired

    @property
    def is_complete(self) -> bool:
        """Return whether there was a stage, and each of its hours is verified."""
        return 0 < self.deployed == self.verified

    def sentences(self) -> Iterator[str]:
        """Yield the numbers, each with its reason."""
        yield f"{self.verified:,} of {self.window:,} hours of the window are verified."
        if self.before_deployment:
            yield f"{_are(self.before_deployment)} before the stage's first deployment."
        if self.not_due:
            yield f"{_are(self.not_due)} not sealed yet: that takes up to 2 hours and 15 minutes."
        if self.expired:
            yield f"{_are(self.expired)} older than evidence is kept."
        if self.not_verified:
            yield f"{_are(self.not_verified)} without evidence that holds: `chain` says why."

    def as_data(self) -> dict[str, Any]:
        return {**self._asdict(), "not_verified": self.not_verified}


def _are(number: int) -> str:
    return f"{number:,} {'is' if number == 1 else 'are'}"


def is_long(period: Period) -> bool:
    """Return whether the window is longer than what is joined."""
    return period.until - period.since > LONGEST_JOIN


def with_whole_hours(period: Period) -> Period:
    """Return a long window begun and ended with the hour, since only whole hours are sealed; the
    end is no later than now. Another window stays as it is."""
    if not is_long(period):
        return period
    until = min(next_hour(period.until), period.now)
    return period._replace(since=start_of_hour(period.since), until=until)
