"""The Region's model invocation logging configuration: a custom resource, the function behind it,
and that function's permissions."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.iam.permission import Permission, wildcard_findings
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.packaging.custom_resource_function import (
    CustomResourceFunction,
    service_timeout,
)

# Two minutes for IAM to propagate roles and policies, and the calls themselves.
TIMEOUT = cdk.Duration.seconds(240)
FINDINGS = {
    "IAM5[Resource::*]": "there is one logging configuration for an account and Region, so its "
    "three actions know no resources; nor do X-Ray's two: https://docs.aws.amazon.com/"
    "service-authorization/latest/reference/list_amazonbedrock.html"
}


def saved_configuration_parameter(stage_name: str) -> str:
    """Return the name of the SSM parameter that keeps a configuration which the stage has found
    and changed."""
    return f"/claude-on-bedrock/{stage_name}/saved-logging-configuration"


def configuration_properties(
    *,
    stage_name: str,
    log_group_name: str,
    delivery_role_arn: str,
    bucket_name: str,
    large_data_prefix: str,
    existing_logging: str,
    existing_role_arn: str | None,
    required_retention_days: int | None,
) -> dict[str, str]:
    """Return what the function sets, as CloudFormation and the drift detector hand it over.

    `existing_logging` is fail, adopt, extend or replace. Where the stage may live by another's
    destinations, `required_retention_days` says for how long these have to keep records.
    """
    return {
        "LogGroupName": log_group_name,
        "RoleArn": delivery_role_arn,
        "BucketName": bucket_name,
        "LargeDataPrefix": large_data_prefix,
        "ExistingLogging": existing_logging,
        "SavedIn": saved_configuration_parameter(stage_name),
        **({"ExistingRoleArn": existing_role_arn} if existing_role_arn else {}),
        **({"RetentionDays": str(required_retention_days)} if required_retention_days else {}),
    }


class LoggingConfigFunction(CustomResourceFunction):
    """The function that sets the Region's invocation logging: for CloudFormation, and again when
    the drift detector asks for it.

    `properties` are those of the custom resource. `adopts` says that another's destinations may
    hold the records; to change or put back another's configuration, it has to pass Bedrock the
    other's role, `existing_role_arn`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage_name: str,
        properties: Mapping[str, str],
        delivery_role: iam.IRole,
        existing_role_arn: str | None,
        adopts: bool,
        role_name: str,
        environment: Mapping[str, str],
        log_settings: LogGroupSettings,
    ) -> None:
        retention = _read_retention() if adopts else []
        super().__init__(
            scope,
            construct_id,
            description="Sets the Region's invocation logging, and preserves another's",
            handler="invocation_logging.handler.handle",
            shared=["metrics", "claude_bedrock.logging_config", "claude_bedrock.retention"],
            log_name="invocation-logging",
            log_settings=log_settings,
            timeout=TIMEOUT,
            environment={
                "RESTORES": cdk.Stack.of(scope).to_json_string(dict(properties)),
                **environment,
            },
            sdk_services=["bedrock", "logs", "s3", "ssm"],
            statements=[
                *_statements(
                    delivery_role,
                    existing_role_arn=existing_role_arn,
                    parameter=saved_configuration_parameter(stage_name),
                ),
                *(permission.statement() for permission in retention),
            ],
            role_name=role_name,
            findings={**FINDINGS, **wildcard_findings(scope, retention)},
            log_outlives_stack=True,
        )


class LoggingConfiguration(Construct):
    """The Region's logging configuration: both destinations, every data type.

    CloudFormation has no resource type for it (https://github.com/aws/aws-cdk/issues/31478), so a
    function of ours gets what is there first. Its `properties` say what it does where that is
    another's: fail, adopt, extend or replace.

    `log_group_name`, `bucket_name`, `bucket_arn` and `configuration` (JSON) are those in force.
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


def _statements(
    delivery_role: iam.IRole, *, existing_role_arn: str | None, parameter: str
) -> list[iam.PolicyStatement]:
    stack = cdk.Stack.of(delivery_role)
    roles = [delivery_role.role_arn, *([existing_role_arn] if existing_role_arn else [])]
    return [
        iam.PolicyStatement(
            sid="ManageInvocationLogging",
            actions=[
                "bedrock:GetModelInvocationLoggingConfiguration",
                "bedrock:PutModelInvocationLoggingConfiguration",
                "bedrock:DeleteModelInvocationLoggingConfiguration",
            ],
            resources=["*"],  # see FINDINGS
            conditions={"StringEquals": {"aws:RequestedRegion": stack.region}},
        ),
        iam.PolicyStatement(
            sid="PassDeliveryRoleToBedrock",
            actions=["iam:PassRole"],
            resources=roles,
            conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
        ),
        iam.PolicyStatement(
            sid="ManageSavedConfiguration",
            actions=["ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"],
            resources=[stack.format_arn(service="ssm", resource="parameter" + parameter)],
        ),
    ]


def _read_retention() -> list[Permission]:
    """Allow reading for how long another's destinations keep records, and nothing that is in them.
    Bedrock names these only when it is asked, so no name can stand here."""
    return [
        Permission(
            "ReadLogGroupRetention",
            ("logs:DescribeLogGroups",),
            ["*"],
            reason=FINDINGS["IAM5[Resource::*]"],
        ),
        Permission(
            "ReadBucketRetention",
            (
                *("s3:GetBucketVersioning", "s3:GetLifecycleConfiguration"),
                "s3:GetBucketObjectLockConfiguration",
            ),
            [f"arn:{cdk.Aws.PARTITION}:s3:::*"],
            reason="whose bucket it is, and what it is called, is known only once Bedrock is "
            "asked; only how it keeps objects may be read",
            conditions={"StringEquals": {"aws:ResourceAccount": cdk.Aws.ACCOUNT_ID}},
        ),
    ]


def _bucket_arn(scope: Construct, name: str) -> str:
    return f"arn:{cdk.Stack.of(scope).partition}:s3:::{name}"
