"""The window of a reconciliation, and the moments that are too recent for a verdict."""

from typing import NamedTuple


class UnreadableError(Exception):
    """Something that was read is not what it should be; the text says what, and no prompt."""


class Window(NamedTuple):
    """Seconds since 1970, UTC: from `since`, up to but not at `until`. What happened at `settled`
    or later may have its other half still on the way."""

    since: float
    until: float
    settled: float

    def holds(self, at: float) -> bool:
        return self.since <= at < self.until

    def too_young(self, at: float) -> bool:
        return at >= self.settled
