"""Records: where they are, who encrypts them, and how long nobody may delete them."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.stage.block import Stage
from stacks.stage.combinations.evidence import may_have_canary
from stacks.stage.logs import Archive, LogBucketAccessLog


def logging_mistakes(stage: Stage) -> Iterator[str]:
    logging = stage.logging
    if logging.object_lock and not logging.keep_logs_on_destroy:
        yield (
            f"logging.object_lock: {logging.object_lock} given with keep_logs_on_destroy false; "
            "allowed: keep_logs_on_destroy true, since nobody can empty a bucket whose objects are "
            "locked"
        )
    if logging.object_lock and not may_have_canary(stage) and not stage.evidence.verify_hourly:
        yield (
            f"logging.object_lock: {logging.object_lock} given without a canary and without "
            "evidence.verify_hourly; allowed: verify_hourly true, since AWS does not say that "
            "Bedrock can write to a locked bucket, and verification finds within two hours that "
            "the bucket lacks records that the log group has"
        )
    if logging.object_lock and may_have_canary(stage) and stage.evidence.canary is None:
        yield (
            f"logging.object_lock: {logging.object_lock} given without a canary; allowed: an "
            "evidence.canary with it, since AWS does not say that Bedrock can write to a locked "
            "bucket, and a canary finds within the hour that records are missing"
        )
    if logging.log_bucket_access_log:
        yield from _access_log_mistakes(stage, logging.log_bucket_access_log)
    if logging.kms_key:
        yield from _kms_key_mistakes(stage, logging.kms_key)
    if logging.archive:
        yield from _archive_mistakes(stage, logging.archive)
    if logging.auto_restore_logging and not logging.has_own_destinations:
        yield (
            "logging.auto_restore_logging: true given with existing_logging "
            f"{logging.existing_logging}, where it has no effect; allowed: existing_logging fail "
            "or replace, or no auto_restore_logging, since the configuration is its owner's to set"
        )


def _access_log_mistakes(stage: Stage, log: LogBucketAccessLog) -> Iterator[str]:
    """Yield a second access log of the bucket, and one that would be delivered into a bucket of the
    stage: CloudFormation names these by their stack."""
    if stage.logging.record_access_log == "server_access_log":
        yield (
            "logging.log_bucket_access_log: given with record_access_log server_access_log, and a "
            "bucket has one such log; allowed: either of the two, or data_events with it"
        )
    if log.bucket.startswith(f"claude-on-bedrock-{stage.name}-"):
        yield (
            f"logging.log_bucket_access_log.bucket: {log.bucket!r} given, a name of the stage's "
            "own buckets; allowed: another bucket, since a log of accesses to itself has no end"
        )


def _kms_key_mistakes(stage: Stage, key: str) -> Iterator[str]:
    """Yield a key that S3 and CloudWatch Logs would refuse, and one of which the drift detector
    could not read the policy."""
    _, _, _, region, account, _ = key.split(":")
    if region != stage.region:
        yield (
            f"logging.kms_key: a key of {region} given; allowed: one of {stage.region}, the "
            "stage's Region"
        )
    if stage.account.id not in (None, account):
        yield (
            f"logging.kms_key: a key of the account {account} given; allowed: one of the stage's "
            "own account, where the drift detector can read the key's policy"
        )


def _archive_mistakes(stage: Stage, archive: Archive) -> Iterator[str]:
    if archive.account == stage.account.id:
        yield (
            f"logging.archive.account: {archive.account} given, which is the stage's own; "
            "allowed: another account, since an archive is for what this one can lose"
        )
    if archive.key.split(":")[4] != archive.account:
        yield (
            f"logging.archive.key: a key of {archive.key.split(':')[4]} given; allowed: a key of "
            f"the archive's account {archive.account}"
        )
    if not stage.logging.has_own_destinations:
        yield (
            f"logging.archive: given with existing_logging {stage.logging.existing_logging}, where "
            "records lie in another owner's bucket; allowed: existing_logging fail or replace, or "
            "no archive"
        )
