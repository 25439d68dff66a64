"""The audit report, shown: of live calls and a made-up month, sealed hour by hour, in which two
records were lost, one of them for a reason that an operator accepts."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console

from claude_bedrock.cli.audit import output_folder
from claude_bedrock.cli.audit.accounts.accounts_report import PAGE, AccountsReport
from claude_bedrock.cli.audit.report import Report, gather
from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.record_sources import destinations_of
from claude_bedrock.cli.verify.evidence_folder import Evidence
from claude_bedrock.cli.verify.verification_function import invoke_verification
from claude_bedrock.records.invocation_records import STREAM
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.verification.period import Period
from demo import many_accounts
from demo.calls import DemoFailedError, demonstrate
from demo.sample_call import record
from demo.sample_evidence import Made, seal, without
from demo.sample_month import Bucket, Hour, Month, hours
from local.run.endpoint import Endpoint

DAYS: Final = 30
CALLS: Final = 3000
REASON: Final = "Bedrock's delivery failed for two minutes; AWS support case 1234567890"
_LOST_ON: Final = (9, 22)
"""The days of the month, from 0, whose busiest hour loses the record of its first call; the
operator accepts the first."""
_BATCH: Final = 500


class Lost(NamedTuple):
    """The request ids of the calls whose record was lost: `accepted`, and still `open`."""

    accepted: str
    open: str


class DeployedEarlier(Deployment):
    """The stage as if it had been deployed before the made-up month."""

    def created(self, stack: str) -> datetime:
        return super().created(stack) - timedelta(days=DAYS + 1)


async def demonstrate_audit(endpoint: Endpoint, out: Path, console: Console) -> None:
    """Write the report into the folder `out`. Raise DemoFailedError unless it names the lost call
    and nothing else."""
    stage = DeployedEarlier(endpoint.stage, endpoint.region, endpoint.aws_endpoint_url)
    await demonstrate(endpoint, console)
    console.print(f"\nA made-up month of {CALLS:,} calls goes into the embedded AWS.")
    await asyncio.to_thread(many_accounts.open_archive, stage)
    lost = await asyncio.to_thread(fill, stage)
    console.print(f"Its {24 * DAYS} hours are joined, sealed and signed.")
    period = _past_month()
    report = await asyncio.to_thread(_report, stage, period, out, lost)
    _check(report, lost)
    written = output_folder.write(out, report)
    console.print(f"\n[bold]{report.verdict}: {report.reason}[/]")
    console.print(f"The report: {written.page.absolute()}")
    accounts = await asyncio.to_thread(many_accounts.audit_accounts, stage, period, out)
    _check_accounts(accounts)
    console.print(f"\n[bold]{accounts.verdict}: {accounts.headline}[/]")
    console.print(f"Three accounts, by their archives alone: {(out / PAGE).absolute()}")


def fill(stage: Deployment) -> Lost:
    """Write what the stage's callers would have left behind in the days until this one, and the
    evidence of it. Return the calls whose record is lost."""
    month = _month(stage)
    made = list(hours(month))
    lost = Lost(*(_busiest(made, day).calls[0].request_id for day in _LOST_ON))
    bucket = Bucket(stage.client("s3"), month.bucket)
    entries: list[LogItem] = []
    records: list[LogItem] = []
    for hour in made:
        objects = _objects(hour, lost)
        for key, content in objects.items():
            bucket.put(key, content)
        entries += _entries(hour)
        records += [item for item in _records(hour, month) if item.source not in lost]
    _put_all(stage, entries, records)
    first = datetime(*month.first.timetuple()[:3], tzinfo=UTC)
    seal(stage, Made(entries, records), first, 24 * DAYS)
    return lost


def _busiest(made: Iterable[Hour], day: int) -> Hour:
    first = 24 * day
    return max(islice(made, first, first + 24), key=lambda hour: len(hour.calls))


def _objects(hour: Hour, lost: Lost) -> Mapping[str, bytes]:
    objects = dict(hour.objects)
    for request_id in lost:
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
    waiting = iter(events)
    while batch := list(islice(waiting, _BATCH)):
        log_events = [
            {"timestamp": round(at * 1000), "message": json.dumps(content)} for at, content in batch
        ]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=log_events)


def _past_month() -> Period:
    now = datetime.now(UTC) + timedelta(seconds=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Period(midnight - timedelta(days=DAYS), midnight, timedelta(hours=1), now)


def _report(stage: Deployment, period: Period, out: Path, lost: Lost) -> Report:
    """Have the operator accept the first finding, and return the report of the month."""
    sealed = invoke_verification(stage, {"list_findings": DAYS})["findings"]
    (finding_id,) = (item["id"] for item in sealed if item["request_id"] == lost.accepted)
    by = stage.client("sts").get_caller_identity()["Arn"]
    invoke_verification(stage, {"accept_finding": {"id": finding_id, "reason": REASON, "by": by}})
    return gather(stage, period, Evidence(out / "evidence", stage.stage, stage.region))


def _check_accounts(report: AccountsReport) -> None:
    verdicts = [assessment.verdict for assessment in report.assessments]
    if verdicts != ["fail", "pass", "fail"]:
        reasons = [assessment.reason for assessment in report.assessments]
        raise DemoFailedError(f"the accounts' report has the verdicts {verdicts}: {reasons}")


def _check(report: Report, lost: Lost) -> None:
    joined = report.completeness.report
    findings = [(finding.kind, finding.request_id) for finding in joined.outcome.findings]
    if findings != [("missing_record", lost.open)]:
        raise DemoFailedError(
            f"the report should name {lost.open} and nothing else, but has {findings}"
        )
    accepted = [finding.request_id for finding, _ in joined.accepted]
    are_sealed = joined.hours and joined.hours.verified + joined.hours.not_due == 24 * DAYS
    if accepted != [lost.accepted] or not are_sealed:
        raise DemoFailedError(f"the report has {accepted} as accepted, of hours {joined.hours}")
