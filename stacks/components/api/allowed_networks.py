"""The resource policy of an API that takes requests from some networks only."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam

ANY_METHOD = "execute-api:/*"


def resource_policy(networks: Sequence[str], open_methods: Sequence[str]) -> iam.PolicyDocument:
    """Return the policy that denies every request from outside of `networks` (CIDR), before an
    authorizer runs, and allows `open_methods` (`execute-api:/STAGE/GET/health`).

    A method without authorization needs the allowance. Where callers sign, an allowance of a method
    would let each principal of the account call it, so `open_methods` are these methods alone:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    """
    anyone = iam.AnyPrincipal()
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="AllowMethods",
                principals=[anyone],
                actions=["execute-api:Invoke"],
                resources=list(open_methods),
            ),
            iam.PolicyStatement(
                sid="DenyOtherNetworks",
                effect=iam.Effect.DENY,
                principals=[anyone],
                actions=["execute-api:Invoke"],
                resources=[ANY_METHOD],
                conditions={"NotIpAddress": {"aws:SourceIp": list(networks)}},
            ),
        ]
    )
