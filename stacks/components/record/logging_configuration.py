"""Alone knows how the Region's invocation logging is switched on, for which no type exists."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.iam.permission import Permission
from stacks.components.packaging.custom_resource_function import service_timeout

# Two minutes for IAM to propagate roles and policies, and the calls themselves.
TIMEOUT = cdk.Duration.seconds(240)


def saved_in(stage: str) -> str:
    """The parameter in which the configuration is kept that a stage has found and changed."""
    return f"/claude-on-bedrock/{stage}/saved-logging-configuration"


def logging_statements(
    delivery_role: iam.IRole, *, existing_role_arn: str | None, saved: str
) -> list[iam.PolicyStatement]:
    """What the custom resource's function calls, beside writing its own log. To change or put back
    another's configuration it has to hand Bedrock the other's role, which is `existing_role_arn`;
    `saved` is the parameter that keeps it."""
    stack = cdk.Stack.of(delivery_role)
    roles = [delivery_role.role_arn, *([existing_role_arn] if existing_role_arn else [])]
    return [
        iam.PolicyStatement(
            sid="TheRegionsLoggingConfiguration",
            actions=[
                "bedrock:GetModelInvocationLoggingConfiguration",
                "bedrock:PutModelInvocationLoggingConfiguration",
                "bedrock:DeleteModelInvocationLoggingConfiguration",
            ],
            resources=["*"],  # see FINDINGS
            conditions={"StringEquals": {"aws:RequestedRegion": stack.region}},
        ),
        iam.PolicyStatement(
            sid="HandsBedrockTheDeliveryRole",
            actions=["iam:PassRole"],
            resources=roles,
            conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
        ),
        iam.PolicyStatement(
            sid="KeepsWhatItFound",
            actions=["ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"],
            resources=[stack.format_arn(service="ssm", resource="parameter" + saved)],
        ),
    ]


def judging() -> list[Permission]:
    """How long another's destinations keep what they are given. Bedrock tells which these are only
    once it is asked, so no name can stand here; what is in them stays closed."""
    return [
        Permission(
            "HowLongLogGroupsKeep",
            ("logs:DescribeLogGroups",),
            ["*"],
            because=FINDINGS["IAM5[Resource::*]"],
        ),
        Permission(
            "HowLongBucketsKeep",
            (
                *("s3:GetBucketVersioning", "s3:GetLifecycleConfiguration"),
                "s3:GetBucketObjectLockConfiguration",
            ),
            [f"arn:{cdk.Aws.PARTITION}:s3:::*"],
            because="whose bucket it is, and what it is called, is known only once Bedrock is "
            "asked; only how it keeps objects may be read",
            conditions={"StringEquals": {"aws:ResourceAccount": cdk.Aws.ACCOUNT_ID}},
        ),
    ]


FINDINGS = {
    "IAM5[Resource::*]": "there is one logging configuration for an account and Region, so its "
    "three actions know no resources; nor do X-Ray's two: https://docs.aws.amazon.com/"
    "service-authorization/latest/reference/list_amazonbedrock.html"
}


def properties(
    *,
    log_group_name: str,
    delivery_role_arn: str,
    bucket_name: str,
    large_data_prefix: str,
    existing: str,
    existing_role_arn: str | None,
    saved: str,
    judged_by_days: int | None,
) -> dict[str, str]:
    """What the function is told to set, by CloudFormation and for the sentinel alike. Where the
    stage may live by another's destinations, they are judged by a number of days."""
    return {
        "LogGroupName": log_group_name,
        "RoleArn": delivery_role_arn,
        "BucketName": bucket_name,
        "LargeDataPrefix": large_data_prefix,
        "ExistingLogging": existing,
        "SavedIn": saved,
        **({"ExistingRoleArn": existing_role_arn} if existing_role_arn else {}),
        **({"RetentionDays": str(judged_by_days)} if judged_by_days else {}),
    }


class LoggingConfiguration(Construct):
    """The Region's logging configuration: both destinations, every data type.

    CloudFormation has no resource type for it (https://github.com/aws/aws-cdk/issues/31478), so a
    function of ours gets what is there first. Its `properties` say what it does where that is
    another's: fail, adopt, extend or replace.

    `log_group_name`, `bucket_name`, `bucket_arn` and `configuration` (JSON) are what came of it.
    `bucket_names` and `bucket_arns` are of the records, and of the large bodies that the log group
    is too small for; they may be one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        properties: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        resource = cdk.CustomResource(
            self,
            "Resource",
            resource_type="Custom::BedrockInvocationLogging",
            service_token=function.function_arn,
            service_timeout=service_timeout(TIMEOUT),
            properties=dict(properties),
        )
        self.log_group_name = resource.get_att_string("LogGroupName")
        self.bucket_name = resource.get_att_string("BucketName")
        self.bucket_arn = _bucket_arn(self, self.bucket_name)
        self.bucket_names = [self.bucket_name, resource.get_att_string("LargeDataBucketName")]
        self.bucket_arns = [_bucket_arn(self, name) for name in self.bucket_names]
        self.configuration = resource.get_att_string("Configuration")


def _bucket_arn(scope: Construct, name: str) -> str:
    return f"arn:{cdk.Stack.of(scope).partition}:s3:::{name}"
