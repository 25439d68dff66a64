"""The archive of a stage: the bucket of another account that the log bucket is replicated into."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from stacks.components.iam.stage_names import StageNames
from stacks.components.record.archive_replication import ROLE as REPLICATION_ROLE
from stacks.components.record.archive_replication import ArchiveLocation, ArchiveReplication
from stacks.components.stack_outputs import add_outputs
from stacks.stage import Stage
from stacks.stage.logs import ACCOUNT_ID


def archive_location(stack: cdk.Stack, stage: Stage) -> ArchiveLocation | None:
    """Return where the log bucket of the stage in `stack` is replicated, if it is."""
    archive = stage.logging.archive
    if archive is None:
        return None
    bucket = archive.bucket.replace(ACCOUNT_ID, stack.account)
    return ArchiveLocation(bucket, archive.account, archive.key)


def add_archive_replication(
    stack: cdk.Stack, stage: Stage, *, bucket: s3.Bucket, key: kms.IKey
) -> None:
    """Replicate the bucket into the stage's archive, where there is one, and put out what the
    archive's account has to allow."""
    archive = archive_location(stack, stage)
    if archive is None:
        return
    replication = ArchiveReplication(
        stack,
        "Archive",
        bucket=bucket,
        key=key,
        archive=archive,
        role_name=stage.role_names.name(REPLICATION_ROLE),
        role_arn=StageNames(stage.name, stack).iam(stage.role_names.resource(REPLICATION_ROLE)),
        object_lock=stage.logging.object_lock is not None,
    )
    outputs = {
        "ArchiveBucketStatement": (
            replication.bucket_statement(),
            "JSON: statement for the policy of the archive's bucket",
        ),
        "ArchiveKeyStatement": (
            replication.key_statement(),
            "JSON: statement for the policy of the archive's key",
        ),
    }
    add_outputs(stack, outputs)
