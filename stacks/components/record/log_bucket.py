"""The S3 bucket of records, large bodies and evidence: retention and Object Lock."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.iam.nag_suppressions import acknowledge
from stacks.components.record.bedrock_service import from_this_account
from stacks.components.record.retained_bucket import retained_bucket


class LogBucket(Construct):
    """The bucket that Bedrock writes records and large bodies to.

    A record lives `retention_days` plus five days, S3 rounds that up to the next midnight UTC
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html), and what
    was deleted or overwritten stays as long again: deleting a record does not shorten its life.
    `object_lock` (governance or compliance) keeps every version for `retention_days`, from all
    principals or from all that may not bypass it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    The rules name no prefix: they cover records, large bodies and Bedrock's permission checks.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        retention_days: int,
        retain: bool,
        object_lock: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = retained_bucket(
            self,
            retention_days=retention_days,
            retain=retain,
            key=key,
            bucket_key=True,
            object_lock=_lock(object_lock, retention_days),
        )
        self.bucket.add_to_resource_policy(self._deliveries())
        acknowledge(
            self.bucket,
            {
                "S1": "the stage's record_access_log says how accesses are logged: by S3's lines, "
                "which are best effort, or by CloudTrail's data events, which name the principal"
            },
        )

    def _deliveries(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            sid="AllowBedrockDelivery",
            principals=[iam.ServicePrincipal("bedrock.amazonaws.com")],
            actions=["s3:PutObject"],
            # AWS documents the keys of records, but neither those of large bodies nor that of the
            # object by which it checks the permission: this bucket holds nothing else.
            resources=[self.bucket.arn_for_objects("*")],
            conditions=from_this_account(cdk.Stack.of(self)),
        )


def _lock(mode: str | None, days: int) -> s3.ObjectLockRetention | None:
    if mode is None:
        return None
    duration = cdk.Duration.days(days)
    if mode == "compliance":
        return s3.ObjectLockRetention.compliance(duration)
    return s3.ObjectLockRetention.governance(duration)
