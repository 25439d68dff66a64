"""The check of the archive: whether S3 has replicated the newest evidence into it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.shared.stage_settings import Settings
from claude_bedrock.verification.evidence_bucket import HOURLY, EvidenceBucket, before

TOPIC = Topic("archive")
PENDING_FOR: Final = timedelta(hours=1)
"""S3 replicates most objects within 15 minutes; some take a couple of hours."""
_LATEST: Final = timedelta(days=2)
_ACTIONS: Final = "s3:GetReplicationConfiguration, s3:ListBucket and s3:GetObject"
_PAGE: Final = "docs/accounts.md#replicate-into-an-archive"


def check(account: Account, settings: Settings) -> list[Check]:
    """Check the replication of the newest sealed hour."""
    archive = settings.archive
    if archive is None:
        return [TOPIC.skipped("the stage has none")]
    if not settings.is_deployed:
        return [TOPIC.skipped("nothing is deployed yet")]
    return [TOPIC.run(_ACTIONS, lambda: _check(account, archive))]


def _check(account: Account, archive: str) -> Check:
    try:
        bucket = account.deployment.outputs("InvocationLogging")["EvidenceBucketName"]
    except NoTargetError:
        return TOPIC.skipped("nothing is deployed yet")
    s3, now = account.client("s3"), datetime.now(UTC)
    try:
        s3.get_bucket_replication(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ReplicationConfigurationNotFoundError":
            raise
        return TOPIC.failed(
            "the bucket has no replication rule",
            f"set it as the template has it: {_PAGE}; CloudTrail's DeleteBucketReplication names "
            "who removed it",
        )
    keys = list(EvidenceBucket(s3, bucket).listed(HOURLY, before(now - _LATEST)))
    if not keys:
        return TOPIC.skipped("cannot tell yet: no hour of the last two days is sealed")
    head = s3.head_object(Bucket=bucket, Key=keys[-1])
    age = now - head["LastModified"]
    return judge(head.get("ReplicationStatus", ""), keys[-1], age, archive)


def judge(status: str, key: str, age: timedelta, archive: str) -> Check:
    """Judge S3's status of the object `key`, which was written `age` ago; empty where no rule was
    for it."""
    if status in {"COMPLETED", "COMPLETE"}:
        return TOPIC.ok(f"{key} is in {archive}")
    if status == "PENDING":
        if age <= PENDING_FOR:
            return TOPIC.skipped(f"cannot tell yet: S3 has yet to replicate {key}")
        return TOPIC.warning(
            f"S3 has not replicated {key} in {age // timedelta(minutes=1)} minutes",
            f"check that {archive} exists and has versioning on, then run doctor again",
        )
    if status == "FAILED":
        return TOPIC.failed(
            f"S3 could not replicate {key} into {archive}",
            "have the archive's account allow the role, in the policies of its bucket and key: "
            f"{_PAGE}; then replicate what failed with S3 Batch Replication",
        )
    return TOPIC.failed(
        f"{key} was written without replication",
        f"replicate what is there with S3 Batch Replication: {_PAGE}",
    )
