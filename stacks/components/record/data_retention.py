"""The account's data-retention mode of Bedrock: a custom resource and the function behind it."""

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

# Two minutes for IAM to propagate the function's policy, and the calls themselves.
TIMEOUT = cdk.Duration.seconds(180)
FINDINGS = {
    "IAM5[Resource::*]": "there is one data-retention mode for an account and Region, so its two "
    "actions know no resources; nor do X-Ray's two: https://docs.aws.amazon.com/"
    "service-authorization/latest/reference/list_amazonbedrock.html"
}


class DataRetentionFunction(CustomResourceFunction):
    """The function that sets the data-retention mode `mode`, and no other, in this Region."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        mode: str,
        role_name: str,
        log_settings: LogGroupSettings,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Sets the account's data-retention mode, and never a looser one",
            handler="data_retention.handler.handle",
            log_name="data-retention",
            log_settings=log_settings,
            timeout=TIMEOUT,
            sdk_services=["bedrock"],
            statements=_statements(mode, region=cdk.Stack.of(scope).region),
            role_name=role_name,
            findings=FINDINGS,
        )


class DataRetention(Construct):
    """How long Bedrock may keep what the account sends it, in this Region; `mode` is none, default
    or aws_review, and a stricter one that is there already stays.

    `mode_in_force` is the resulting mode.
    https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, function: lambda_.IFunction, mode: str
    ) -> None:
        super().__init__(scope, construct_id)
        resource = cdk.CustomResource(
            self,
            "Resource",
            resource_type="Custom::BedrockDataRetention",
            service_token=function.function_arn,
            service_timeout=service_timeout(TIMEOUT),
            properties={"Mode": mode},
        )
        self.mode_in_force = resource.get_att_string("Mode")


def _statements(mode: str, *, region: str) -> list[iam.PolicyStatement]:
    in_region = {"aws:RequestedRegion": region}
    return [
        iam.PolicyStatement(
            sid="ReadDataRetentionMode",
            actions=["bedrock:GetAccountDataRetention"],
            resources=["*"],  # see FINDINGS
            conditions={"StringEquals": in_region},
        ),
        iam.PolicyStatement(
            sid="SetDataRetentionMode",
            actions=["bedrock:PutAccountDataRetention"],
            resources=["*"],  # see FINDINGS
            conditions={"StringEquals": {**in_region, "bedrock:DataRetentionMode": mode}},
        ),
    ]
