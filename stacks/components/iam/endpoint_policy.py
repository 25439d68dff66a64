"""The managed policy of callers that sign their requests to the endpoint."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.iam.nag_suppressions import acknowledge, logical_id

METHODS = ("GET", "POST")


class EndpointPolicy(Construct):
    """A managed policy that allows to invoke that stage of `api`, attached to `roles`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api: apigateway.RestApi,
        stage_name: str,
        roles: Sequence[iam.IRole],
    ) -> None:
        super().__init__(scope, construct_id)
        arns = [api.arn_for_execute_api(method, "/*", stage_name) for method in METHODS]
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            description="Calls the endpoint for Claude",
            roles=list(roles),
            statements=[
                iam.PolicyStatement(
                    sid="InvokeEndpoint", actions=["execute-api:Invoke"], resources=arns
                )
            ],
        )
        acknowledge(self, _findings(api, stage_name))


def _findings(api: apigateway.RestApi, stage_name: str) -> dict[str, str]:
    stack = cdk.Stack.of(api)
    account = "<AWS::AccountId>" if cdk.Token.is_unresolved(stack.account) else stack.account
    where = f"arn:aws:execute-api:{stack.region}:{account}:<{logical_id(api)}>/{stage_name}"
    reason = "the API takes any path: model ids are in it, and the function knows the routes"
    return {f"IAM5[Resource::{where}/{method}/*]": reason for method in METHODS}
