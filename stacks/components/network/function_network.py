"""Functions in a VPC: where they run, and what their roles need for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct

from claude_bedrock.catalog import deny_policy
from stacks.components.iam.permission import Permission, acknowledge_wildcards
from stacks.components.packaging.python_function import PythonFunction


class VpcConnection(NamedTuple):
    """The subnets of functions, and their security group, as one stack names it."""

    subnets: Sequence[str]
    security_group: str


def functions_in(scope: IConstruct) -> Iterator[PythonFunction]:
    """Yield the functions in `scope`."""
    for construct in scope.node.find_all():
        if isinstance(construct, PythonFunction):
            yield construct


def connect(function: PythonFunction, connection: VpcConnection) -> None:
    """Run `function` in a VPC, and let its role do what Lambda needs for that."""
    resource = function.function.node.default_child
    assert isinstance(resource, lambda_.CfnFunction)  # noqa: S101 - what the construct makes
    resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
        subnet_ids=list(connection.subnets), security_group_ids=[connection.security_group]
    )
    permissions = interface_permissions(cdk.Stack.of(function), connection)
    for permission in permissions:
        function.role.add_to_policy(permission.statement())
    acknowledge_wildcards(function, permissions)


def interface_permissions(stack: cdk.Stack, connection: VpcConnection) -> list[Permission]:
    """Allow what Lambda does to connect a function, and deny the same to the function's own code.

    Lambda makes interfaces in these subnets, with this group. Which it removes is Lambda's to
    choose: where the policy names single interfaces, a function may not reach its VPC. The ARN of a
    subnet or group that another account shares has that account; ids are unique among all accounts.
    A call by a function's code has the key `lambda:SourceFunctionArn`, and one by Lambda has not:
    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """

    def arn(account: str, resource: str) -> str:
        return f"arn:{stack.partition}:ec2:{stack.region}:{account}:{resource}"

    interfaces = arn(stack.account, "network-interface/*")
    by_lambda = "EC2 chooses the ids of the interfaces that Lambda makes for the function"
    shared = "a subnet or group that another account shares has that account in its ARN"
    subnets = [arn("*", f"subnet/{subnet}") for subnet in connection.subnets]
    group = arn("*", f"security-group/{connection.security_group}")
    return [
        Permission(
            "CreateNetworkInterfaces",
            ("ec2:CreateNetworkInterface",),
            [interfaces, *subnets, group],
            f"{by_lambda}; {shared}",
        ),
        Permission(
            "ChangeNetworkInterfaces",
            (
                *("ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses"),
                "ec2:UnassignPrivateIpAddresses",
            ),
            [interfaces],
            by_lambda,
        ),
        Permission(
            "DescribeNetwork",
            ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
            ["*"],
            "EC2's lists know no resources: https://docs.aws.amazon.com/service-authorization/"
            "latest/reference/list_amazonec2.html",
        ),
        Permission(
            "DenyNetworkToOwnCode",
            deny_policy.INTERFACES,
            ["*"],
            conditions={"Null": {"lambda:SourceFunctionArn": "false"}},
            denied=True,
        ),
    ]
