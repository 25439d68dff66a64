"""How the two records of a call are shown to people and to programs."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.json import JSON
from rich.panel import Panel

from claude_bedrock.cli.shared.terminal import plain, plain_lines
from claude_bedrock.records.invocation_records import Record, Records, Stored

_RESPONSE_MAX = timedelta(hours=1)


class Found(NamedTuple):
    """The record of a call in each destination, None where it is not."""

    in_logs: Record | None
    in_s3: Stored | None

    @property
    def complete(self) -> bool:
        return self.in_logs is not None and self.in_s3 is not None


def find(records: Records, request_id: str, *, hours: int) -> Found:
    """Both records of a call made in the last `hours`."""
    until = datetime.now(UTC)
    since = until - timedelta(hours=hours)
    in_logs = records.in_logs(request_id, since)
    if in_logs is not None:
        since = datetime.fromisoformat(in_logs["timestamp"])
        until = since + _RESPONSE_MAX
    return Found(in_logs, records.in_s3(request_id, since, until))


def as_data(found: Found, records: Records) -> dict[str, object]:
    """Both records, and what was said, large bodies fetched."""
    return {
        "cloudwatch": found.in_logs,
        "s3": found.in_s3 and {"key": found.in_s3.key, "record": found.in_s3.record},
        "bodies": _bodies(found, records),
    }


def as_text(found: Found, records: Records) -> RenderableType:
    s3 = f"s3://{found.in_s3.bucket}/{found.in_s3.key}" if found.in_s3 else "not found"
    return Group(
        _panel("CloudWatch Logs", found.in_logs),
        _panel(f"S3: {s3}", found.in_s3.record if found.in_s3 else None),
        Panel(JSON.from_data(_bodies(found, records)), title="What was said", title_align="left"),
    )


def _panel(title: str, record: Record | None) -> Panel:
    shown = plain("no record", "red") if record is None else JSON.from_data(_without_bodies(record))
    return Panel(shown, title=plain_lines(title), title_align="left")


def _without_bodies(record: Record) -> dict[str, object]:
    """The record without what was said, which is shown once and below."""
    shown = dict(record)
    for side in ("input", "output"):
        if shown.get(side):
            part = {k: v for k, v in record[side].items() if not k.endswith("BodyJson")}
            shown[side] = part
    return shown


def _bodies(found: Found, records: Records) -> dict[str, object]:
    record = found.in_logs or (found.in_s3 and found.in_s3.record) or {}
    return {side: records.body(record.get(side) or {}, side) for side in ("input", "output")}
