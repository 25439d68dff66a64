"""One run: what is read, how far beyond the window, and what of it is kept as evidence."""

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final, NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.trail_event import TrailEvent
from claude_bedrock.records.trail_files import UnreadableFile
from claude_bedrock.records.trail_source import TrailSource
from claude_bedrock.records.window import Window
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.budget_charges import BUDGETS, BudgetCharges
from claude_bedrock.verification.entry_delivery import ENTRY_FILES, EntryDelivery, EntrySource
from claude_bedrock.verification.finding import Outcome
from claude_bedrock.verification.hour_digests import Digests
from claude_bedrock.verification.hours import Span, iso
from claude_bedrock.verification.known_call import KnownCall
from claude_bedrock.verification.large_bodies import LargeBodies, paths_of
from claude_bedrock.verification.late_arrivals import LateArrivals
from claude_bedrock.verification.late_deliveries import LateDeliveries, times_to_read
from claude_bedrock.verification.period import NEAR, Period
from claude_bedrock.verification.principals import Principals
from claude_bedrock.verification.read_budget import (
    ENTRIES_PER_BODY,
    ENTRIES_PER_CHARGED_CALL,
    ENTRIES_PER_EVENT,
    RESERVE_MS,
    Budget,
)
from claude_bedrock.verification.reconciliation import Destination, Lookups, reconcile
from claude_bedrock.verification.trail_join import TrailJoin, TrailScope

_NAMED_BEFORE = timedelta(hours=1)
"""So long before a call an object of records may have been begun, which is named for its first."""

ANSWERED_IN: Final = "answered_in"
"""What `about` has of the Regions that answered: how many records in S3 name each."""

ReadAuditLines = Callable[[datetime, datetime, Fingerprint], Iterator[LogItem]]
FindRequests = Callable[[Collection[str], datetime, datetime], Mapping[str, str]]


class RecordSource(Protocol):
    """What a run reads of records; `claude_bedrock.records.invocation_records.Records` is one."""

    def all_in_s3(
        self, since: datetime, until: datetime, read: Fingerprint
    ) -> Iterator[LogItem]: ...
    def all_in_logs(
        self, since: datetime, until: datetime, read: Fingerprint
    ) -> Iterator[LogItem]: ...
    def stat(self, path: str) -> ObjectStat | None: ...
    def read_body(self, path: str) -> object: ...


class EventSource(Protocol):
    """What a run reads of CloudTrail; `claude_bedrock.records.trail_files.TrailFiles` is one."""

    source: TrailSource

    def events(
        self, accounts: Collection[str], since: datetime, until: datetime, read: Fingerprint
    ) -> Iterator[TrailEvent | UnreadableFile]: ...


class Stage(NamedTuple):
    """What a run is about: a deployed stage, where its calls may be answered, whose they may be,
    its two accounts, API Gateway's access log, and CloudTrail, where the stage has a trail.
    `has_budgets`: whether its calls are charged to budgets. `entry_files`: the audit log entries in
    the bucket, where the stage has a table of them."""

    name: str
    account: str
    region: str
    bounds: AllowedRegions
    principals: Principals
    audit_lines: ReadAuditLines
    find_requests: FindRequests
    records: RecordSource
    has_budgets: bool = False
    trail: EventSource | None = None
    entry_files: EntrySource | None = None


class Run(NamedTuple):
    """What a run found, and what it rests on. `about` is JSON."""

    about: Mapping[str, Any]
    outcome: Outcome

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the entries of the evidence: the run itself, then each finding."""
        outcome = self.outcome.as_data()
        findings = outcome.pop("findings")
        yield {"kind": "run", **self.about, **outcome}
        for finding in findings:
            yield {"kind": "finding", "finding": finding}


def run(
    stage: Stage,
    period: Period,
    *,
    by: str,
    budget: Budget | None = None,
    digests: Digests | None = None,
    arrivals: LateArrivals | None = None,
    hours: Sequence[datetime] = (),
) -> Run:
    """`by` is the ARN of whoever runs it, `budget` what it may read, `digests` takes what is read
    of S3, of CloudWatch Logs and of CloudTrail, `arrivals` the calls that are known. What was
    delivered in `hours` (their beginnings) is read beside that of the period's own delay.

    Raises TooLargeError, UnreadableError and botocore's errors."""
    limit = budget or Budget(lambda: RESERVE_MS, max_entries=sys.maxsize)
    bodies = LargeBodies(stage.records.stat)
    deliveries = _Deliveries(period, hours, LateDeliveries(period))
    read: dict[str, Fingerprint] = {
        "audit lines": Fingerprint(),
        "S3": digests.objects if digests else Fingerprint(),
        "CloudWatch Logs": digests.records if digests else Fingerprint(),
    }
    first, last = period.since - NEAR, period.until + NEAR
    trail = None
    if stage.trail is not None:
        read["CloudTrail"] = digests.trail if digests else Fingerprint()
        trail = _trail_join(stage, stage.trail, deliveries, limit, read["CloudTrail"])
    # Each of these takes what it needs as records and entries pass, and holds none of them: an
    # hour may have millions.
    records = _near(limit.watch(_records(stage.records, deliveries, read)), deliveries)
    answered_in: Counter[str] = Counter()
    records = _counted(records, _window(period), answered_in)
    entries = stage.audit_lines(first, last, read["audit lines"])
    delivery = EntryDelivery(stage.entry_files, period, limit) if stage.entry_files else None
    if delivery is not None:
        entries = delivery.entries(entries)
    charges = BudgetCharges(_window(period)) if stage.has_budgets else None
    if charges is not None:
        entries = _charged(charges.entries(entries), limit)
        records = charges.records(records)
    outcome = reconcile(
        limit.spend(entries),
        limit.spend(_with_bodies(records, bodies, limit, digests)),
        window=_window(period),
        bounds=stage.bounds,
        principals=stage.principals,
        lookups=Lookups(
            stat=bodies.stat,
            read_body=stage.records.read_body,
            find_requests=lambda ids: stage.find_requests(ids, first, last),
        ),
        compare=_comparison(trail, arrivals),
    )
    about = {**_about(stage, period, by, read), ANSWERED_IN: dict(sorted(answered_in.items()))}
    about |= deliveries.late.as_data()
    if delivery is not None:
        about = {**about, ENTRY_FILES: delivery.counts().as_data()}
    if trail is not None:
        about, outcome = {**about, "trail": trail.counts._asdict()}, trail.merge(outcome)
    if charges is not None:
        about = {**about, BUDGETS: charges.sums()}
        outcome = outcome.with_findings(charges.findings())
    return Run(about, outcome)


def _comparison(
    trail: TrailJoin | None, arrivals: LateArrivals | None
) -> Callable[[Iterable[KnownCall]], None] | None:
    """Return what takes each call that is known; None where nothing needs them."""
    waiting = arrivals if arrivals and not arrivals.is_empty else None
    if waiting is None:
        return trail.judge if trail else None

    def compare(calls: Iterable[KnownCall]) -> None:
        watched = waiting.watch(calls)
        if trail is not None:
            trail.judge(watched)
        # Where there is no trail, nothing else draws the calls through `watch`.
        for _ in watched:
            pass

    return compare


class _Deliveries(NamedTuple):
    """Of which times a run reads what was delivered, and what of it came late."""

    period: Period
    hours: Sequence[datetime]
    late: LateDeliveries

    def times(self, since: datetime) -> Iterator[Span]:
        """Yield each time from `since` on, which includes its ends."""
        end = min(self.period.until + self.period.delay, self.period.now) + NEAR
        return times_to_read(Span(since, end), self.hours)


def _trail_join(
    stage: Stage, trail: EventSource, deliveries: _Deliveries, limit: Budget, read: Fingerprint
) -> TrailJoin:
    """Return the comparison with the events of the window and near it, where those of its end have
    had the same time to arrive as records. What AWS refuses of the trail says so, and keeps the
    run from nothing else. Raises TooLargeError."""
    period, late = deliveries.period, deliveries.late
    scope = TrailScope(stage.account, stage.region, frozenset(trail.source.stage_regions))
    join = TrailJoin(_window(period), scope, stage.principals)
    first, last = period.since - NEAR, period.until + NEAR
    accounts = list(dict.fromkeys((stage.account, *trail.source.accounts)))
    events = (trail.events(accounts, *time, read) for time in deliveries.times(first))
    try:
        for item in limit.watch(chain.from_iterable(events)):
            if isinstance(item, UnreadableFile):
                join.take(item)
                continue
            late.take(item.at, item.delivered_at)
            if first.timestamp() <= item.at < last.timestamp():
                limit.charge(ENTRIES_PER_EVENT)
                join.take(item)
    except ClientError as error:
        late.miss()
        code = error.response["Error"].get("Code", "")
        join.refuse(f"AWS refuses CloudTrail's files: {code} of {error.operation_name}")
    except BotoCoreError as error:
        late.miss()
        join.refuse(f"CloudTrail's files could not be read: {type(error).__name__}")
    return join


def _charged(entries: Iterable[LogItem], limit: Budget) -> Iterator[LogItem]:
    """The same entries, of which those under budgets count for `limit` as what is held of them.
    Raises TooLargeError."""
    for entry in entries:
        if entry.content and entry.content.get(BUDGETS):
            limit.charge(ENTRIES_PER_CHARGED_CALL)
        yield entry


def _about(
    stage: Stage, period: Period, by: str, read: Mapping[str, Fingerprint]
) -> Mapping[str, Any]:
    return {
        "by": by,
        "account": stage.account,
        "stage": stage.name,
        "region": stage.region,
        "at": iso(period.now),
        "since": iso(period.since),
        "until": iso(period.until),
        "settled": iso(period.now - period.delay),
        "bounds": stage.bounds._asdict(),
        "gateway_role": stage.principals.gateway_role,
        "caller_role": stage.principals.caller_role,
        "read": {name: digest.as_data() for name, digest in read.items()},
    }


def no_audit_entries(_since: datetime, _until: datetime, _read: Fingerprint) -> Iterator[LogItem]:
    """Yield nothing: a stage without an endpoint has no audit entries."""
    return iter(())


def _near(
    records: Iterable[tuple[Destination, LogItem]], deliveries: _Deliveries
) -> Iterator[tuple[Destination, LogItem]]:
    """Yield those of calls in the window or near it, and those that do not say when they were
    made."""
    first, last = deliveries.period.since - NEAR, deliveries.period.until + NEAR
    for destination, record in records:
        at = _moment(record)
        if at is not None:
            written_at = record.at if record.earliest is None else record.earliest
            deliveries.late.take(at.timestamp(), written_at)
        if at is None or first <= at < last:
            yield destination, record


def _counted(
    records: Iterable[tuple[Destination, LogItem]], window: Window, answered_in: Counter[str]
) -> Iterator[tuple[Destination, LogItem]]:
    """Yield the same records, of which those in S3 and in the window are counted by the Region that
    they name as the one that answered. A record that was written twice counts twice."""
    for destination, record in records:
        at = _moment(record)
        if destination == "S3" and at and window.holds(at.timestamp()):
            region = (record.content or {}).get("inferenceRegion")
            region = region or (record.content or {}).get("region")
            answered_in[region if isinstance(region, str) else ""] += 1
        yield destination, record


def _with_bodies(
    records: Iterable[tuple[Destination, LogItem]],
    bodies: LargeBodies,
    limit: Budget,
    digests: Digests | None,
) -> Iterator[tuple[Destination, LogItem]]:
    """The same records, after S3 was asked for the bodies that lie elsewhere: these are taken by
    `digests`, and count for `limit` as they are held. Raises TooLargeError."""
    charged = 0
    for destination, record in bodies.prefetched(records):
        limit.charge(ENTRIES_PER_BODY * (bodies.looked_up - charged))
        charged = bodies.looked_up
        at = _moment(record)
        if digests and at:
            for path in paths_of(record):
                digests.objects.take_body(path, at, bodies.stat(path))
        yield destination, record


def _moment(record: LogItem) -> datetime | None:
    try:
        at = datetime.fromisoformat((record.content or {})["timestamp"])
    except (KeyError, TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _records(
    records: RecordSource, deliveries: _Deliveries, read: Mapping[str, Fingerprint]
) -> Iterator[tuple[Destination, LogItem]]:
    """Yield those that were delivered by now, of calls in the window and of some around it."""
    since = deliveries.period.since
    for time in deliveries.times(since - _NAMED_BEFORE):
        for record in records.all_in_s3(*time, read["S3"]):
            yield "S3", record
    for time in deliveries.times(since - NEAR):
        for record in records.all_in_logs(*time, read["CloudWatch Logs"]):
            yield "CloudWatch Logs", record


def _window(period: Period) -> Window:
    settled = period.now - period.delay
    return Window(period.since.timestamp(), period.until.timestamp(), settled.timestamp())
