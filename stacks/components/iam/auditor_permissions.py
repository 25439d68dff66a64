"""Alone knows what an auditor reads: the record of every call, and what it is kept by."""

from __future__ import annotations

from stacks.components.iam.permission import Permission
from stacks.components.iam.stage_names import ALARM_LOGS, AUDIT_LOGS, RECORD, StageNames
from stacks.components.iam.viewer_permissions import READS_LOGS

READS_QUERIES = (
    *("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"),
    *("athena:StopQueryExecution", "athena:GetWorkGroup"),
    *("athena:ListNamedQueries", "athena:GetNamedQuery"),
)


def querying(names: StageNames, *, table: str, bucket_arn: str) -> list[Permission]:
    """Asking the records in SQL; their objects are read with the asker's own permissions.

    https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html
    """
    return [
        Permission(
            "AsksTheRecords", READS_QUERIES, [names.arn("athena", f"workgroup/{names.workgroup}")]
        ),
        Permission(
            "HowTheRecordsAreRead",
            ("glue:GetDatabase", "glue:GetTable"),
            [
                names.arn("glue", "catalog"),
                names.arn("glue", f"database/{names.database}"),
                names.arn("glue", f"table/{names.database}/{table}"),
            ],
        ),
        Permission("WhereTheBucketIs", ("s3:GetBucketLocation",), [bucket_arn]),
    ]


def auditing(
    names: StageNames, *, bucket_arn: str, key_arn: str, access_bucket_arn: str | None
) -> list[Permission]:
    """Reading only; beside `looking`, which also denies to invoke. `access_bucket_arn` is where
    accesses to the bucket are logged, if they are."""
    return [
        *(_accesses(access_bucket_arn) if access_bucket_arn else ()),
        Permission(
            "RecordsAndAuditLines",
            READS_LOGS,
            names.logs([RECORD, *AUDIT_LOGS, *ALARM_LOGS]),
            because="streams of a log group are CloudWatch's and Lambda's to name",
        ),
        Permission(
            "HowTheBucketKeepsRecords",
            (
                *("s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning"),
                *("s3:GetLifecycleConfiguration", "s3:GetEncryptionConfiguration"),
                *("s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock"),
                "s3:GetBucketObjectLockConfiguration",
            ),
            [bucket_arn],
        ),
        Permission(
            "RecordsInTheBucket",
            ("s3:GetObject", "s3:GetObjectVersion"),
            [f"{bucket_arn}/*"],
            because="an auditor reads every record, and the bucket holds nothing else",
        ),
        Permission(
            "DecryptsRecords",
            ("kms:Decrypt",),
            [key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{names.stack.region}.amazonaws.com"}
            },
        ),
        Permission(
            "HowTheKeyIsKept",
            ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"),
            [key_arn],
        ),
        Permission(
            "WhoChangedWhat",
            ("cloudtrail:LookupEvents",),
            ["*"],
            because="CloudTrail's look-up knows no resources: https://docs.aws.amazon.com/"
            "service-authorization/latest/reference/list_awscloudtrail.html",
        ),
    ]


def _accesses(bucket_arn: str) -> list[Permission]:
    return [
        Permission(
            "HowAccessesAreKept",
            (
                *("s3:ListBucket", "s3:GetBucketVersioning", "s3:GetLifecycleConfiguration"),
                "s3:GetBucketObjectLockConfiguration",
            ),
            [bucket_arn],
        ),
        Permission(
            "WhoReadRecords",
            ("s3:GetObject",),
            [f"{bucket_arn}/*"],
            because="an auditor reads the whole log of accesses, and the bucket holds nothing else",
        ),
    ]
