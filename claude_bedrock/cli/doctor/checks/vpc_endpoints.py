"""The check of the VPC that the stage's functions run in: its DNS, and its endpoints.

https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from claude_bedrock.catalog.endpoint_services import GATEWAYS, service_name
from claude_bedrock.cli.doctor.check import Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.cdk_json import value_at
from claude_bedrock.cli.shared.vpc_endpoints import NETWORK, needed_services

TOPIC = Topic("VPC endpoints")
_ACTIONS: Final = (
    "ec2:DescribeVpcEndpointServices, ec2:DescribeVpcEndpoints and ec2:DescribeVpcAttribute"
)
_DNS: Final = ("enableDnsSupport", "enableDnsHostnames")
_TAG: Final = "claude-on-bedrock"


class Vpc(NamedTuple):
    """The services that AWS offers endpoints of in the Region, those of which the VPC has one (the
    stage's own and others), and which of the two DNS settings are off."""

    offered: frozenset[str]
    own: frozenset[str]
    others: frozenset[str]
    dns_off: Sequence[str]


def check(account: Account, block: Mapping[str, Any] | None) -> list[Check]:
    """Check the VPC; `block` is the stage's in cdk.json, which a deployment from here would
    take."""
    if block is None:
        return [TOPIC.skipped("no cdk.json here has the stage, so nothing is to be deployed")]
    if not needed_services(block):
        return [TOPIC.skipped("by cdk.json the functions run in Lambda's own network")]

    def check_vpc() -> Check:
        names = [service_name(service, account.region) for service in needed_services(block)]
        vpc = _read(account, str(value_at(block, f"{NETWORK}.vpc")), names)
        return judge(vpc, names, creates=value_at(block, f"{NETWORK}.endpoints") == "create")

    return [TOPIC.run(_ACTIONS, check_vpc)]


def judge(vpc: Vpc, names: Sequence[str], *, creates: bool) -> Check:
    """Judge the VPC for functions that need endpoints of these names."""
    if vpc.dns_off:
        return TOPIC.failed(
            f"the VPC has {' and '.join(vpc.dns_off)} off, so its functions find no endpoint",
            "turn it on: aws ec2 modify-vpc-attribute",
        )
    if not creates:
        return _judge_existing(vpc, names)
    if lacking := sorted({*names} - vpc.offered):
        return TOPIC.failed(
            f"AWS offers no endpoint of {', '.join(lacking)}",
            "choose another Region, or endpoints existing in a VPC that reaches the service",
        )
    if taken := sorted({*names} & vpc.others):
        return TOPIC.failed(
            f"the VPC has an endpoint that is not the stage's: {', '.join(taken)}",
            "take a VPC that only the stage uses, or endpoints existing",
        )
    return TOPIC.ok(f"{len(names)} services have endpoints, and the VPC resolves their names")


def _judge_existing(vpc: Vpc, names: Sequence[str]) -> Check:
    if missing := sorted({*names} - vpc.own - vpc.others):
        return TOPIC.warning(
            f"the VPC has no endpoint with private DNS of {', '.join(missing)}",
            "add it or turn its private DNS on, unless the functions reach the service otherwise",
        )
    return TOPIC.ok(f"the VPC has the {len(names)} endpoints that its functions need")


def _read(account: Account, vpc: str, names: Sequence[str]) -> Vpc:
    ec2 = account.client("ec2")
    by_name = [{"Name": "service-name", "Values": list(names)}]
    offered = ec2.describe_vpc_endpoint_services(Filters=by_name)["ServiceNames"]
    pages = ec2.get_paginator("describe_vpc_endpoints").paginate(
        Filters=[*by_name, {"Name": "vpc-id", "Values": [vpc]}]
    )
    own, others = set(), set()
    for endpoint in (endpoint for page in pages for endpoint in page["VpcEndpoints"]):
        tags = {tag["Key"]: tag["Value"] for tag in endpoint.get("Tags", ())}
        if tags.get(_TAG) == account.deployment.stage:
            own.add(endpoint["ServiceName"])
        elif endpoint.get("PrivateDnsEnabled") or endpoint["ServiceName"].endswith(GATEWAYS):
            others.add(endpoint["ServiceName"])
    off = [name for name in _DNS if not _is_on(ec2, vpc, name)]
    return Vpc(frozenset(offered), frozenset(own), frozenset(others), off)


def _is_on(ec2: Any, vpc: str, attribute: str) -> bool:  # noqa: ANN401 - boto3 makes its clients
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
    value: bool = answer[attribute[0].upper() + attribute[1:]]["Value"]
    return value
