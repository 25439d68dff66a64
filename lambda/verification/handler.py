"""The function that EventBridge runs by the clock, and an operator when something is asked.

By the clock it works off the hours whose records have settled. With `list_findings` (a number of
days) it answers which findings are sealed, with `accept_finding` (`id`, `reason`, `by`) it seals
that one is accepted, with `record_hold` an entry of a legal hold; what it refuses, it answers as
`error`. With an event of `since` or `hours`,
`until` and `delay_minutes`, as `claude-bedrock verify` takes them, it runs over that window; what
comes of it is the answer, and evidence beside the chain.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Protocol

import boto3
from botocore.config import Config

from claude_bedrock.queries import audit_entries
from claude_bedrock.records import access_log, audit_lines
from claude_bedrock.records.destinations import Destinations, prefix_in
from claude_bedrock.records.entry_files import EntryFiles
from claude_bedrock.records.fetch import AT_ONCE
from claude_bedrock.records.invocation_records import Records
from claude_bedrock.records.trail_files import TrailFiles
from claude_bedrock.records.trail_source import from_json
from claude_bedrock.verification import evidence_bucket, run
from claude_bedrock.verification.accepted_findings import BadDispositionError
from claude_bedrock.verification.allowed_regions import AllowedRegions
from claude_bedrock.verification.evidence_bucket import EvidenceBucket
from claude_bedrock.verification.hash_log import HashLog
from claude_bedrock.verification.legal_holds import BadHoldError
from claude_bedrock.verification.period import Period, period
from claude_bedrock.verification.principals import Principals
from claude_bedrock.verification.recheck import late_hours, sealed_changes
from claude_bedrock.verification.run import Run, Stage
from claude_bedrock.verification.signatures import KmsSigner
from verification.athena_comparison import AthenaComparison
from verification.budgets_of_day import read_items
from verification.chain_position import position
from verification.finding_requests import accept_finding, list_findings
from verification.hold_requests import record_hold
from verification.scheduled_run import DELAY, Clock, Work, verify_due_hours
from verification.sealing import Seal

ATTEMPTS: Final = 10
"""CloudWatch Logs throttles a whole account: a run waits for its turn."""
BUDGETS_TABLE: Final = "BUDGETS_TABLE"
"""The variable that a stage with budgets has."""
ENTRY_TABLE: Final = "AUDIT_ENTRY_TABLE"
"""The variable that a stage with a table of audit log entries has."""
WORKGROUP: Final = "ATHENA_WORKGROUP"
"""The variable that such a stage has, too."""
_WINDOW: Final = ("since", "hours", "until", "delay_minutes")


class Context(Protocol):
    """What this needs of Lambda's context."""

    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int: ...


def handle(event: Mapping[str, Any], context: Context) -> list[Mapping[str, Any]]:
    """Return the counts of each run. Raises BadWindowError, TooLargeError, UnreadableError,
    BrokenEvidenceError and botocore's errors, so that the function's failures are counted."""
    work, now = _work(os.environ, context.invoked_function_arn), datetime.now(UTC)
    try:
        if "list_findings" in event:
            return [list_findings(work, event["list_findings"], now)]
        if "accept_finding" in event:
            return [accept_finding(work, event["accept_finding"], now)]
        if "record_hold" in event:
            return [record_hold(work, event["record_hold"], now)]
    except (BadDispositionError, BadHoldError) as error:
        return [{"error": str(error)}]
    if any(name in event for name in _WINDOW):
        window = {name: event.get(name) for name in _WINDOW[:3]}
        minutes = event.get("delay_minutes", DELAY.total_seconds() // 60)
        return [on_demand(work, period(**window, delay_minutes=minutes, now=now))]
    return list(verify_due_hours(work, Clock(now, context.get_remaining_time_in_millis)))


def on_demand(work: Work, requested: Period) -> dict[str, Any]:
    """Return one window, whose evidence follows the chain and is no part of it."""
    at = position(work.evidence, work.hashes, requested.now, work.retention_days)
    hours = late_hours(work.evidence, requested)
    joined = run.run(work.stage, requested, by=work.by, hours=hours)
    outcome = joined.outcome.with_findings(sealed_changes(work.evidence, requested))
    result = joined._replace(outcome=outcome)
    key = evidence_bucket.key_on_demand(requested.now)
    window = {"since": requested.since, "until": requested.until}
    sha256 = work.seal.write(key, result.entries(), at.sha256, **window)
    findings = [finding.as_data() for finding in result.outcome.findings]
    return {**_summary(result), "findings": findings, "evidence": {"key": key, "sha256": sha256}}


def _summary(result: Run) -> dict[str, Any]:
    window = {name: result.about[name] for name in ("since", "until")}
    return {**window, "counts": result.outcome.counts._asdict()}


def _work(environment: Mapping[str, str], by: str) -> Work:
    account, region = by.split(":")[4], environment["AWS_REGION"]
    config = Config(
        max_pool_connections=AT_ONCE,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    make: Any = partial(boto3.client, config=config)
    logs, s3 = make("logs"), make("s3")
    destinations = Destinations(
        account,
        region,
        environment["LOG_GROUP"],
        environment["LOG_BUCKET"],
        prefix_in(environment["LOGGING_CONFIGURATION"]),
    )
    trail = from_json(environment.get("CLOUDTRAIL", ""))
    stage = Stage(
        name=environment["STAGE"],
        account=account,
        region=region,
        bounds=bounds(json.loads(environment["BOUNDS"])),
        principals=Principals(
            environment["GATEWAY_ROLE"],
            frozenset(filter(None, environment["ALLOWED_DIRECT_CALLERS"].split(","))),
            environment["CALLER_ROLE"],
        ),
        audit_lines=partial(audit_lines.written, logs, environment["AUDIT_LOG_GROUP"])
        if environment["AUDIT_LOG_GROUP"]
        else run.no_audit_entries,
        find_requests=partial(access_log.find_requests, logs, environment["ACCESS_LOG_GROUP"]),
        records=Records(destinations, logs=logs, s3=s3),
        has_budgets=BUDGETS_TABLE in environment,
        trail=TrailFiles(trail, s3) if trail else None,
        entry_files=EntryFiles(s3, environment["EVIDENCE_BUCKET"], audit_entries.PREFIX)
        if ENTRY_TABLE in environment
        else None,
    )
    evidence = EvidenceBucket(s3, environment["EVIDENCE_BUCKET"])
    return Work(
        stage=stage,
        evidence=evidence,
        seal=Seal(evidence, KmsSigner(make("kms"), environment["SIGNING_KEY"])),
        hashes=HashLog(logs, environment["HASH_LOG_GROUP"], evidence.name),
        by=by,
        retention_days=int(environment["RETENTION_DAYS"]),
        publish=partial(_publish, make("sns"), environment["ALARM_TOPIC"]),
        budgets=partial(read_items, make("dynamodb"), environment[BUDGETS_TABLE])
        if stage.has_budgets
        else None,
        compare=AthenaComparison(
            make("athena"), environment[WORKGROUP], environment["ATHENA_DATABASE"]
        ).entry
        if WORKGROUP in environment
        else None,
    )


def _publish(sns: Any, topic: str, subject: str, text: str) -> None:  # noqa: ANN401
    """Publish the report as plain text. Raises botocore's errors."""
    sns.publish(TopicArn=topic, Subject=subject, Message=text)


def bounds(settings: Mapping[str, Any]) -> AllowedRegions:
    """Return the allowed Regions from JSON, in which tuples are lists."""
    residency = settings["residency"]
    return AllowedRegions(
        region=settings["region"],
        residency=None if residency is None else tuple(residency),
        geographies=tuple(settings["geographies"]),
        models=tuple(settings["models"]),
    )
