"""Who reads a stage's records: the access logs of the log bucket."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

from stacks.components.record.record_access_log import (
    RecordAccessLog,
    deliver_access_log,
    delivery_statement,
)
from stacks.components.stack_outputs import add_outputs
from stacks.stage import Stage
from stacks.stage.logs import ACCOUNT_ID


def add_record_access_log(
    stack: cdk.Stack, stage: Stage, bucket: s3.Bucket
) -> RecordAccessLog | None:
    """Create the log of who reads records, where the stage has one."""
    if stage.logging.record_access_log is None:
        return None
    access_log = RecordAccessLog(
        stack,
        "RecordAccess",
        bucket=bucket,
        mode=stage.logging.record_access_log,
        retention_days=stage.logging.retention_days,
        retain=stage.logging.keep_logs_on_destroy,
    )
    name = access_log.bucket.bucket_name
    add_outputs(stack, {"AccessLogBucketName": (name, "Bucket of the records' access log")})
    return access_log


def add_delivery_to_existing_bucket(stack: cdk.Stack, stage: Stage, bucket: s3.Bucket) -> None:
    """Have S3 deliver the bucket's access log into a bucket that exists, where the stage names one,
    and put out what that bucket's policy needs."""
    log = stage.logging.log_bucket_access_log
    if log is None:
        return
    target = log.bucket.replace(ACCOUNT_ID, stack.account)
    deliver_access_log(bucket, target, log.prefix)
    objects = f"arn:{stack.partition}:s3:::{target}/{log.prefix}*"
    statement = stack.to_json_string(delivery_statement(bucket, objects))
    description = "JSON: for the policy of the bucket of the log bucket's access log"
    add_outputs(stack, {"AccessLogBucketStatement": (statement, description)})
