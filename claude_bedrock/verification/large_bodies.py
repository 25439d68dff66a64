"""S3's metadata of the objects of large bodies, looked up ahead and many at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.verification.reconciliation import Destination

_RECORDS_AHEAD: Final = 256


class LargeBodies:
    """The objects of large bodies. What S3 says of them is held for a few records at a time.

    `read_stat` returns S3's metadata of the object at an `s3://` path; None where there is none."""

    def __init__(self, read_stat: Callable[[str], ObjectStat | None]) -> None:
        self._read_stat = read_stat
        self._known: dict[str, ObjectStat | None] = {}
        self.looked_up = 0
        """How many objects S3 was asked for."""

    def stat(self, path: str) -> ObjectStat | None:
        """Return S3's metadata of the object, None where there is none. Raises botocore's
        errors."""
        if path not in self._known:
            self.looked_up += 1
            self._known[path] = self._read_stat(path)
        return self._known[path]

    def prefetched(
        self, records: Iterable[tuple[Destination, LogItem]]
    ) -> Iterator[tuple[Destination, LogItem]]:
        """Yield the same records, after looking up the objects of some of them at once."""
        waiting = iter(records)
        # S3 has no request for many objects: ahead of the records, many are asked for at once, and
        # no more are held than those of the records in hand.
        while some := list(islice(waiting, _RECORDS_AHEAD)):
            paths = dict.fromkeys(path for _, record in some for path in paths_of(record))
            self.looked_up += len(paths)
            self._known = dict(each_in_order(self._read_stat, paths)) if paths else {}
            yield from some


def paths_of(record: LogItem) -> Iterator[str]:
    """Yield those of the bodies that a record does not hold itself."""
    for side in ("input", "output"):
        part = (record.content or {}).get(side)
        path = part.get(f"{side}BodyS3Path") if isinstance(part, Mapping) else None
        if isinstance(path, str) and path:
            yield path
