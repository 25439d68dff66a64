"""Whether the objects of large bodies are there: asked ahead, many at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from reconciliation.join import Destination
from reconciliation.log_item import LogItem
from records.fetched import each_in_order

_RECORDS_AHEAD: Final = 256


class LargeBodies:
    """`ask` says of one `s3://` path whether it has its object."""

    def __init__(self, ask: Callable[[str], bool]) -> None:
        self._ask = ask
        self._known: dict[str, bool] = {}

    def is_stored(self, path: str) -> bool:
        """Raises botocore's errors."""
        return self._known[path] if path in self._known else self._ask(path)

    def asked_ahead(
        self, records: Iterable[tuple[Destination, LogItem]]
    ) -> Iterator[tuple[Destination, LogItem]]:
        """The same records, after the objects of some of them have been asked for."""
        waiting = iter(records)
        while some := list(islice(waiting, _RECORDS_AHEAD)):
            paths = dict.fromkeys(path for _, record in some for path in _paths(record))
            self._known = dict(each_in_order(self._ask, paths)) if paths else {}
            yield from some


def _paths(record: LogItem) -> Iterator[str]:
    for side in ("input", "output"):
        part = (record.content or {}).get(side)
        path = part.get(f"{side}BodyS3Path") if isinstance(part, Mapping) else None
        if isinstance(path, str) and path:
            yield path
