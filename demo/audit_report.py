"""The audit report, shown: of live calls and a made-up month, sealed hour by hour, in which two
records were lost, one of them for a reason that an operator accepts, and one call went to a Region
without a stage. The records of one caller are under a legal hold."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from rich.console import Console

from claude_bedrock.cli.audit import output_folder
from claude_bedrock.cli.audit.accounts.accounts_report import PAGE, AccountsReport
from claude_bedrock.cli.audit.report import Report, gather
from claude_bedrock.cli.evidence.hold_selection import Scope, select
from claude_bedrock.cli.evidence.legal_hold import Holder
from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.record_sources import destinations_of
from claude_bedrock.cli.verify.evidence_folder import Evidence
from claude_bedrock.cli.verify.verification_function import invoke_verification
from claude_bedrock.records.invocation_records import STREAM
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.trail_event import TrailEvent
from claude_bedrock.verification.hours import HOUR
from claude_bedrock.verification.period import Period
from demo import many_accounts
from demo.calls import DemoFailedError, demonstrate
from demo.sample_call import ACCOUNT, Call, record
from demo.sample_evidence import Made, seal, without
from demo.sample_month import Bucket, Hour, Month, hours
from local.aws.event_batches import batches
from local.run.endpoint import Endpoint

DAYS: Final = 30
CALLS: Final = 3000
REASON: Final = "Bedrock's delivery failed for two minutes; AWS support case 1234567890"
_LOST_ON: Final = (9, 22)
"""The days of the month, from 0, whose busiest hour loses the record of its first call; the
operator accepts the first."""


ELSEWHERE: Final = "eu-west-3"
"""The Region without a stage."""
OUTSIDER: Final = f"arn:aws:sts::{ACCOUNT}:assumed-role/data-science/notebook"
HELD_CALLER: Final = "support.desk"
HELD_BECAUSE: Final = "Dispute 2026-117, by order of the legal department"
_HELD_DAYS: Final = 2
"""The hold is of so many days, the last of the month."""


class Lost(NamedTuple):
    """The request ids of the calls whose record was lost: `accepted`, and still `open`; and of the
    one that went `elsewhere`."""

    accepted: str
    open: str
    elsewhere: str

    @property
    def records(self) -> tuple[str, str]:
        return self.accepted, self.open


class DeployedEarlier(Deployment):
    """The stage as if it had been deployed before the made-up month."""

    def created(self, stack: str) -> datetime:
        return super().created(stack) - timedelta(days=DAYS + 1)


async def demonstrate_audit(endpoint: Endpoint, out: Path, console: Console) -> None:
    """Write the report into the folder `out`. Raise DemoFailedError unless it names the lost call,
    the one in a Region without a stage and the legal hold, and nothing else."""
    stage = DeployedEarlier(endpoint.stage, endpoint.region, endpoint.aws_endpoint_url)
    await demonstrate(endpoint, console)
    console.print(f"\nA made-up month of {CALLS:,} calls goes into the embedded AWS.")
    await asyncio.to_thread(many_accounts.open_archive, stage)
    lost, held = await asyncio.to_thread(_seal_month, stage, _past_month())
    console.print(f"Its {24 * DAYS} hours are joined, sealed and signed.")
    console.print(f"{held:,} object versions of {HELD_CALLER} are under a legal hold.")
    period = _past_month()  # up to now, when the log group has the acceptance
    report = await asyncio.to_thread(
        gather, stage, period, Evidence(out / "evidence", stage.stage, stage.region)
    )
    _check(report, lost)
    written = output_folder.write(out, report)
    console.print(f"\n[bold]{report.verdict}: {report.reason}[/]")
    console.print(f"The report: {written.page.absolute()}")
    accounts = await asyncio.to_thread(many_accounts.audit_accounts, stage, period, out)
    _check_accounts(accounts, lost)
    console.print(f"\n[bold]{accounts.verdict}: {accounts.headline}[/]")
    console.print(f"Three accounts, by their archives alone: {(out / PAGE).absolute()}")


def _seal_month(stage: Deployment, period: Period) -> tuple[Lost, int]:
    """Fill the month, and seal it but for its last hour; hold a caller's records and accept a
    finding, which the last hour then names. Return the lost calls, and how many versions are
    held."""
    lost, made = fill(stage)
    last = period.until - HOUR
    previous = seal(stage, made, period.since, 24 * DAYS - 1)
    held = _hold(stage, period)
    _accept(stage, lost)
    seal(stage, made, last, 1, previous)
    return lost, held


def fill(stage: Deployment) -> tuple[Lost, Made]:
    """Write what the stage's callers would have left behind in the days until this one. Return the
    calls whose record is lost, and what was made up."""
    month = _month(stage)
    made = list(hours(month))
    first_calls = [_busiest(made, day).calls[0] for day in _LOST_ON]
    elsewhere = str(UUID(int=first_calls[0].at))
    accepted, still_open = (call.request_id for call in first_calls)
    lost = Lost(accepted, still_open, elsewhere)
    stray = first_calls[0]._replace(request_id=elsewhere, region=ELSEWHERE, answered_in=ELSEWHERE)
    bucket = Bucket(stage.client("s3"), month.bucket)
    entries: list[LogItem] = []
    records: list[LogItem] = []
    events = [_event(stray, OUTSIDER)]
    for hour in made:
        objects = _objects(hour, lost)
        for key, content in objects.items():
            bucket.put(key, content)
        entries += _entries(hour)
        records += [item for item in _records(hour, month) if item.source not in lost]
        events += [_event(call, month.identity(call)) for call in hour.calls]
    _put_all(stage, entries, records)
    return lost, Made(entries, records, events)


def _event(call: Call, principal: str) -> TrailEvent:
    """Return CloudTrail's event of a call."""
    return TrailEvent(
        request_id=call.request_id,
        at=call.at,
        operation="InvokeModelWithResponseStream" if call.stream else "InvokeModel",
        account=ACCOUNT,
        region=call.region,
        principal=principal,
        model_id=call.model_id,
        error_code="ThrottlingException" if call.throttled else "",
        answered_in=call.answered_in,
    )


def _hold(stage: Deployment, period: Period) -> int:
    """Hold the records of a caller in the month's last days; return how many versions are held."""
    bucket = stage.outputs("InvocationLogging")["EvidenceBucketName"]
    s3 = stage.client("s3")
    s3.put_object_lock_configuration(  # the stage `local` has no `object_lock`
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
    )
    scope = Scope(HELD_CALLER, period.until - timedelta(days=_HELD_DAYS), period.until)
    selection = select(s3, destinations_of(stage), bucket, scope)
    outcome = Holder(stage, lambda _: None).place(scope, selection, HELD_BECAUSE)
    if outcome.failed or not outcome.versions:
        raise DemoFailedError(f"the hold has {outcome.versions} versions, {outcome.failed} failed")
    return outcome.versions


def _busiest(made: Iterable[Hour], day: int) -> Hour:
    first = 24 * day
    return max(islice(made, first, first + 24), key=lambda hour: len(hour.calls))


def _objects(hour: Hour, lost: Lost) -> Mapping[str, bytes]:
    objects = dict(hour.objects)
    for request_id in lost.records:
        if any(call.request_id == request_id for call in hour.calls):
            objects = without(objects, request_id)
    return objects


def _put_all(stage: Deployment, entries: Iterable[LogItem], records: Iterable[LogItem]) -> None:
    logs = stage.client("logs")
    groups = {
        "invocations": stage.outputs("InvocationLogging")["LogGroupName"],
        "gateway": stage.outputs("Gateway")["FunctionLogGroupName"],
    }
    logs.create_log_stream(logGroupName=groups["gateway"], logStreamName="made-up")
    lines = ((item.at, {"message": "audit", "audit": item.content}) for item in entries)
    _put(logs, groups["gateway"], "made-up", lines)
    _put(logs, groups["invocations"], STREAM, ((item.at, item.content) for item in records))


def _month(stage: Deployment) -> Month:
    meant, destinations = stage_settings.deployed(stage), destinations_of(stage)
    first = datetime.now(UTC).date() - timedelta(days=DAYS)
    return Month(
        first=first,
        days=DAYS,
        calls=CALLS,
        region=stage.region,
        routes=meant.geographies,
        models=tuple(meant.models[-4:]),
        bucket=destinations.bucket,
        prefix=destinations.prefix,
        caller_role=stage.outputs("Gateway")["CallerRoleArn"],
    )


def _records(hour: Hour, month: Month) -> Iterator[LogItem]:
    """Yield the hour's records, each with its request id as its source."""
    for call in hour.calls:
        yield LogItem(call.request_id, call.at, json.loads(record(call, month.identity(call))))


def _entries(hour: Hour) -> Iterator[LogItem]:
    for number, (at, line) in enumerate(hour.audit_lines()):
        yield LogItem(f"{hour.at:%Y-%m-%dT%H}/{number}", at, line)


def _put(logs: Any, group: str, stream: str, events: Iterable[tuple[float, object]]) -> None:  # noqa: ANN401
    log_events = (
        {"timestamp": round(at * 1000), "message": json.dumps(content)} for at, content in events
    )
    for batch in batches(log_events):
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)


def _past_month() -> Period:
    now = datetime.now(UTC) + timedelta(seconds=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Period(midnight - timedelta(days=DAYS), midnight, timedelta(hours=1), now)


def _accept(stage: Deployment, lost: Lost) -> None:
    """Have the operator accept the first finding."""
    sealed = invoke_verification(stage, {"list_findings": DAYS})["findings"]
    (finding_id,) = (item["id"] for item in sealed if item["request_id"] == lost.accepted)
    by = stage.client("sts").get_caller_identity()["Arn"]
    invoke_verification(stage, {"accept_finding": {"id": finding_id, "reason": REASON, "by": by}})


def _check_accounts(report: AccountsReport, lost: Lost) -> None:
    verdicts = [assessment.verdict for assessment in report.assessments]
    if verdicts != ["fail", "pass", "fail"]:
        reasons = [assessment.reason for assessment in report.assessments]
        raise DemoFailedError(f"the accounts' report has the verdicts {verdicts}: {reasons}")
    accepted = [finding.request_id for finding, _ in report.assessments[0].accepted]
    if accepted != [lost.accepted]:
        raise DemoFailedError(f"the accounts' report has {accepted} as accepted")


def _check(report: Report, lost: Lost) -> None:
    joined = report.completeness.report
    findings = [(finding.kind, finding.request_id) for finding in joined.outcome.findings]
    expected = [("call_outside_stage", lost.elsewhere), ("missing_record", lost.open)]
    if sorted(findings) != expected:
        raise DemoFailedError(f"the report should name {expected}, but has {findings}")
    holds = [(hold.caller, hold.state) for hold in report.legal_holds.holds]
    if holds != [(HELD_CALLER, "held")]:
        raise DemoFailedError(f"the report should name one legal hold, but has {holds}")
    accepted = [finding.request_id for finding, _ in joined.accepted]
    are_sealed = joined.hours and joined.hours.verified + joined.hours.not_due == 24 * DAYS
    if accepted != [lost.accepted] or not are_sealed:
        raise DemoFailedError(f"the report has {accepted} as accepted, of hours {joined.hours}")
