"""CloudTrail as a witness of calls: a trail of management events, and its bucket."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.iam.nag_suppressions import acknowledge
from stacks.components.record.key_policy import trail_statements
from stacks.components.record.log_key import add_statements
from stacks.components.record.retained_bucket import retained_bucket


class CallTrail(Construct):
    """A trail of the management events of all Regions, InvokeModel and Converse among them, in a
    bucket of its own.

    The events are read-only ones: both kinds are logged. Files are encrypted with `key`, whose
    policy needs `key_statements`.
    The bucket has no S3 Bucket Key, with which CloudTrail would have to decrypt.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        key: kms.IKey,
        retention_days: int,
        retain: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        trail = f"arn:{stack.partition}:cloudtrail:{stack.region}:{stack.account}:trail/{name}"
        self.key_statements = trail_statements(trail)
        add_statements(key, self.key_statements)
        self.bucket = retained_bucket(self, retention_days=retention_days, retain=retain, key=key)
        acknowledge(
            self.bucket,
            {"S1": "it holds the log of calls of AWS; CloudTrail signs what it delivers"},
        )
        self.trail = cloudtrail.Trail(
            self,
            "Trail",
            trail_name=name,
            bucket=admit_trails(self.bucket, trail),
            encryption_key=key,
            enable_file_validation=True,
            include_global_service_events=True,
            is_multi_region_trail=True,
            management_events=cloudtrail.ReadWriteType.ALL,
        )
        wait_for_policy(self.trail, self.bucket)


def admit_trails(bucket: s3.Bucket, trails: str) -> s3.IBucket:
    """Let CloudTrail deliver into `bucket` for `trails`, an ARN or a pattern of this account's, and
    return the bucket as a trail takes it: the CDK's trail lets CloudTrail write whoever's trail it
    is for, so that another account's, with this account's folder as its prefix, could add files.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    account = cdk.Stack.of(bucket).account
    owned = {"s3:x-amz-acl": "bucket-owner-full-control"}
    for action, resource, equal in (
        ("s3:GetBucketAcl", bucket.bucket_arn, {}),
        ("s3:PutObject", bucket.arn_for_objects(f"AWSLogs/{account}/*"), {"StringEquals": owned}),
    ):
        statement = iam.PolicyStatement(
            actions=[action],
            resources=[resource],
            principals=[iam.ServicePrincipal("cloudtrail.amazonaws.com")],
            conditions={"ArnLike": {"aws:SourceArn": trails}, **equal},
        )
        bucket.add_to_resource_policy(statement)
    return s3.Bucket.from_bucket_name(bucket, "OfTrail", bucket.bucket_name)


def wait_for_policy(trail: cloudtrail.Trail, bucket: s3.Bucket) -> None:
    """Create `trail` after the policy of `bucket`, which CloudTrail tries when a trail is made."""
    if bucket.policy is None:
        raise TypeError(bucket)
    trail.node.add_dependency(bucket.policy)
