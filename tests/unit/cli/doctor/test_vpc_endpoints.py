"""The VPC of a stage's functions is judged by its DNS and by which endpoints it has."""

from ipaddress import IPv4Network
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from claude_bedrock.cli.doctor.check import Outcome
from claude_bedrock.cli.doctor.checks import vpc_endpoints
from claude_bedrock.cli.doctor.checks.vpc_endpoints import Vpc
from claude_bedrock.cli.doctor.context import Account, Clients
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.vpc_endpoints import needed_services

NAMES = [f"com.amazonaws.us-east-1.{service}" for service in ("kms", "s3")]
ALL = frozenset(NAMES)
NONE: frozenset[str] = frozenset()
DEPLOYMENT = Deployment("dev", "us-east-1", None)
BLOCK = {
    "callers": {"caller_sessions": False, "auth": "iam"},
    "endpoint": {"network": {"functions": {"vpc": "vpc-1", "endpoints": "create"}}},
}


@pytest.mark.parametrize(
    ("vpc", "creates", "outcome", "words"),
    [
        (Vpc(ALL, NONE, NONE, []), True, "ok", "2 services have endpoints"),
        (Vpc(ALL, ALL, NONE, []), True, "ok", "2 services have endpoints"),
        (Vpc(ALL, NONE, NONE, ["enableDnsSupport"]), True, "failed", "enableDnsSupport off"),
        (Vpc(frozenset(NAMES[:1]), NONE, NONE, []), True, "failed", "no endpoint of com.amazonaws"),
        (Vpc(ALL, NONE, frozenset(NAMES[:1]), []), True, "failed", "us-east-1.kms"),
        (Vpc(ALL, NONE, ALL, []), False, "ok", "the VPC has the 2 endpoints"),
        (Vpc(ALL, NONE, frozenset(NAMES[:1]), []), False, "warning", "us-east-1.s3"),
        (Vpc(ALL, NONE, ALL, [], frozenset(NAMES[:1])), False, "failed", "us-east-1.kms"),
    ],
)
def test_each_vpc_has_its_outcome(vpc: Vpc, creates: bool, outcome: Outcome, words: str) -> None:
    check = vpc_endpoints.judge(vpc, NAMES, creates=creates)
    assert (check.outcome, words in check.found) == (outcome, True)
    assert bool(check.fix) is (outcome != "ok")


@pytest.fixture
def ec2() -> Any:  # noqa: ANN401 - boto3's
    return boto3.client("ec2", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")


@pytest.fixture
def account(ec2: Any) -> Account:  # noqa: ANN401
    clients = cast("Clients", {"ec2": ec2}.__getitem__)
    return Account(DEPLOYMENT, clients, "123456789012", "arn:…", "2026-11-25")


def test_an_endpoint_of_another_is_told_from_the_stages(
    account: Account,
    ec2: Any,  # noqa: ANN401
) -> None:
    names = [f"com.amazonaws.us-east-1.{name}" for name in needed_services(BLOCK)]
    own = [{"Key": "claude-on-bedrock", "Value": "dev"}]
    with Stubber(ec2) as answers:
        answers.add_response("describe_vpc_endpoint_services", {"ServiceNames": names})
        endpoints = [
            {"ServiceName": names[0], "PrivateDnsEnabled": True, "Tags": own},
            {"ServiceName": names[1], "PrivateDnsEnabled": False},
            {"ServiceName": "com.amazonaws.us-east-1.s3"},
        ]
        answers.add_response("describe_vpc_endpoints", {"VpcEndpoints": endpoints})
        answers.add_response("describe_vpc_attribute", {"EnableDnsSupport": {"Value": True}})
        answers.add_response("describe_vpc_attribute", {"EnableDnsHostnames": {"Value": True}})
        (check,) = vpc_endpoints.check(account, BLOCK)
    assert check.outcome == "failed"
    assert check.found == (
        "the VPC has an endpoint that is not the stage's: com.amazonaws.us-east-1.s3"
    )


def test_an_existing_endpoint_without_private_dns_is_told_from_none(
    account: Account,
    ec2: Any,  # noqa: ANN401
) -> None:
    network = {"vpc": "vpc-1", "endpoints": "existing"}
    block = {**BLOCK, "endpoint": {"network": {"functions": network}}}
    names = [f"com.amazonaws.us-east-1.{name}" for name in needed_services(block)]
    endpoints = [
        {"ServiceName": name, "PrivateDnsEnabled": not name.endswith(".kms")} for name in names
    ]
    with Stubber(ec2) as answers:
        answers.add_response("describe_vpc_endpoint_services", {"ServiceNames": names})
        answers.add_response("describe_vpc_endpoints", {"VpcEndpoints": endpoints})
        answers.add_response("describe_vpc_attribute", {"EnableDnsSupport": {"Value": True}})
        answers.add_response("describe_vpc_attribute", {"EnableDnsHostnames": {"Value": True}})
        (check,) = vpc_endpoints.check(account, block)
    found = "the VPC has no endpoint with private DNS of com.amazonaws.us-east-1.kms"
    assert (check.outcome, check.found) == ("warning", found)


def test_an_existing_endpoint_that_refuses_the_functions_is_named(
    account: Account,
    ec2: Any,  # noqa: ANN401
) -> None:
    network = {
        "vpc": "vpc-1",
        "endpoints": "existing",
        "subnets": ["subnet-1"],
        "security_group": "sg-functions",
    }
    block = {**BLOCK, "endpoint": {"network": {"functions": network}}}
    names = [f"com.amazonaws.us-east-1.{name}" for name in needed_services(block)]
    closed = "com.amazonaws.us-east-1.kms"
    endpoints = [
        {
            "ServiceName": name,
            "PrivateDnsEnabled": True,
            "Groups": [{"GroupId": "sg-closed" if name == closed else "sg-open"}],
        }
        for name in names
    ]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    open_rule = {**rule, "UserIdGroupPairs": [{"GroupId": "sg-functions"}]}
    closed_rule = {**rule, "UserIdGroupPairs": [{"GroupId": "sg-others"}]}
    groups = [
        {"GroupId": "sg-closed", "IpPermissions": [closed_rule]},
        {"GroupId": "sg-open", "IpPermissions": [open_rule]},
    ]
    subnets = [{"SubnetId": "subnet-1", "CidrBlock": "10.0.1.0/24"}]
    with Stubber(ec2) as answers:
        answers.add_response("describe_vpc_endpoint_services", {"ServiceNames": names})
        answers.add_response("describe_vpc_endpoints", {"VpcEndpoints": endpoints})
        answers.add_response("describe_vpc_attribute", {"EnableDnsSupport": {"Value": True}})
        answers.add_response("describe_vpc_attribute", {"EnableDnsHostnames": {"Value": True}})
        answers.add_response("describe_security_groups", {"SecurityGroups": groups})
        answers.add_response("describe_subnets", {"Subnets": subnets})
        (check,) = vpc_endpoints.check(account, block)
    found = f"the functions' security group may not connect to {closed}"
    assert (check.outcome, check.found) == ("failed", found)


ALL_TRAFFIC = {"IpProtocol": "-1"}
TCP_443 = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


@pytest.mark.parametrize(
    ("rules", "admitted"),
    [
        ([], False),
        ([{**ALL_TRAFFIC, "UserIdGroupPairs": [{"GroupId": "sg-1"}]}], True),
        ([{**TCP_443, "UserIdGroupPairs": [{"GroupId": "sg-2"}]}], False),
        (
            [{**TCP_443, "FromPort": 444, "ToPort": 500, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            False,
        ),
        (
            [{**TCP_443, "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}],
            True,
        ),
        ([{**TCP_443, "IpProtocol": "udp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}], False),
        ([{**TCP_443, "IpRanges": [{"CidrIp": "10.0.1.0/24"}]}], False),  # one of two subnets
        (
            [
                {**TCP_443, "IpRanges": [{"CidrIp": "10.0.1.0/24"}]},
                {**ALL_TRAFFIC, "IpRanges": [{"CidrIp": "10.0.2.0/24"}]},
            ],
            True,
        ),
        ([{**TCP_443, "PrefixListIds": [{"PrefixListId": "pl-1"}]}], True),
    ],
)
def test_rules_admit_a_group_or_all_its_subnets(rules: list[Any], admitted: bool) -> None:
    subnets = [IPv4Network("10.0.1.0/24"), IPv4Network("10.0.2.0/24")]
    assert vpc_endpoints.admits(rules, "sg-1", subnets) is admitted


def test_functions_in_lambdas_network_need_none(account: Account) -> None:
    (check,) = vpc_endpoints.check(account, {})
    assert check.outcome == "skipped"
    assert check.found == "by cdk.json the functions run in Lambda's own network"
