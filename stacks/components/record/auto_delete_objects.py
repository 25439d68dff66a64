"""Buckets that are emptied before their stack deletes them: custom resource and function."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.iam.nag_suppressions import logical_id
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.packaging.custom_resource_function import (
    CustomResourceFunction,
    service_timeout,
)

# Millions of objects take a function's longest run; then it reports so, and the next run goes on.
TIMEOUT = cdk.Duration.minutes(15)


class BucketEmptierFunction(CustomResourceFunction):
    """The function that deletes all objects of `buckets` when the stack is deleted."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        buckets: Sequence[s3.IBucket],
        log_settings: LogGroupSettings,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Empties the stage's buckets when the stack is deleted",
            handler="bucket_emptier.handler.handle",
            log_name="bucket-emptier",
            log_settings=log_settings,
            timeout=TIMEOUT,
            sdk_services=["cloudformation", "s3"],
            statements=_statements(buckets),
            findings={
                f"IAM5[Resource::<{logical_id(bucket)}.Arn>/*]": "a bucket is emptied of all "
                "objects"
                for bucket in buckets
            },
        )


class AutoDeleteObjects(Construct):
    """Empties `bucket` when its stack is deleted, for stages that keep no logs.

    CDK's own way brings a Node function with AWS's SDK. The function reads the stack's state
    first: an update never empties.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.IBucket,
        function: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        cdk.CustomResource(
            self,
            "Resource",
            resource_type="Custom::EmptiedBucket",
            service_token=function.function_arn,
            service_timeout=service_timeout(TIMEOUT),
            properties={"BucketName": bucket.bucket_name},
        )


def _statements(buckets: Sequence[s3.IBucket]) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            sid="ListObjectVersions",
            actions=["s3:ListBucketVersions"],
            resources=[bucket.bucket_arn for bucket in buckets],
        ),
        iam.PolicyStatement(
            sid="DeleteObjectVersions",
            actions=["s3:DeleteObject", "s3:DeleteObjectVersion"],
            resources=[bucket.arn_for_objects("*") for bucket in buckets],
        ),
        iam.PolicyStatement(
            sid="ReadStackStatus",
            actions=["cloudformation:DescribeStacks"],
            resources=[cdk.Stack.of(buckets[0]).stack_id],
        ),
    ]
