"""The resource policy of an API that takes requests from some networks or VPC endpoints only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam

ANY_METHOD = "execute-api:/*"


def resource_policy(
    networks: Sequence[str], open_methods: Sequence[str], vpc_endpoints: Sequence[str] = ()
) -> iam.PolicyDocument:
    """Return the policy that denies every request from outside of `networks` (CIDR) and
    `vpc_endpoints` (ids), before an authorizer runs, and allows `open_methods`
    (`execute-api:/STAGE/GET/health`). Either may be empty: then it denies nothing by it.

    A method without authorization needs the allowance. Where callers sign, an allowance of a method
    would let each principal of the account call it, so `open_methods` are these methods alone:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    A private API knows its callers' addresses by another key:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html
    """
    address = "aws:VpcSourceIp" if vpc_endpoints else "aws:SourceIp"
    denials = (
        _deny("DenyOtherVpcEndpoints", "StringNotEquals", "aws:SourceVpce", vpc_endpoints),
        _deny("DenyOtherNetworks", "NotIpAddress", address, networks),
    )
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="AllowMethods",
                principals=[iam.AnyPrincipal()],
                actions=["execute-api:Invoke"],
                resources=list(open_methods),
            ),
            *(iam.PolicyStatement(**denial) for denial in denials if denial),
        ]
    )


def _deny(sid: str, operator: str, key: str, values: Sequence[str]) -> Mapping[str, Any]:
    """Return the statement that denies requests of which `key` is none of `values`; empty without
    values."""
    if not values:
        return {}
    return {
        "sid": sid,
        "effect": iam.Effect.DENY,
        "principals": [iam.AnyPrincipal()],
        "actions": ["execute-api:Invoke"],
        "resources": [ANY_METHOD],
        "conditions": {operator: {key: list(values)}},
    }
