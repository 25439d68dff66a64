"""One run of `claude-bedrock verify`: what it is about, and the file that it leaves."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from cli import settings
from cli.deployment import Deployment, NoTargetError
from cli.evidence import Evidence, EvidenceError, Written
from cli.settings import Settings
from cli.target import audit_lines_of, find_requests_of, records_of
from reconciliation.assessment import Assessment, assess
from reconciliation.bounds import Bounds
from reconciliation.finding import Outcome
from reconciliation.principals import Principals
from verification import run as verification
from verification.coverage import HOUR, Coverage, Span, cover, due_span, next_hour, whole_hour
from verification.evidence import KEPT_LONGER_DAYS, EvidenceBucket
from verification.hash_log import HashLog, SealedHash
from verification.period import Period, in_words
from verification.run import RecordSource, Stage


class Report(NamedTuple):
    """What a run found, where it is kept, and what it rests on. `about` is JSON."""

    about: Mapping[str, Any]
    outcome: Outcome
    evidence: Written
    assessment: Assessment


def run(
    deployment: Deployment, asked: Period, folder: Evidence, records: RecordSource | None = None
) -> Report:
    """`records` are the stage's own, unless they are read in another way.

    Raises NoTargetError, EvidenceError and botocore's errors."""
    previous = folder.last_hash()
    by = deployment.client("sts").get_caller_identity()
    deployed = settings.deployed(deployment)
    stage = Stage(
        name=deployment.stage,
        account=by["Account"],
        region=deployment.region,
        bounds=_bounds(deployed),
        principals=_principals(deployment, deployed),
        audit_lines=partial(audit_lines_of, deployment),
        find_requests=partial(find_requests_of, deployment),
        records=records or records_of(deployment),
    )
    found = verification.run(stage, asked, by=by["Arn"])
    written = folder.write(asked.now, found.entries(), previous)
    window = in_words(asked.since, asked.until)
    return Report(found.about, found.outcome, written, assess(found.outcome, window))


def as_data(report: Report) -> dict[str, Any]:
    return {
        **report.about,
        **report.assessment._asdict(),
        **report.outcome.as_data(),
        "evidence": {"file": str(report.evidence.file), "sha256": report.evidence.sha256}
        if report.evidence.is_kept
        else None,
    }


_FIRST_FILES: Final = timedelta(hours=3)
"""The first run seals the hour before, which began before the stage was deployed."""


class ChainReport(NamedTuple):
    """What the sealed hours cover. `unasked` says why the second place could not be asked, and is
    empty where it was; `expired` are hours of the window that are older than evidence is kept."""

    coverage: Coverage
    unasked: str
    expired: int


def chain_report(
    deployment: Deployment, since: datetime | None, until: datetime, now: datetime
) -> ChainReport:
    """The chain of the stage's sealed hours: from `since` on, else all that is kept.

    Raises NoTargetError, EvidenceError where the stage seals none, and botocore's errors."""
    outputs = deployment.outputs("InvocationLogging")
    stage = settings.deployed(deployment)
    if "EvidenceBucketName" not in outputs:
        raise EvidenceError("the stage is of an older version, which seals no hours: deploy it")
    if not stage.verify_hourly:
        raise EvidenceError("the stage seals no hours: its verify_hourly is false")
    bucket = outputs["EvidenceBucketName"]
    deployed = deployment.created("InvocationLogging")
    kept_from = next_hour(now - timedelta(days=stage.retention_days + KEPT_LONGER_DAYS))
    asked = due_span(since or deployed, until, now=now, deployed=deployed)
    begin = min(max(asked.since, kept_from), asked.until)
    files_of = Span(max(whole_hour(since or deployed - _FIRST_FILES), kept_from), until)
    logged, unasked = _logged_hashes(deployment, bucket, files_of.since, now)
    coverage = cover(
        EvidenceBucket(deployment.client("s3"), bucket),
        Span(begin, asked.until),
        files_of=files_of,
        now=now,
        logged=logged,
    )
    return ChainReport(coverage, unasked, (begin - asked.since) // HOUR)


def _logged_hashes(
    deployment: Deployment, bucket: str, since: datetime, now: datetime
) -> tuple[Mapping[str, SealedHash] | None, str]:
    group = f"/claude-on-bedrock/{deployment.stage}/verification"
    try:
        log = HashLog(deployment.client("logs"), group, bucket)
        return log.sealed(since, now + timedelta(minutes=1)), ""
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        return None, f"the log group {group} cannot be read ({code})"


def _bounds(stage: Settings) -> Bounds:
    return Bounds(stage.region, stage.residency, stage.routes, stage.models)


def _principals(deployment: Deployment, stage: Settings) -> Principals:
    """Raises NoTargetError where the stage's stacks do not say which role the gateway has."""
    try:
        role = deployment.outputs("Gateway")["FunctionRoleArn"]
    except KeyError as missing:
        stack = deployment.stack("Gateway")
        raise NoTargetError(f"{stack} is of an older version: deploy it again") from missing
    return Principals(role, frozenset(stage.other_callers))
