"""S3's legal hold on one version of an object."""

from typing import Final, Literal

from claude_bedrock.cli.evidence.object_versions import ObjectVersion
from claude_bedrock.cli.shared.deployment import Client
from claude_bedrock.cli.shared.errors import CliError

Status = Literal["ON", "OFF"]
ON: Final[Status] = "ON"
OFF: Final[Status] = "OFF"
NO_LOCK: Final = frozenset({"ObjectLockConfigurationNotFoundError", "InvalidRequest"})
"""AWS's codes for a bucket without Object Lock."""


class HoldError(CliError):
    """A hold cannot be placed or released; the text says why, and what to do."""


def put_hold(s3: Client, bucket: str, version: ObjectVersion, status: Status) -> None:
    """Hold or release a version. Raises botocore's errors.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html"""
    s3.put_object_legal_hold(
        Bucket=bucket,
        Key=version.key,
        VersionId=version.version,
        LegalHold={"Status": status},
        ChecksumAlgorithm="SHA256",
    )
