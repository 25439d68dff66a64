"""Where the files of a stage's trail are, and the permissions to read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stacks.components.iam.permission import Permission


class TrailFilesLocation(NamedTuple):
    """The bucket of a trail's files, what the keys that are read begin with, and the KMS key of the
    files where it is another's than the stage's."""

    bucket_arn: str
    roots: Sequence[str]
    key_arn: str | None = None


def trail_permissions(location: TrailFilesLocation) -> list[Permission]:
    """Return what reading a trail's files takes: no more of its bucket than the accounts' own
    folders."""
    permissions = [
        Permission(
            "ListTrailFiles",
            ("s3:ListBucket",),
            [location.bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{root}*" for root in location.roots]}},
        ),
        Permission(
            "ReadTrailFiles",
            ("s3:GetObject",),
            [f"{location.bucket_arn}/{root}*" for root in location.roots],
            reason="CloudTrail names a file for the minute and a text of its own; these folders "
            "hold nothing else than the accounts' events",
        ),
    ]
    if location.key_arn:
        region = location.key_arn.split(":")[3]
        permissions.append(
            Permission(
                "DecryptTrailFiles",
                ("kms:Decrypt",),
                [location.key_arn],
                conditions={"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
            )
        )
    return permissions


def trail_root(*, prefix: str, organization: str, account: str) -> str:
    """Return what the keys of an account's files begin with.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
    """
    parts = (prefix, "AWSLogs", organization, account, "CloudTrail")
    return f"{'/'.join(part for part in parts if part)}/"
