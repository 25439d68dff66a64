"""The account's CloudWatch log role of API Gateway: custom resource and function."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.packaging.custom_resource_function import (
    CustomResourceFunction,
    service_timeout,
)

# Two minutes until the function's policy has propagated, a role's first 15 seconds, two minutes for
# API Gateway to take it, and the calls themselves.
TIMEOUT = cdk.Duration.seconds(360)
_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"


class LogRoleFunction(CustomResourceFunction):
    """The function that gives API Gateway a role to log with, where the account has none: the one
    of `role_arn`, or one that it makes."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        role_arn: str | None,
        log_settings: LogGroupSettings,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Gives API Gateway a role to log as, where the account has none",
            handler="api_log_role.handler.handle",
            log_name="api-log-role",
            log_settings=log_settings,
            timeout=TIMEOUT,
            statements=_statements(cdk.Stack.of(scope), role_arn),
        )


class AccountLogRole(Construct):
    """The role by which API Gateway logs: one setting of the whole account and Region.

    CDK can set it only by overwriting the role that another team's APIs log with. So a function of
    ours reads it first: a role that is there stays; where there is none, the function sets the one
    of `role_arn`, or creates one of a fixed name, which outlives the stack, since other APIs may
    need it by then.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        role_arn: str | None,
        function: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        cdk.CustomResource(
            self,
            "Resource",
            resource_type="Custom::ApiGatewayLogRole",
            service_token=function.function_arn,
            service_timeout=service_timeout(TIMEOUT),
            properties={"RoleArn": role_arn}
            if role_arn
            else {
                "RoleName": _role_name(stack),
                "RoleArn": _role_arn(stack),
                "PolicyArn": _policy_arn(stack),
            },
        )


def _statements(stack: cdk.Stack, role_arn: str | None) -> list[iam.PolicyStatement]:
    role = role_arn or _role_arn(stack)
    return [
        iam.PolicyStatement(
            sid="ManageApiGatewayLogRole",
            actions=["apigateway:GET", "apigateway:PATCH"],
            resources=[f"arn:{stack.partition}:apigateway:{stack.region}::/account"],
        ),
        *([] if role_arn else _creation(stack, role)),
        iam.PolicyStatement(
            sid="PassLogRoleToApiGateway",
            actions=["iam:PassRole"],
            resources=[role],
            conditions={"StringEquals": {"iam:PassedToService": "apigateway.amazonaws.com"}},
        ),
    ]


def _creation(stack: cdk.Stack, role: str) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(sid="CreateLogRole", actions=["iam:CreateRole"], resources=[role]),
        iam.PolicyStatement(
            sid="AttachLogPolicy",
            actions=["iam:AttachRolePolicy"],
            resources=[role],
            conditions={"ArnEquals": {"iam:PolicyARN": _policy_arn(stack)}},
        ),
    ]


def _role_name(stack: cdk.Stack) -> str:
    return f"api-gateway-logs-{stack.region}"


def _role_arn(stack: cdk.Stack) -> str:
    return f"arn:{stack.partition}:iam::{stack.account}:role/{_role_name(stack)}"


def _policy_arn(stack: cdk.Stack) -> str:
    return f"arn:{stack.partition}:iam::aws:policy/{_POLICY}"
