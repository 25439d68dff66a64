"""One run of `claude-bedrock verify`: what it reads, how far beyond the window, what it keeps."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cli import settings
from cli.deployment import Deployment
from cli.evidence import Evidence, Written
from cli.settings import Settings
from cli.target import audit_lines_of, records_of
from reconciliation.bounds import Bounds
from reconciliation.join import Destination, Outcome, reconcile
from reconciliation.window import Window
from records.fingerprint import Fingerprint
from records.invocation_records import Record, Records

_BEYOND = timedelta(hours=1)
"""What crosses an edge of the window: a request may take 15 minutes, CloudWatch takes some to show
its line, and an object of records is named for its first one."""


class BadWindowError(Exception):
    """The times that were asked for make no window."""


class Period(NamedTuple):
    """From `since` up to `until`; what is younger than `delay` at `now` may still be on its way."""

    since: datetime
    until: datetime
    delay: timedelta
    now: datetime


class Report(NamedTuple):
    """What a run found, where it is kept, and what it rests on. `about` is JSON."""

    about: Mapping[str, Any]
    outcome: Outcome
    evidence: Written


def period(
    since: str | None, hours: int | None, until: str | None, delay_minutes: int, now: datetime
) -> Period:
    """Raises BadWindowError. Times are ISO 8601, UTC where they name no other zone."""
    if since is not None and hours is not None:
        raise BadWindowError("give one of --since and --hours")
    end = now if until is None else _time(until)
    begin = end - timedelta(hours=hours or 24) if since is None else _time(since)
    if begin >= end:
        raise BadWindowError(f"the window ends ({end}) before it begins ({begin})")
    return Period(begin, end, timedelta(minutes=delay_minutes), now)


def run(deployment: Deployment, asked: Period, folder: Evidence) -> Report:
    """Raises NoTargetError, UnreadableError, EvidenceError and botocore's errors."""
    previous = folder.last_hash()
    stage, records = settings.deployed(deployment), records_of(deployment)
    by = deployment.client("sts").get_caller_identity()
    read = {name: Fingerprint() for name in ("audit lines", "S3", "CloudWatch Logs")}
    begin, end = asked.since - _BEYOND, min(asked.until + asked.delay, asked.now) + _BEYOND
    outcome = reconcile(
        audit_lines_of(deployment, begin, asked.until + _BEYOND, read["audit lines"]),
        _records(records, begin, end, read),
        window=_window(asked),
        bounds=_bounds(stage),
        stored=records.is_stored,
    )
    about = {
        "by": by["Arn"],
        "account": by["Account"],
        "stage": deployment.stage,
        "region": deployment.region,
        "at": _iso(asked.now),
        "since": _iso(asked.since),
        "until": _iso(asked.until),
        "settled": _iso(asked.now - asked.delay),
        "bounds": _bounds(stage)._asdict(),
        "read": {name: each.told() for name, each in read.items()},
    }
    return Report(about, outcome, folder.write(asked.now, _entries(about, outcome), previous))


def as_data(report: Report) -> dict[str, Any]:
    return {
        **report.about,
        "counts": report.outcome.counts._asdict(),
        "findings": [each._asdict() for each in report.outcome.findings],
        "evidence": {"file": str(report.evidence.file), "sha256": report.evidence.sha256},
    }


def _records(
    records: Records, begin: datetime, end: datetime, read: Mapping[str, Fingerprint]
) -> Iterator[tuple[Destination, Record]]:
    for record in records.all_in_s3(begin, end, read["S3"]):
        yield "S3", record
    for record in records.all_in_logs(begin, end, read["CloudWatch Logs"]):
        yield "CloudWatch Logs", record


def _entries(about: Mapping[str, Any], outcome: Outcome) -> Iterator[dict[str, Any]]:
    yield {"kind": "run", **about, "counts": outcome.counts._asdict()}
    for each in outcome.findings:
        yield {"kind": "finding", "finding": each._asdict()}


def _window(asked: Period) -> Window:
    settled = asked.now - asked.delay
    return Window(asked.since.timestamp(), asked.until.timestamp(), settled.timestamp())


def _bounds(stage: Settings) -> Bounds:
    return Bounds(stage.region, stage.residency, stage.routes, stage.models)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadWindowError(f"{text!r} is no time: write it as 2026-01-31T12:00:00Z") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
