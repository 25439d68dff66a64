"""Legal holds on replicas in the archive, the bucket of another account into which S3 replicates
the stage's. A replica has its object's version id:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError, ProfileNotFound

from claude_bedrock.cli.evidence.object_versions import ObjectVersion
from claude_bedrock.cli.evidence.version_hold import NO_LOCK, OFF, HoldError, Status, put_hold
from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.records.fetch import AT_ONCE, each_in_order

_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_WITHOUT_REPLICA: Final = {
    "PENDING": "S3 has not replicated it yet",
    "FAILED": "S3 could not replicate it",
    "COMPLETED": "the replica is gone",
    "": "S3 does not replicate it: it is older than the rule, or matches none",
}
"""By the object's own status:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html"""
_PAGE: Final = "docs/compliance.md#holds-in-an-archive"


class ArchiveOutcome(NamedTuple):
    """Of a hold in the archive `bucket`: how many versions are as they were to be, and which are
    not, each with the reason. `by` is the ARN that asked S3."""

    bucket: str
    by: str
    versions: int
    failed: tuple[tuple[ObjectVersion, str], ...]

    def as_data(self) -> dict[str, Any]:
        failed = [{**version._asdict(), "because": because} for version, because in self.failed]
        return {**self._asdict(), "failed": failed}

    def as_entry(self) -> dict[str, Any]:
        """Return what is sealed of it."""
        return {**self._asdict(), "failed": len(self.failed)}


class Archive:
    """The archive `bucket` by the client of the archive's account, in the name of `by` (an ARN);
    `source` is the stage's bucket, by the client of its own account."""

    def __init__(self, s3: Client, bucket: str, by: str, source: tuple[Client, str]) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._by = by
        self._source = source

    def set_all(self, status: Status, versions: Sequence[ObjectVersion]) -> ArchiveOutcome:
        """Hold or release the replicas. One that is not there has nothing to release. Raises
        botocore's errors."""
        failed = tuple(self._failed(status, versions))
        return ArchiveOutcome(self._bucket, self._by, len(versions) - len(failed), failed)

    def _failed(
        self, status: Status, versions: Sequence[ObjectVersion]
    ) -> Iterator[tuple[ObjectVersion, str]]:
        for version, because in each_in_order(partial(self._try, status), versions):
            if because:
                yield version, because

    def _try(self, status: Status, version: ObjectVersion) -> str:
        """Return why S3 did not do it; empty where it did."""
        try:
            put_hold(self._s3, self._bucket, version, status)
        except ClientError as error:
            code = str(error.response["Error"].get("Code", "unknown"))
            if code not in _ABSENT:
                return code
            return "" if status == OFF else self._why_absent(version)
        return ""

    def _why_absent(self, version: ObjectVersion) -> str:
        s3, bucket = self._source
        try:
            answer = s3.head_object(Bucket=bucket, Key=version.key, VersionId=version.version)
        except ClientError:
            return "there is no replica, and its object cannot be asked"
        return _WITHOUT_REPLICA.get(answer.get("ReplicationStatus", ""), "there is no replica")


def open_archive(deployment: Deployment, source_bucket: str, profile: str) -> Archive:
    """Return the stage's archive, by the credentials of an AWS profile. Raises HoldError where it
    has none or holds cannot be placed in it, and botocore's errors."""
    import boto3  # noqa: PLC0415 - a third of a second, which a command's help need not take
    from botocore.config import Config  # noqa: PLC0415 - as above

    statement = deployment.outputs("InvocationLogging").get("ArchiveBucketStatement")
    if statement is None:
        raise HoldError("The stage has no archive: docs/accounts.md#replicate-into-an-archive.")
    bucket = json.loads(statement)["Resource"].removeprefix("arn:aws:s3:::").removesuffix("/*")
    try:
        session = boto3.Session(profile_name=profile, region_name=deployment.region)
    except ProfileNotFound as error:
        raise HoldError(
            f"No AWS profile has the name {profile}. `aws configure list-profiles` lists them."
        ) from error
    make: Any = partial(session.client, endpoint_url=deployment.endpoint_url)
    s3 = make("s3", config=Config(max_pool_connections=AT_ONCE))
    _check_lock(s3, bucket, profile)
    by = make("sts").get_caller_identity()["Arn"]
    return Archive(s3, bucket, by, (deployment.client("s3"), source_bucket))


def _check_lock(s3: Client, bucket: str, profile: str) -> None:
    try:
        s3.get_object_lock_configuration(Bucket=bucket)
    except ClientError as error:
        code = error.response["Error"].get("Code", "unknown")
        if code in NO_LOCK:
            raise HoldError(
                f"The archive {bucket} has no Object Lock, which S3's legal holds need. Its "
                f"account can turn it on: {_PAGE}."
            ) from error
        raise HoldError(
            f"AWS refuses the profile {profile} GetObjectLockConfiguration of the archive {bucket} "
            f"({code}). Use a profile of the archive's account with the policy of {_PAGE}."
        ) from error
