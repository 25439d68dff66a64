"""Where the files of a stage's trail are, and the permissions to read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from stacks.components.iam.permission import Permission

# CDK moves whole statements where a role's policies grow too long: one may not be a policy's size.
_ROOTS_OF_A_STATEMENT: Final = 8


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
        permission
        for start in range(0, len(location.roots), _ROOTS_OF_A_STATEMENT)
        for permission in _root_permissions(
            location.bucket_arn,
            location.roots[start : start + _ROOTS_OF_A_STATEMENT],
            str(start // _ROOTS_OF_A_STATEMENT + 1) if start else "",
        )
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


def _root_permissions(bucket_arn: str, roots: Sequence[str], number: str) -> list[Permission]:
    return [
        Permission(
            f"ListTrailFiles{number}",
            ("s3:ListBucket",),
            [bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{root}*" for root in roots]}},
        ),
        Permission(
            f"ReadTrailFiles{number}",
            ("s3:GetObject",),
            [f"{bucket_arn}/{root}*" for root in roots],
            reason="CloudTrail names a file for the minute and a text of its own; these folders "
            "hold nothing else than the accounts' events",
        ),
    ]


def trail_root(*, prefix: str, organization: str, account: str) -> str:
    """Return what the keys of an account's files begin with.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
    """
    parts = (prefix, "AWSLogs", organization, account, "CloudTrail")
    return f"{'/'.join(part for part in parts if part)}/"
