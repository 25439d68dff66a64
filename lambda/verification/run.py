"""One run: what is read, how far beyond the window, and what of it is kept as evidence."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from reconciliation.bounds import Bounds
from reconciliation.join import Destination, Outcome, reconcile
from reconciliation.window import Window
from records.audit_lines import AuditLine
from records.fingerprint import Fingerprint
from records.invocation_records import Record
from verification.period import Period

_BEYOND = timedelta(hours=1)
"""What crosses an edge of the window: a request may take 15 minutes, CloudWatch takes some to show
its line, and an object of records is named for its first one."""

ReadAuditLines = Callable[[datetime, datetime, Fingerprint], Iterator[AuditLine]]


class RecordSource(Protocol):
    """What a run reads of records; `records.invocation_records.Records` is one."""

    def all_in_s3(
        self, since: datetime, until: datetime, read: Fingerprint
    ) -> Iterator[Record]: ...
    def all_in_logs(
        self, since: datetime, until: datetime, read: Fingerprint
    ) -> Iterator[Record]: ...
    def is_stored(self, path: str) -> bool: ...


class Stage(NamedTuple):
    """What a run is about: a deployed stage, where its calls may be answered, its two accounts."""

    name: str
    account: str
    region: str
    bounds: Bounds
    audit_lines: ReadAuditLines
    records: RecordSource


class Run(NamedTuple):
    """What a run found, and what it rests on. `about` is JSON."""

    about: Mapping[str, Any]
    outcome: Outcome

    def entries(self) -> Iterator[dict[str, Any]]:
        """What is kept of it: the run itself, then each finding."""
        yield {"kind": "run", **self.about, "counts": self.outcome.counts._asdict()}
        for each in self.outcome.findings:
            yield {"kind": "finding", "finding": each._asdict()}


def run(stage: Stage, asked: Period, *, by: str) -> Run:
    """`by` is the ARN of whoever runs it. Raises UnreadableError and botocore's errors."""
    read = {name: Fingerprint() for name in ("audit lines", "S3", "CloudWatch Logs")}
    begin, end = asked.since - _BEYOND, min(asked.until + asked.delay, asked.now) + _BEYOND
    outcome = reconcile(
        stage.audit_lines(begin, asked.until + _BEYOND, read["audit lines"]),
        _records(stage.records, begin, end, read),
        window=_window(asked),
        bounds=stage.bounds,
        stored=stage.records.is_stored,
    )
    about = {
        "by": by,
        "account": stage.account,
        "stage": stage.name,
        "region": stage.region,
        "at": iso(asked.now),
        "since": iso(asked.since),
        "until": iso(asked.until),
        "settled": iso(asked.now - asked.delay),
        "bounds": stage.bounds._asdict(),
        "read": {name: each.told() for name, each in read.items()},
    }
    return Run(about, outcome)


def iso(moment: datetime) -> str:
    """As ISO 8601, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _records(
    records: RecordSource, begin: datetime, end: datetime, read: Mapping[str, Fingerprint]
) -> Iterator[tuple[Destination, Record]]:
    for record in records.all_in_s3(begin, end, read["S3"]):
        yield "S3", record
    for record in records.all_in_logs(begin, end, read["CloudWatch Logs"]):
        yield "CloudWatch Logs", record


def _window(asked: Period) -> Window:
    settled = asked.now - asked.delay
    return Window(asked.since.timestamp(), asked.until.timestamp(), settled.timestamp())
