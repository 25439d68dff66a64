"""CloudTrail as a witness of calls: a trail of management events, and its bucket."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_kms as kms
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
            bucket=self.bucket,
            encryption_key=key,
            enable_file_validation=True,
            include_global_service_events=True,
            is_multi_region_trail=True,
            management_events=cloudtrail.ReadWriteType.ALL,
        )
