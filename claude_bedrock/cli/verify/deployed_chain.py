"""The chain of sealed hours of a deployed stage: read, and compared with what it rests on."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.record_sources import records_of
from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from claude_bedrock.verification.accepted_findings import Disposition, read_dispositions
from claude_bedrock.verification.coverage import Coverage, cover, due_span, sealed_files
from claude_bedrock.verification.digest_list import SealedList
from claude_bedrock.verification.evidence_bucket import (
    DISPOSITIONS,
    EVIDENCE_RETENTION_EXTRA_DAYS,
    EvidenceBucket,
    SealedFile,
)
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.hash_log import HashLog, SealedHash
from claude_bedrock.verification.hours import HOUR, Span, next_hour, start_of_hour
from claude_bedrock.verification.object_check import ObjectCheck, check_objects
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.recheck import AFTER, late_hours, sealed_changes
from claude_bedrock.verification.record_check import LineOfRecord, RecordCheck, check_records
from claude_bedrock.verification.record_digests import record_line

_FIRST_FILES: Final = timedelta(hours=3)
"""The first run seals the hour before, which began before the stage was deployed."""


class ChainReport(NamedTuple):
    """What the sealed hours cover. `unasked` says why the second place could not be asked, and is
    empty where it was; `expired` are hours of the window that are older than evidence is kept.
    `objects` and `records` are what the objects of the hours, and their records in CloudWatch Logs,
    came to, where that was asked."""

    coverage: Coverage
    unasked: str
    expired: int
    objects: ObjectCheck | None = None
    records: RecordCheck | None = None


def chain_report(
    deployment: Deployment, since: datetime | None, until: datetime, now: datetime
) -> ChainReport:
    """Return the chain of the stage's sealed hours: from `since` on, else all that is kept.

    Raises NoTargetError, EvidenceError where the stage seals none, and botocore's errors."""
    outputs = deployment.outputs("InvocationLogging")
    stage = stage_settings.deployed(deployment)
    if "EvidenceBucketName" not in outputs:
        raise EvidenceError(
            "The stage was deployed by an older version, which seals no evidence. Deploy it again."
        )
    if not stage.verify_hourly:
        raise EvidenceError("The stage seals no evidence: its verify_hourly is false.")
    bucket = outputs["EvidenceBucketName"]
    deployed = deployment.created("InvocationLogging")
    oldest_hour = next_hour(
        now - timedelta(days=stage.retention_days + EVIDENCE_RETENTION_EXTRA_DAYS)
    )
    requested = due_span(since or deployed, until, now=now, deployed=deployed)
    begin = min(max(requested.since, oldest_hour), requested.until)
    files_of = Span(max(start_of_hour(since or deployed - _FIRST_FILES), oldest_hour), until)
    logged, unasked = _logged_hashes(deployment, bucket, files_of.since, now)
    coverage = cover(
        EvidenceBucket(deployment.client("s3"), bucket),
        Span(begin, requested.until),
        files_of=files_of,
        now=now,
        logged=logged,
    )
    return ChainReport(coverage, unasked, (begin - requested.since) // HOUR)


def with_objects(deployment: Deployment, report: ChainReport, now: datetime) -> ChainReport:
    """Return the same, and whether the objects that its verified hours rest on are what was read:
    of hours whose records are surely kept. Raises NoTargetError and botocore's errors."""
    files = _files_with_records(deployment, report, now)
    checked = check_objects(_evidence_of(deployment), files, records_of(deployment))
    return report._replace(objects=checked)


def with_records(deployment: Deployment, report: ChainReport, now: datetime) -> ChainReport:
    """Return the same, and whether the records in CloudWatch Logs of its verified hours are what
    was read: all of them are read. Raises NoTargetError and botocore's errors."""
    records = records_of(deployment)

    def read(file: SealedFile, _: SealedList) -> Iterator[LineOfRecord]:
        for event, request_id in records.log_events(file.since, file.until):
            yield record_line(event, request_id)

    files = _files_with_records(deployment, report, now)
    return report._replace(records=check_records(_evidence_of(deployment), files, read))


def _files_with_records(
    deployment: Deployment, report: ChainReport, now: datetime
) -> list[SealedFile]:
    """Return the files of verified hours whose records are surely kept."""
    oldest = now - timedelta(days=stage_settings.deployed(deployment).retention_days)
    return [file for file in report.coverage.files if file.since >= oldest and not file.because]


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


class Unconfirmed(NamedTuple):
    """The ids of findings that files accept or settle which were not compared with the function's
    log, and why that was not read. Empty where it was."""

    ids: frozenset[str] = frozenset()
    because: str = ""


def later_files(deployment: Deployment, period: Period) -> tuple[SealedFile, ...]:
    """Return those whose second looks are at the last hours of the window, as far as the function's
    log has their hashes: a file that someone made anew settles nothing."""
    bucket = _evidence_of(deployment)
    logged, _ = _logged_hashes(deployment, bucket.name, period.until, period.now)
    hashes = {key: entry.sha256 for key, entry in (logged or {}).items()}
    later = _later(bucket, period)
    return tuple(file for file in later if hashes.get(file.key) == file.sha256)


def _later(bucket: EvidenceBucket, period: Period) -> tuple[SealedFile, ...]:
    return sealed_files(bucket, Span(period.until, min(period.until + 2 * AFTER, period.now)))


def logged_files(
    deployment: Deployment, bucket: str, now: datetime
) -> Mapping[str, SealedHash] | None:
    """Return what the function has logged of files of evidence, for as long as the bucket keeps
    them; None where its log cannot be read. Raises NoTargetError and botocore's errors."""
    days = stage_settings.deployed(deployment).retention_days + EVIDENCE_RETENTION_EXTRA_DAYS
    logged, _ = _logged_hashes(deployment, bucket, now - timedelta(days=days), now)
    return logged


def dispositions_of(deployment: Deployment, now: datetime) -> Mapping[str, Disposition]:
    """Return those of the stage; none of an older version, which seals no hours, nor where the
    function's log cannot be read, without which anyone who writes into the bucket could accept."""
    outputs = deployment.outputs("InvocationLogging")
    if "EvidenceBucketName" not in outputs:
        return {}
    bucket = _evidence_of(deployment)
    if next(bucket.listed(DISPOSITIONS), None) is None:
        return {}
    logged = logged_files(deployment, bucket.name, now)
    return {} if logged is None else read_dispositions(bucket, logged)


def unconfirmed(deployment: Deployment, period: Period) -> Unconfirmed:
    """Return which findings may be settled or accepted, where the function's log cannot be read:
    who writes into the bucket could have made those files. Raises NoTargetError and botocore's
    errors."""
    if "EvidenceBucketName" not in deployment.outputs("InvocationLogging"):
        return Unconfirmed()
    bucket = _evidence_of(deployment)
    logged, because = _logged_hashes(deployment, bucket.name, period.until, period.now)
    if logged is not None:
        return Unconfirmed()
    settled = {
        str(entry["id"])
        for file in _later(bucket, period)
        for entry in file.entries
        if entry.get("kind") == "settled"
    }
    return Unconfirmed(frozenset({*settled, *read_dispositions(bucket, None)}), because)


def changes_of(deployment: Deployment, period: Period) -> list[Finding]:
    """Return what second checks have sealed as gone or changed; nothing of an older version, which
    seals no hours. Raises NoTargetError and botocore's errors."""
    if "EvidenceBucketName" not in deployment.outputs("InvocationLogging"):
        return []
    return sealed_changes(_evidence_of(deployment), period)


def late_hours_of(deployment: Deployment, period: Period) -> list[datetime]:
    """Return the hours behind a window in which something of it came late; none of an older
    version, which seals no hours. Raises NoTargetError and botocore's errors."""
    if "EvidenceBucketName" not in deployment.outputs("InvocationLogging"):
        return []
    return late_hours(_evidence_of(deployment), period)


def _evidence_of(deployment: Deployment) -> EvidenceBucket:
    bucket = deployment.outputs("InvocationLogging")["EvidenceBucketName"]
    return EvidenceBucket(deployment.client("s3"), bucket)
