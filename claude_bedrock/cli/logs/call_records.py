"""The two log records of a call: found, and shown to people and to programs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from claude_bedrock import catalog
from claude_bedrock.catalog import cost
from claude_bedrock.cli.logs.listing import Line, content_of, line_of
from claude_bedrock.records.invocation_records import Record, Records, Stored
from claude_bedrock.verification import fields

_RESPONSE_MAX: Final = timedelta(hours=1)
_TOKENS: Final = {
    "input_tokens": ("input", "inputTokenCount"),
    "output_tokens": ("output", "outputTokenCount"),
    "cache_read_input_tokens": ("input", "cacheReadInputTokenCount"),
    "cache_creation_input_tokens": ("input", "cacheWriteInputTokenCount"),
}
_COUNTS: Final = {
    "input_tokens": "in",
    "output_tokens": "out",
    "cache_read_input_tokens": "from cache",
    "cache_creation_input_tokens": "to cache",
}


class CallRecords(NamedTuple):
    """The record of a call in each destination, None where it is not."""

    in_logs: Record | None
    in_s3: Stored | None

    @property
    def complete(self) -> bool:
        return self.in_logs is not None and self.in_s3 is not None


def find(records: Records, request_id: str, *, hours: int) -> CallRecords:
    """Return both records of a call made in the last `hours`."""
    until = datetime.now(UTC)
    since = until - timedelta(hours=hours)
    in_logs = records.in_logs(request_id, since)
    if in_logs is not None:
        since = datetime.fromisoformat(in_logs["timestamp"])
        until = since + _RESPONSE_MAX
    return CallRecords(in_logs, records.in_s3(request_id, since, until))


def as_data(call: CallRecords, records: Records) -> dict[str, object]:
    """Return both records, and prompt and completion, large bodies fetched."""
    return {
        "cloudwatch": call.in_logs,
        "s3": call.in_s3 and {"key": call.in_s3.key, "record": call.in_s3.record},
        "bodies": _bodies(call, records),
    }


def summary(records: CallRecords) -> list[tuple[str, str]]:
    """Return what the call was and where its records are: name -> value, for people.

    Raises UnreadableError for a record without what every record has."""
    record = _record(records)
    s3 = f"s3://{records.in_s3.bucket}/{records.in_s3.key}" if records.in_s3 else "no record"
    locations = [
        ("CloudWatch Logs", "record found" if records.in_logs else "no record"),
        ("S3", s3),
    ]
    if not record:
        return locations
    line = line_of(record)
    usage = _usage(record)
    return [
        ("request id", line.request_id),
        ("time", line.at),
        ("caller", line.who),
        ("model", line.model_id),
        ("operation", line.operation),
        ("status", line.status),
        ("tokens", ", ".join(f"{usage.get(name, '?')} {way}" for name, way in _COUNTS.items())),
        ("cost", _cost(line, usage)),
        *locations,
    ]


def content(call: CallRecords, records: Records) -> dict[str, str]:
    """Return prompt and completion as text, large bodies fetched. Raises UnreadableError."""
    record = _record(call)
    return dict(content_of(records, record)) if record else {}


def _record(records: CallRecords) -> Record:
    return records.in_logs or (records.in_s3.record if records.in_s3 else {})


def _bodies(call: CallRecords, records: Records) -> dict[str, object]:
    record = _record(call)
    return {side: records.body(record.get(side) or {}, side) for side in ("input", "output")}


def _usage(record: Record) -> dict[str, int]:
    """Return the record's token counts, by Anthropic's names."""
    sides = {side: fields.members(record, side) for side in ("input", "output")}
    counts = {name: sides[side].get(count) for name, (side, count) in _TOKENS.items()}
    return {name: count for name, count in counts.items() if isinstance(count, int)}


def _cost(line: Line, usage: Mapping[str, int]) -> str:
    model = catalog.find(line.model_id)
    geography, _, _ = line.model_id.rpartition("/")[2].partition(".")
    if model is None or geography not in catalog.ROUTES or not usage:
        return "unknown"
    try:
        dollars, assumed = cost.of_answer(model, geography, usage, day=line.at[:10])
    except catalog.NoProfile:
        return "unknown"
    return f"${dollars:.6f}" + "".join(f" ({assumption})" for assumption in assumed)
