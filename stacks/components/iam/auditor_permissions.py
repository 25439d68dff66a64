"""Permissions of an auditor: records, evidence, logs, and how these are kept."""

from __future__ import annotations

from collections.abc import Sequence

from stacks.components.iam.permission import Permission
from stacks.components.iam.stage_names import ALARM_LOGS, AUDIT_LOGS, RECORD, StageNames
from stacks.components.iam.trail_permissions import TrailFilesLocation, trail_permissions
from stacks.components.iam.viewer_permissions import READ_LOGS

QUERY_ACTIONS = (
    *("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"),
    *("athena:StopQueryExecution", "athena:GetWorkGroup"),
    *("athena:ListNamedQueries", "athena:GetNamedQuery"),
)


RUN_ACTIONS = (
    *("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"),
    "athena:StopQueryExecution",
)
"""What a function needs that runs one query."""


def query_permissions(
    names: StageNames,
    *,
    tables: Sequence[str],
    bucket_arn: str,
    actions: Sequence[str] = QUERY_ACTIONS,
) -> list[Permission]:
    """Return what an SQL query of the records takes; Athena reads the objects with the caller's own
    permissions.

    https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html
    """
    return [
        Permission(
            "QueryRecordsInAthena",
            actions,
            [names.arn("athena", f"workgroup/{names.workgroup}")],
        ),
        Permission(
            "ReadRecordTable",
            ("glue:GetDatabase", "glue:GetTable"),
            [
                names.arn("glue", "catalog"),
                names.arn("glue", f"database/{names.database}"),
                *(names.arn("glue", f"table/{names.database}/{table}") for table in tables),
            ],
        ),
        Permission("ReadBucketLocation", ("s3:GetBucketLocation",), [bucket_arn]),
    ]


def auditor_permissions(
    names: StageNames,
    *,
    bucket_arn: str,
    key_arn: str,
    signing_key_arn: str,
    access_bucket_arn: str | None,
    has_archive: bool = False,
    trail: TrailFilesLocation | None = None,
    alarm_logs: Sequence[str] = ALARM_LOGS,
) -> list[Permission]:
    """Return what an auditor may read beside `viewer_permissions`, which also deny to invoke.
    `access_bucket_arn` is the bucket of the access log of records, `trail` where CloudTrail's files
    are, if the stage has them."""
    return [
        *(trail_permissions(trail) if trail else ()),
        *(_access_log_permissions(access_bucket_arn) if access_bucket_arn else ()),
        Permission(
            "ReadRecordsAndLogs",
            READ_LOGS,
            names.logs([RECORD, *AUDIT_LOGS, *alarm_logs]),
            reason="streams of a log group are CloudWatch's and Lambda's to name",
        ),
        *_bucket_permissions(bucket_arn, has_archive=has_archive),
        *_key_permissions(names, key_arn, signing_key_arn),
        Permission(
            "LookUpCloudTrailEvents",
            ("cloudtrail:LookupEvents",),
            ["*"],
            reason="CloudTrail's look-up knows no resources: https://docs.aws.amazon.com/"
            "service-authorization/latest/reference/list_awscloudtrail.html",
        ),
    ]


def _bucket_permissions(bucket_arn: str, *, has_archive: bool) -> list[Permission]:
    return [
        Permission(
            "ReadBucketSettings",
            (
                *("s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning"),
                *("s3:GetLifecycleConfiguration", "s3:GetEncryptionConfiguration"),
                *("s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock"),
                "s3:GetBucketObjectLockConfiguration",
                *(("s3:GetReplicationConfiguration",) if has_archive else ()),
            ),
            [bucket_arn],
        ),
        Permission(
            "ReadRecordObjects",
            ("s3:GetObject", "s3:GetObjectVersion"),
            [f"{bucket_arn}/*"],
            reason="an auditor reads every record, and the bucket holds nothing else",
        ),
    ]


def _key_permissions(names: StageNames, key_arn: str, signing_key_arn: str) -> list[Permission]:
    return [
        Permission(
            "DecryptRecords",
            ("kms:Decrypt",),
            [key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{names.stack.region}.amazonaws.com"}
            },
        ),
        Permission(
            "ReadKmsKeyState",
            ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"),
            [key_arn],
        ),
        Permission(
            "ReadPublicKeyOfEvidence",
            ("kms:GetPublicKey", "kms:DescribeKey", "kms:GetKeyPolicy"),
            [signing_key_arn],
        ),
    ]


def _access_log_permissions(bucket_arn: str) -> list[Permission]:
    return [
        Permission(
            "ReadAccessLogBucketSettings",
            (
                *("s3:ListBucket", "s3:GetBucketVersioning", "s3:GetLifecycleConfiguration"),
                "s3:GetBucketObjectLockConfiguration",
            ),
            [bucket_arn],
        ),
        Permission(
            "ReadAccessLogs",
            ("s3:GetObject",),
            [f"{bucket_arn}/*"],
            reason="an auditor reads the whole log of accesses, and the bucket holds nothing else",
        ),
    ]
