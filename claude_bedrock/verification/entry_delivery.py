"""Which audit log entries of a window the log bucket lacks, in a stage with a table of them.

The log group is the proof: the reconciliation reads it, and an entry that the bucket lacks is no
finding on a call. What is in the bucket is a copy for Athena.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.trail_files import UnreadableFile
from claude_bedrock.verification.hours import HOUR, start_of_hour
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.read_budget import ENTRIES_PER_DELIVERED_ENTRY, Budget

ENTRY_FILES: Final = "entry_files"
"""What evidence has of it."""
MOST_NAMED: Final = 100
"""So many entries that the bucket lacks are named; the count has all."""
_BUFFERED: Final = timedelta(minutes=20)
"""Firehose writes a file after 15 minutes at the latest, and clocks differ:
https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html"""


class EntrySource(Protocol):
    """What is read of the bucket; `claude_bedrock.records.entry_files.EntryFiles` is one."""

    def request_ids(
        self, hour: datetime, written_after: datetime
    ) -> Iterator[str | UnreadableFile]: ...


class DeliveryCounts(NamedTuple):
    """Of the entries that were written in the window: how many there are, how many may still be on
    their way, and which of the others the bucket lacks: their number, and the first ids. Of the
    files that were read, `unreadable` has the first paths."""

    entries: int
    pending: int
    missing: int
    missing_ids: tuple[str, ...]
    unreadable: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        named = {name: list(getattr(self, name)) for name in ("missing_ids", "unreadable")}
        return {**self._asdict(), **named}


class EntryDelivery:
    """Takes the entries of a window as they pass on to the join. A file is read for what it may
    hold of the window; those of later hours only while an entry is missing."""

    def __init__(self, source: EntrySource, period: Period, limit: Budget) -> None:
        self._source, self._period, self._limit = source, period, limit
        self._settled = period.now - period.delay
        self._unreadable: dict[str, None] = {}
        self._missing: dict[str, None] = {}
        self._seen = self._pending = 0

    def entries(self, items: Iterable[LogItem]) -> Iterator[LogItem]:
        """Yield the same entries. Raises TooLargeError and botocore's errors."""
        delivered: set[str] = set()
        for hour in self._first_hours():
            for request_id in self._ids(hour):
                if request_id not in delivered:
                    self._limit.charge(ENTRIES_PER_DELIVERED_ENTRY)
                    delivered.add(request_id)
        for item in items:
            if self._is_due(item):
                request_id = _request_id(item)
                if request_id not in delivered and request_id not in self._missing:
                    self._limit.charge(ENTRIES_PER_DELIVERED_ENTRY)
                    self._missing[request_id] = None
            yield item

    def counts(self) -> DeliveryCounts:
        """Return what came of it, after the last entry. Raises TooLargeError and botocore's
        errors."""
        hour = self._first_hours()[-1] + HOUR
        while self._missing and hour <= self._period.now:
            for request_id in self._ids(hour):
                self._missing.pop(request_id, None)
            hour += HOUR
        return DeliveryCounts(
            self._seen,
            self._pending,
            len(self._missing),
            tuple(self._missing)[:MOST_NAMED],
            tuple(self._unreadable)[:MOST_NAMED],
        )

    def _first_hours(self) -> list[datetime]:
        """Return the hours in which what was written in the window mostly lies."""
        first = start_of_hour(self._period.since - _BUFFERED)
        last = self._period.until - timedelta(microseconds=1)
        return [first + HOUR * number for number in range((last - first) // HOUR + 1)]

    def _ids(self, hour: datetime) -> Iterator[str]:
        written_after = self._period.since - _BUFFERED
        for item in self._limit.watch(self._source.request_ids(hour, written_after)):
            if isinstance(item, UnreadableFile):
                self._unreadable[item.source] = None
            else:
                yield item

    def _is_due(self, item: LogItem) -> bool:
        """Count an entry of the window, and return whether it has to be in the bucket by now."""
        since, until = self._period.since.timestamp(), self._period.until.timestamp()
        if not since <= item.at < until or not _request_id(item):
            return False
        self._seen += 1
        is_pending = item.at >= self._settled.timestamp()
        self._pending += is_pending
        return not is_pending


def _request_id(item: LogItem) -> str:
    request_id = (item.content or {}).get("gateway_request_id", "")
    return request_id if isinstance(request_id, str) else ""
