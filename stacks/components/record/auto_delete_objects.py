"""Alone knows how a bucket is emptied before its stack deletes it."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.iam.nag_suppressions import logical_id
from stacks.components.packaging.custom_resource_function import service_timeout

# Millions of objects take a function's longest run; then it says so, and the next run goes on.
TIMEOUT = cdk.Duration.minutes(15)


class EmptiedBucket(Construct):
    """Empties `bucket` when its stack is deleted, for stages that keep no logs.

    CDK's own way brings a Node function with AWS's SDK; ours is in the folder of the function that
    sets invocation logging. It looks at the stack's state first: an update never empties.
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


def emptying_statements(buckets: Sequence[s3.IBucket]) -> list[iam.PolicyStatement]:
    """What the custom resource's function calls, beside writing its own log."""
    return [
        iam.PolicyStatement(
            sid="ListsVersions",
            actions=["s3:ListBucketVersions"],
            resources=[bucket.bucket_arn for bucket in buckets],
        ),
        iam.PolicyStatement(
            sid="DeletesVersions",
            actions=["s3:DeleteObject", "s3:DeleteObjectVersion"],
            resources=[bucket.arn_for_objects("*") for bucket in buckets],
        ),
        iam.PolicyStatement(
            sid="AsksWhetherTheStackIsGoing",
            actions=["cloudformation:DescribeStacks"],
            resources=[cdk.Stack.of(buckets[0]).stack_id],
        ),
    ]


def findings(buckets: Sequence[s3.IBucket]) -> dict[str, str]:
    """The answer to what a checker finds in those statements."""
    reason = "a bucket is emptied of all objects"
    return {f"IAM5[Resource::<{logical_id(bucket)}.Arn>/*]": reason for bucket in buckets}
