"""Which records a list of calls has, and what each line of it says."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import catalog
from cli.said import said
from records.fingerprint import Fingerprint
from records.invocation_records import Record, Records

_BEYOND: Final = timedelta(hours=1)
"""How much later than its call a record may be written."""
_POLL_SECONDS: Final = 2.0
_SIDES: Final = {"input": "prompt", "output": "completion"}


class Wanted(NamedTuple):
    """Empty for all; `who` and `text` are parts of what is searched, in either case."""

    who: str = ""
    model: str = ""
    text: str = ""
    request_id: str = ""


class Line(NamedTuple):
    """`at` as the record has it; `status` is `ok` or the name of Bedrock's error."""

    at: str
    request_id: str
    who: str
    model_id: str
    operation: str
    input_tokens: int | None
    output_tokens: int | None
    status: str
    content: Mapping[str, str]


def lines(
    records: Records, since: datetime, until: datetime, wanted: Wanted, *, content: bool
) -> Iterator[Line]:
    """Calls made from `since` up to but not at `until` (UTC), as CloudWatch Logs has them, each
    once. Raises UnreadableError and botocore's errors."""
    return _chosen(records, _read(records, since, until, wanted), wanted, content=content)


def followed(
    records: Records,
    since: datetime,
    wanted: Wanted,
    *,
    content: bool,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Line]:
    """The same without an end: what is there, then what comes."""

    def read() -> Iterator[Record]:
        begin = since
        while True:
            now = datetime.now(UTC)
            yield from _read(records, begin, now, wanted)
            begin = max(since, now - _BEYOND)
            pause(_POLL_SECONDS)

    return _chosen(records, read(), wanted, content=content)


def _read(records: Records, since: datetime, until: datetime, wanted: Wanted) -> Iterator[Record]:
    if wanted.request_id:
        found = records.in_logs(wanted.request_id, since)
        every = iter([found] if found else [])
    else:
        items = records.all_in_logs(since, until + _BEYOND, Fingerprint())
        every = (item.content for item in items if item.content is not None)
    first, last = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (since, until + timedelta(seconds=1)))
    return (record for record in every if first <= record.get("timestamp", "") < last)


def _chosen(
    records: Records, every: Iterator[Record], wanted: Wanted, *, content: bool
) -> Iterator[Line]:
    seen: set[str] = set()
    for record in every:
        if record["requestId"] in seen:
            continue
        seen.add(record["requestId"])
        line = _line(record)
        if not _fits(line, wanted):
            continue
        told = _content(records, record) if wanted.text or content else {}
        if any(wanted.text.casefold() in each.casefold() for each in told.values() or [""]):
            yield line._replace(content=told if content else {})


def _fits(line: Line, wanted: Wanted) -> bool:
    if wanted.model:
        asked, called = catalog.find(wanted.model), catalog.find(line.model_id)
        same = asked is not None and asked is called
        if not same and wanted.model not in line.model_id:
            return False
    return wanted.who.casefold() in line.who.casefold()


def _line(record: Record) -> Line:
    metadata = record.get("requestMetadata") or {}
    who = metadata.get("api_key_name") or metadata.get("caller_arn")
    return Line(
        at=record["timestamp"],
        request_id=record["requestId"],
        who=who or (record.get("identity") or {}).get("arn", ""),
        model_id=record.get("modelId", ""),
        operation=record.get("operation", ""),
        input_tokens=_count(record, "input", "inputTokenCount"),
        output_tokens=_count(record, "output", "outputTokenCount"),
        status=record.get("errorCode") or "ok",
        content={},
    )


def _count(record: Record, side: str, name: str) -> int | None:
    found: Any = (record.get(side) or {}).get(name)
    return found if isinstance(found, int) else None


def _content(records: Records, record: Record) -> Mapping[str, str]:
    """What was said, large bodies fetched."""
    return {name: said(records.body(record.get(side) or {}, side)) for side, name in _SIDES.items()}
