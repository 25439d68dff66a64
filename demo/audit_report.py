"""The audit report, shown: of a made-up month and live calls, one of which is lost, and named."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from claude_bedrock.cli.audit import output_folder
from claude_bedrock.cli.audit.report import Report, gather
from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.record_sources import destinations_of
from claude_bedrock.cli.verify.evidence_folder import Evidence
from claude_bedrock.records.invocation_records import STREAM
from claude_bedrock.verification.period import Period
from demo.calls import Caller, DemoFailedError, demonstrate
from demo.sample_call import record
from demo.sample_month import Bucket, Hour, Month, hours
from local.run.endpoint import Endpoint

DAYS = 30
CALLS = 3000
LOST = "Is this one on record? [[fault: no_delivery]]"
_A_BATCH = 500


async def demonstrate_audit(endpoint: Endpoint, out: Path, console: Console) -> None:
    """Write the report into the folder `out`. Raise DemoFailedError unless it names the lost call
    and nothing else."""
    stage = Deployment(endpoint.stage, endpoint.region, endpoint.aws_endpoint_url)
    await demonstrate(endpoint, console)
    console.print(f"\nA made-up month of {CALLS:,} calls goes into the embedded AWS.")
    await asyncio.to_thread(fill, stage)
    lost = await asyncio.to_thread(Caller(endpoint, console).send, LOST)
    await asyncio.to_thread(_verify_by_the_clock, stage)
    report = await asyncio.to_thread(_report, stage, out)
    _check(report, lost)
    written = output_folder.write(out, report)
    console.print(f"\n[bold]{report.reason}[/]\nThe report: {written.page.absolute()}")


def fill(stage: Deployment) -> None:
    """What the stage's callers would have left behind in the days until this one."""
    month = _month(stage)
    logs, bucket = stage.client("logs"), Bucket(stage.client("s3"), month.bucket)
    groups = {
        "invocations": stage.outputs("InvocationLogging")["LogGroupName"],
        "gateway": stage.outputs("Gateway")["FunctionLogGroupName"],
    }
    streams = {"invocations": STREAM, "gateway": "made-up"}
    logs.create_log_stream(logGroupName=groups["gateway"], logStreamName=streams["gateway"])
    for hour in hours(month):
        for key, content in hour.objects.items():
            bucket.put(key, content)
        for name, events in (
            ("invocations", _records(hour, month)),
            ("gateway", _audit_lines(hour)),
        ):
            _put(logs, groups[name], streams[name], events)


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


def _records(hour: Hour, month: Month) -> Iterator[tuple[float, str]]:
    for call in hour.calls:
        yield call.at, record(call, month.identity(call))


def _audit_lines(hour: Hour) -> Iterator[tuple[float, str]]:
    for at, line in hour.audit_lines():
        yield at, json.dumps({"message": "audit", "audit": line})


def _put(logs: Any, group: str, stream: str, events: Iterable[tuple[float, str]]) -> None:  # noqa: ANN401
    waiting = iter(events)
    while batch := list(islice(waiting, _A_BATCH)):
        log_events = [{"timestamp": round(at * 1000), "message": text} for at, text in batch]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=log_events)


def _verify_by_the_clock(stage: Deployment) -> None:
    """The stage's function leaves its evidence of the hour."""
    name = stage.outputs("InvocationLogging")["VerificationFunctionName"]
    answer = stage.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    if "FunctionError" in answer:
        raise DemoFailedError("the function that verifies the record failed: see its log")


def _report(stage: Deployment, out: Path) -> Report:
    now = datetime.now(UTC) + timedelta(seconds=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    period = Period(midnight - timedelta(days=DAYS), now, timedelta(), now)
    evidence = Evidence(out / "evidence", stage.stage, stage.region)
    return gather(stage, period, evidence, joins=True)  # no hour of a made-up month is sealed


def _check(report: Report, lost: str) -> None:
    findings = [
        (finding.kind, finding.request_id)
        for finding in report.completeness.report.outcome.findings
    ]
    if findings != [("missing_record", lost)]:
        raise DemoFailedError(f"the report should name {lost} and nothing else, but has {findings}")
