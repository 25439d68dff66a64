"""Alone knows how the account's data-retention mode is set, for which no type exists."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.packaging.custom_resource_function import service_timeout

# Two minutes for IAM to propagate the function's policy, and the calls themselves.
TIMEOUT = cdk.Duration.seconds(180)

FINDINGS = {
    "IAM5[Resource::*]": "there is one data-retention mode for an account and Region, so its two "
    "actions know no resources; nor do X-Ray's two: https://docs.aws.amazon.com/"
    "service-authorization/latest/reference/list_amazonbedrock.html"
}


def retention_statements(mode: str, *, region: str) -> list[iam.PolicyStatement]:
    """What the custom resource's function calls, beside writing its own log: it may set this mode
    and no other, in this Region."""
    here = {"aws:RequestedRegion": region}
    return [
        iam.PolicyStatement(
            sid="WhatTheModeIs",
            actions=["bedrock:GetAccountDataRetention"],
            resources=["*"],  # see FINDINGS
            conditions={"StringEquals": here},
        ),
        iam.PolicyStatement(
            sid="SetsTheStagesMode",
            actions=["bedrock:PutAccountDataRetention"],
            resources=["*"],  # see FINDINGS
            conditions={"StringEquals": {**here, "bedrock:DataRetentionMode": mode}},
        ),
    ]


class DataRetention(Construct):
    """How long Bedrock may keep what the account sends it, in this Region; `mode` is none, default
    or aws_review, and a stricter one that is there already stays.

    `mode_in_force` is what came of it.
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
