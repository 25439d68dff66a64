"""The budget of one attempt at a window: by the function's deadline, and by its memory."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

MAX_ENTRIES: Final = 6_000_000
"""Audit entries and records of one attempt, those of 2,000,000 calls. DuckDB holds 500 MB of them
and writes the rest to the function's `/tmp`, which has twice as much as they take."""
ENTRIES_PER_BODY: Final = 1
"""So many more a large body counts, since what S3 says of its object is a row, too."""
ENTRIES_PER_CHARGED_CALL: Final = 12
"""So many more an entry under budgets counts, whose charges are held in Python: some 0.7 KB."""
ENTRIES_PER_EVENT: Final = 12
"""So many an event of CloudTrail counts, which is held in Python, too: some 0.7 KB."""
ENTRIES_PER_DELIVERED_ENTRY: Final = 2
"""So many an entry in the bucket counts, whose id is held in Python: some 0.12 KB."""
RESERVE_MS: Final = 60_000
"""What sealing takes at the most, once everything is read."""
_EVERY: Final = 256
Item = TypeVar("Item")


class TooLargeError(Exception):
    """A window does not fit into one attempt; the text says why.

    `by_time`: the deadline came first, and a later attempt has more time."""

    def __init__(self, why: str, *, by_time: bool) -> None:
        self.by_time = by_time
        super().__init__(why)


class Budget:
    """Counts what one attempt reads. `remaining_ms` is what is left until the deadline."""

    def __init__(self, remaining_ms: Callable[[], int], *, max_entries: int = MAX_ENTRIES) -> None:
        self._remaining_ms = remaining_ms
        self._max_entries = max_entries
        self._entries = 0

    def half(self) -> "Budget":
        """Return a budget for an attempt of half the time that is left."""
        rest = self._remaining_ms() // 2
        return Budget(lambda: self._remaining_ms() - rest, max_entries=self._max_entries)

    def spend(self, items: Iterable[Item]) -> Iterator[Item]:
        """`items`, each of which is held, and counts. Raises TooLargeError."""
        for item in self.watch(items):
            self.charge(1)
            yield item

    def charge(self, entries: int) -> None:
        """Count so many more as held. Raises TooLargeError."""
        self._entries += entries
        if self._entries > self._max_entries:
            raise TooLargeError(
                f"it has more than {self._max_entries:,} audit entries and records",
                by_time=False,
            )

    def watch(self, items: Iterable[Item]) -> Iterator[Item]:
        """`items`, while there is time. Raises TooLargeError where only enough is left to seal."""
        for number, item in enumerate(items):
            if not number % _EVERY and self._remaining_ms() < RESERVE_MS:
                raise TooLargeError("the function's time was over before it was read", by_time=True)
            yield item
