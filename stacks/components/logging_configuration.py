"""Alone knows how the Region's invocation logging is switched on, for which no type exists."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

TIMEOUT = cdk.Duration.seconds(60)


def logging_statements(delivery_role: iam.IRole) -> list[iam.PolicyStatement]:
    """What the custom resource's function calls, beside writing its own log."""
    return [
        iam.PolicyStatement(
            sid="TheRegionsLoggingConfiguration",
            actions=[
                "bedrock:GetModelInvocationLoggingConfiguration",
                "bedrock:PutModelInvocationLoggingConfiguration",
                "bedrock:DeleteModelInvocationLoggingConfiguration",
            ],
            resources=["*"],  # see FINDINGS
            conditions={
                "StringEquals": {"aws:RequestedRegion": cdk.Stack.of(delivery_role).region}
            },
        ),
        iam.PolicyStatement(
            sid="HandsBedrockTheDeliveryRole",
            actions=["iam:PassRole"],
            resources=[delivery_role.role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
        ),
    ]


FINDINGS = {
    "IAM5[Resource::*]": "there is one logging configuration for an account and Region, so its "
    "three actions know no resources; nor do X-Ray's two: https://docs.aws.amazon.com/"
    "service-authorization/latest/reference/list_amazonbedrock.html"
}


class LoggingConfiguration(Construct):
    """The Region's logging configuration: both destinations, every data type.

    CloudFormation has no resource type for it (https://github.com/aws/aws-cdk/issues/31478), so a
    function of ours gets what is there first, and sets it only where it is absent or ours.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        log_group_name: str,
        delivery_role_arn: str,
        bucket_name: str,
        large_data_prefix: str,
    ) -> None:
        super().__init__(scope, construct_id)
        cdk.CustomResource(
            self,
            "Resource",
            resource_type="Custom::BedrockInvocationLogging",
            service_token=function.function_arn,
            # Without it a function that cannot answer holds a deployment for an hour.
            service_timeout=TIMEOUT,
            properties={
                "LogGroupName": log_group_name,
                "RoleArn": delivery_role_arn,
                "BucketName": bucket_name,
                "LargeDataPrefix": large_data_prefix,
            },
        )
