"""The list of calls: which records it has, and the fields of a line."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from claude_bedrock import catalog
from claude_bedrock.caller_sessions.arn_name import name_of_arn
from claude_bedrock.caller_sessions.qualified_name import of_record
from claude_bedrock.catalog import Model
from claude_bedrock.cli.logs.body_text import body_text
from claude_bedrock.cli.logs.caller_pattern import caller_pattern, in_lower_case
from claude_bedrock.records.invocation_records import Record, Records
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification import fields

_BEYOND: Final = timedelta(hours=1)
"""How much later than its call a record may be written."""
_ALMOST_A_SECOND: Final = timedelta(microseconds=999_999)
_POLL_SECONDS: Final = 2.0
_SIDES: Final = {"input": "prompt", "output": "completion"}


class LogFilter(NamedTuple):
    """Empty for all; `caller` and `text` are parts of what is searched, in either case."""

    caller: str = ""
    model: str = ""
    text: str = ""
    request_id: str = ""
    failed: bool = False


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


class Unreadable:
    """What a list has left out: how many records could not be read, and the source of the first."""

    def __init__(self) -> None:
        self.sources: dict[str, None] = {}

    def add(self, source: str) -> None:
        self.sources[source] = None

    def __str__(self) -> str:
        number, first = len(self.sources), next(iter(self.sources))
        records = "1 record" if number == 1 else f"{number:,} records"
        return (
            f"{records} could not be read, the first in {first}: `claude-bedrock verify` names each"
        )


class CallsRead:
    """How many calls a list has gone through, how many of them it listed, and by whom and of which
    model they all were."""

    def __init__(self) -> None:
        self.calls = self.listed = 0
        self.callers: set[str] = set()
        self.models: set[str] = set()

    def add(self, line: Line) -> None:
        self.calls += 1
        self.callers.add(line.who)
        model = catalog.find(line.model_id)
        self.models.add(model.name if model else line.model_id)


def lines(
    records: Records,
    since: datetime,
    until: datetime,
    log_filter: LogFilter,
    unreadable: Unreadable,
    *,
    content: bool,
    read: CallsRead | None = None,
) -> Iterator[Line]:
    """Call made from `since` up to but not at `until` (UTC), as CloudWatch Logs has them, each
    once. What cannot be read goes into `unreadable`; `read` counts the calls that were gone
    through. Raises botocore's errors."""
    items = _read(records, since, until, log_filter)
    return _chosen(records, items, log_filter, unreadable, content=content, read=read)


def followed(
    records: Records,
    since: datetime,
    log_filter: LogFilter,
    unreadable: Unreadable,
    *,
    content: bool,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Line]:
    """Return the same without an end: what is there, then what comes."""

    def read() -> Iterator[_Item]:
        begin = since
        while True:
            now = datetime.now(UTC)
            yield from _read(records, begin, now, log_filter)
            begin = max(since, now - _BEYOND)
            pause(_POLL_SECONDS)

    return _chosen(records, read(), log_filter, unreadable, content=content)


class _Item(NamedTuple):
    """A record, and the times that its own has to lie between, as it writes them."""

    item: LogItem
    first: str
    last: str


def _read(
    records: Records, since: datetime, until: datetime, log_filter: LogFilter
) -> Iterator[_Item]:
    end = until + _ALMOST_A_SECOND  # records have whole seconds, and `now` has a part of one
    first, last = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (since, end))
    if log_filter.request_id:
        record = records.in_logs(log_filter.request_id, since)
        items = iter([LogItem(log_filter.request_id, 0, record)] if record else [])
    else:
        items = records.all_in_logs(
            since,
            until + _BEYOND,
            Fingerprint(),
            in_order=True,
            pattern=caller_pattern(log_filter.caller),
        )
    return (_Item(item, first, last) for item in items)


def _chosen(
    records: Records,
    every: Iterator[_Item],
    log_filter: LogFilter,
    unreadable: Unreadable,
    *,
    content: bool,
    read: CallsRead | None = None,
) -> Iterator[Line]:
    listed_ids: set[str] = set()
    for item, first, last in every:
        record = item.content or {}
        try:
            line = line_of(record)
            if line.request_id in listed_ids or not first <= line.at < last:
                continue
            listed_ids.add(line.request_id)
            if read:
                read.add(line)
            if not is_match(line, log_filter):
                continue
            texts = content_of(records, record) if log_filter.text or content else {}
        except UnreadableError:
            unreadable.add(item.source)
            continue
        if any(log_filter.text.casefold() in text.casefold() for text in texts.values() or [""]):
            yield line._replace(content=texts if content else {})


def is_match(line: Line, log_filter: LogFilter) -> bool:
    """Return whether the line is of the model and the caller, and failed if it has to."""
    if log_filter.model:
        requested, called = model_of(log_filter.model), catalog.find(line.model_id)
        same = requested is not None and requested is called
        if not same and _spelled(log_filter.model) not in line.model_id.casefold():
            return False
    if log_filter.failed and line.status == "ok":
        return False
    if log_filter.caller.startswith("arn:") and name_of_arn(log_filter.caller) == line.who:
        return True
    return in_lower_case(log_filter.caller) in in_lower_case(line.who)


def model_of(name: str) -> Model | None:
    """Return the catalog's model of that name, in either case, and with dots for dashes as people
    write versions."""
    return catalog.find(name) or catalog.find(_spelled(name))


def _spelled(name: str) -> str:
    lowered = name.casefold()
    return lowered if "anthropic." in lowered else lowered.replace(".", "-")


def line_of(record: Record) -> Line:
    """Return what a list says of the record. Raises UnreadableError."""
    metadata = fields.texts(record, "requestMetadata")
    identity = fields.optional_text(fields.members(record, "identity"), "arn")
    return Line(
        at=fields.text(record, "timestamp"),
        request_id=fields.text(record, "requestId"),
        who=of_record(metadata, identity),
        model_id=fields.optional_text(record, "modelId"),
        operation=fields.optional_text(record, "operation"),
        input_tokens=_count(record, "input", "inputTokenCount"),
        output_tokens=_count(record, "output", "outputTokenCount"),
        status=fields.optional_text(record, "errorCode") or "ok",
        content={},
    )


def _count(record: Record, side: str, name: str) -> int | None:
    count: Any = fields.members(record, side).get(name)
    return count if isinstance(count, int) else None


def content_of(records: Records, record: Record) -> Mapping[str, str]:
    """Return prompt and completion as text, large bodies fetched. Raises UnreadableError."""
    sides = {name: fields.members(record, side) for side, name in _SIDES.items()}
    try:
        return {
            name: body_text(records.body(part, side))
            for (name, part), side in zip(sides.items(), _SIDES, strict=True)
        }
    except RecursionError as error:
        raise UnreadableError("a body is nested too deeply") from error
