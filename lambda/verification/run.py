"""One run: what is read, how far beyond the window, and what of it is kept as evidence."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from reconciliation.bounds import Bounds
from reconciliation.finding import Outcome
from reconciliation.join import Destination, Lookups, reconcile
from reconciliation.log_item import LogItem
from reconciliation.principals import Principals
from reconciliation.window import Window
from records.fingerprint import Fingerprint
from verification.period import Period

_BEYOND = timedelta(hours=1)
"""What crosses an edge of the window: a request may take 15 minutes, CloudWatch takes some to show
its line, and an object of records is named for its first one."""

ReadAuditLines = Callable[[datetime, datetime, Fingerprint], Iterator[LogItem]]
FindRequests = Callable[[Collection[str], datetime, datetime], Mapping[str, str]]


class RecordSource(Protocol):
    """What a run reads of records; `records.invocation_records.Records` is one."""

    def all_in_s3(
        self, since: datetime, until: datetime, read: Fingerprint
    ) -> Iterator[LogItem]: ...
    def all_in_logs(
        self, since: datetime, until: datetime, read: Fingerprint
    ) -> Iterator[LogItem]: ...
    def is_stored(self, path: str) -> bool: ...
    def read_body(self, path: str) -> object: ...


class Stage(NamedTuple):
    """What a run is about: a deployed stage, where its calls may be answered, whose they may be,
    its two accounts, and API Gateway's access log."""

    name: str
    account: str
    region: str
    bounds: Bounds
    principals: Principals
    audit_lines: ReadAuditLines
    find_requests: FindRequests
    records: RecordSource


class Run(NamedTuple):
    """What a run found, and what it rests on. `about` is JSON."""

    about: Mapping[str, Any]
    outcome: Outcome

    def entries(self) -> Iterator[dict[str, Any]]:
        """What is kept of it: the run itself, then each finding."""
        whole = self.outcome.as_data()
        findings = whole.pop("findings")
        yield {"kind": "run", **self.about, **whole}
        for each in findings:
            yield {"kind": "finding", "finding": each}


def run(stage: Stage, asked: Period, *, by: str) -> Run:
    """`by` is the ARN of whoever runs it. Raises botocore's errors."""
    read = {name: Fingerprint() for name in ("audit lines", "S3", "CloudWatch Logs")}
    begin, end = asked.since - _BEYOND, min(asked.until + asked.delay, asked.now) + _BEYOND
    outcome = reconcile(
        stage.audit_lines(begin, asked.until + _BEYOND, read["audit lines"]),
        _records(stage.records, begin, end, read),
        window=_window(asked),
        bounds=stage.bounds,
        principals=stage.principals,
        lookups=Lookups(
            is_stored=stage.records.is_stored,
            read_body=stage.records.read_body,
            find_requests=lambda ids: stage.find_requests(ids, begin, asked.until + _BEYOND),
        ),
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
        "gateway_role": stage.principals.gateway_role,
        "read": {name: each.told() for name, each in read.items()},
    }
    return Run(about, outcome)


def iso(moment: datetime) -> str:
    """As ISO 8601, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _records(
    records: RecordSource, begin: datetime, end: datetime, read: Mapping[str, Fingerprint]
) -> Iterator[tuple[Destination, LogItem]]:
    for record in records.all_in_s3(begin, end, read["S3"]):
        yield "S3", record
    for record in records.all_in_logs(begin, end, read["CloudWatch Logs"]):
        yield "CloudWatch Logs", record


def _window(asked: Period) -> Window:
    settled = asked.now - asked.delay
    return Window(asked.since.timestamp(), asked.until.timestamp(), settled.timestamp())
