"""The check of the VPC that the stage's functions run in: its DNS, its endpoints, and whom their
security groups admit.

https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final, NamedTuple

from claude_bedrock.catalog.endpoint_services import GATEWAYS, service_name
from claude_bedrock.cli.doctor.check import Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.cdk_json import value_at
from claude_bedrock.cli.shared.vpc_endpoints import NETWORK, needed_services

TOPIC = Topic("VPC endpoints")
_ACTIONS: Final = (
    "ec2:DescribeVpcEndpointServices, ec2:DescribeVpcEndpoints, ec2:DescribeVpcAttribute, "
    "ec2:DescribeSecurityGroups and ec2:DescribeSubnets"
)
_HTTPS: Final = 443
_DNS: Final = ("enableDnsSupport", "enableDnsHostnames")
_TAG: Final = "claude-on-bedrock"


class Vpc(NamedTuple):
    """The services that AWS offers endpoints of in the Region, those of which the VPC has one (the
    stage's own and others), which of the two DNS settings are off, and the services whose existing
    endpoints do not admit the functions."""

    offered: frozenset[str]
    own: frozenset[str]
    others: frozenset[str]
    dns_off: Sequence[str]
    closed: frozenset[str] = frozenset()


def check(account: Account, block: Mapping[str, Any] | None) -> list[Check]:
    """Check the VPC; `block` is the stage's in cdk.json, which a deployment from here would
    take."""
    if block is None:
        return [TOPIC.skipped("no cdk.json here has the stage, so nothing is to be deployed")]
    if not needed_services(block):
        return [TOPIC.skipped("by cdk.json the functions run in Lambda's own network")]

    def check_vpc() -> Check:
        names = [service_name(service, account.region) for service in needed_services(block)]
        network = value_at(block, NETWORK)
        return judge(_read(account, network, names), names, creates=_creates(network))

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
    if vpc.closed:
        return TOPIC.failed(
            f"the functions' security group may not connect to {', '.join(sorted(vpc.closed))}",
            f"let its endpoint's security group admit the functions' group on TCP port {_HTTPS}",
        )
    if missing := sorted({*names} - vpc.own - vpc.others):
        return TOPIC.warning(
            f"the VPC has no endpoint with private DNS of {', '.join(missing)}",
            "add it or turn its private DNS on, unless the functions reach the service otherwise",
        )
    return TOPIC.ok(f"the VPC has the {len(names)} endpoints that its functions need")


def _creates(network: Mapping[str, Any]) -> bool:
    return str(network.get("endpoints")) == "create"


def _read(account: Account, network: Mapping[str, Any], names: Sequence[str]) -> Vpc:
    ec2, vpc = account.client("ec2"), str(network.get("vpc"))
    by_name = [{"Name": "service-name", "Values": list(names)}]
    offered = ec2.describe_vpc_endpoint_services(Filters=by_name)["ServiceNames"]
    pages = ec2.get_paginator("describe_vpc_endpoints").paginate(
        Filters=[*by_name, {"Name": "vpc-id", "Values": [vpc]}]
    )
    own, others = [], []
    for endpoint in (endpoint for page in pages for endpoint in page["VpcEndpoints"]):
        tags = {tag["Key"]: tag["Value"] for tag in endpoint.get("Tags", ())}
        if tags.get(_TAG) == account.deployment.stage:
            own.append(endpoint)
        elif endpoint.get("PrivateDnsEnabled") or endpoint["ServiceName"].endswith(GATEWAYS):
            others.append(endpoint)
    off = [name for name in _DNS if not _is_on(ec2, vpc, name)]
    closed = frozenset() if _creates(network) else _closed(ec2, network, others)
    return Vpc(frozenset(offered), _services(own), _services(others), off, closed)


def _services(endpoints: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(endpoint["ServiceName"] for endpoint in endpoints)


def _closed(
    ec2: Any,  # noqa: ANN401 - boto3 makes its clients
    network: Mapping[str, Any],
    endpoints: Sequence[Mapping[str, Any]],
) -> frozenset[str]:
    """Return the services with interface endpoints, none of which admits the functions."""
    groups_of = [
        (endpoint["ServiceName"], [group["GroupId"] for group in endpoint["Groups"]])
        for endpoint in endpoints
        if endpoint.get("Groups")  # an endpoint of the type gateway has none
    ]
    group, own_subnets = network.get("security_group"), network.get("subnets")
    if not (groups_of and group and own_subnets):
        return frozenset()
    ids = sorted({each for _, groups in groups_of for each in groups})
    described = ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
    rules = {each["GroupId"]: each["IpPermissions"] for each in described}
    subnets = ec2.describe_subnets(SubnetIds=list(own_subnets))["Subnets"]
    ranges = [IPv4Network(subnet["CidrBlock"]) for subnet in subnets]
    admitting = {
        service
        for service, groups in groups_of
        if admits([rule for each in groups for rule in rules[each]], str(group), ranges)
    }
    return frozenset(service for service, _ in groups_of) - admitting


def admits(rules: Sequence[Mapping[str, Any]], group: str, subnets: Sequence[IPv4Network]) -> bool:
    """Whether the inbound rules let what is in the group and the subnets connect by HTTPS. A rule
    for a prefix list counts as one that does: which addresses that holds is not read.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
    """
    https = [
        rule
        for rule in rules
        if rule["IpProtocol"] == "-1"  # all protocols and ports
        or (rule["IpProtocol"] == "tcp" and rule["FromPort"] <= _HTTPS <= rule["ToPort"])
    ]
    groups = {pair["GroupId"] for rule in https for pair in rule.get("UserIdGroupPairs", ())}
    if group in groups or any(rule.get("PrefixListIds") for rule in https):
        return True
    ranges = [IPv4Network(each["CidrIp"]) for rule in https for each in rule.get("IpRanges", ())]
    return all(any(subnet.subnet_of(each) for each in ranges) for subnet in subnets)


def _is_on(ec2: Any, vpc: str, attribute: str) -> bool:  # noqa: ANN401 - boto3 makes its clients
    answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
    value: bool = answer[attribute[0].upper() + attribute[1:]]["Value"]
    return value
