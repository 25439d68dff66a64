"""The access log of records: who reads, changes or deletes objects of the log bucket."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.iam.nag_suppressions import acknowledge
from stacks.components.record.retained_bucket import retained_bucket
from stacks.components.record.trail import admit_trails, wait_for_policy

PREFIX = "access/"


class RecordAccessLog(Construct):
    """Every access to the objects of `bucket`, in another bucket with the retention of records.

    `mode` is `data_events`: CloudTrail, which names the principal and leaves nothing out; or
    `server_access_log`: S3's own lines, which cost nothing but the storage and are best effort.
    The bucket is encrypted by S3's own key, since S3 delivers its lines under no other:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.Bucket,
        mode: str,
        retention_days: int,
        retain: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = retained_bucket(self, retention_days=retention_days, retain=retain)
        acknowledge(
            self.bucket,
            {"S1": "it holds the log of accesses; a log of accesses to that would have no end"},
        )
        self.trail = self._trail(bucket) if mode == "data_events" else None
        if mode == "server_access_log":
            statement = delivery_statement(bucket, self.bucket.arn_for_objects(f"{PREFIX}*"))
            self.bucket.add_to_resource_policy(iam.PolicyStatement.from_json(statement))
            deliver_access_log(bucket, self.bucket.bucket_name, PREFIX)

    def _trail(self, bucket: s3.Bucket) -> cloudtrail.Trail:
        """Create a trail of these objects only, without management events.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
        """
        stack = cdk.Stack.of(self)
        # CloudFormation chooses the trail's name, after the bucket has its policy.
        trails = f"arn:{stack.partition}:cloudtrail:{stack.region}:{stack.account}:trail/*"
        trail = cloudtrail.Trail(
            self,
            "Trail",
            bucket=admit_trails(self.bucket, trails),
            enable_file_validation=True,
            include_global_service_events=False,
            is_multi_region_trail=False,
            management_events=cloudtrail.ReadWriteType.NONE,
        )
        wait_for_policy(trail, self.bucket)
        trail.add_s3_event_selector(
            [cloudtrail.S3EventSelector(bucket=bucket)],
            include_management_events=False,
            read_write_type=cloudtrail.ReadWriteType.ALL,
        )
        return trail


def delivery_statement(bucket: s3.Bucket, objects: str) -> dict[str, Any]:
    """Return what a bucket's policy needs, so that S3 delivers the access log of `bucket` as the
    `objects` of that ARN:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    stack = cdk.Stack.of(bucket)
    return {
        "Sid": "AllowS3AccessLogDelivery",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": objects,
        "Condition": {
            "ArnLike": {"aws:SourceArn": bucket.bucket_arn},
            "StringEquals": {"aws:SourceAccount": stack.account},
        },
    }


def deliver_access_log(bucket: s3.Bucket, destination: str, prefix: str) -> None:
    """Have S3 deliver the access log of `bucket` to the bucket named `destination`."""
    logged = bucket.node.default_child
    if not isinstance(logged, s3.CfnBucket):
        raise TypeError(logged)
    logged.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=destination, log_file_prefix=prefix
    )
