"""A private API, and functions in a VPC."""

from __future__ import annotations

from collections.abc import Iterator

from claude_bedrock.catalog.endpoint_services import REGIONS, lacking, service_name
from stacks.stage.block import Stage
from stacks.stage.network import FunctionNetwork


def private_mistakes(stage: Stage) -> Iterator[str]:
    """Yield what a private API has not, and a canary that could not reach it."""
    network, endpoints = stage.endpoint.network, stage.endpoint.api_endpoints
    if network is None:
        return
    if not endpoints and network.functions is None:
        yield (
            "endpoint.network: neither api_endpoints nor functions given; allowed: one of them, or "
            "both"
        )
    if endpoints and stage.endpoint.domain:
        yield (
            "endpoint.domain: given with endpoint.network.api_endpoints; allowed: either of the "
            "two, since the stage makes public domain names only"
        )
    if len(set(endpoints)) != len(endpoints):
        yield f"endpoint.network.api_endpoints: {list(endpoints)} given; allowed: each id once"
    if stage.evidence.canary:
        yield (
            "evidence.canary: given with endpoint.network, which keeps it out, since it has no way "
            "to the endpoint; allowed: either of the two"
        )
    if network.functions:
        yield from _function_mistakes(stage, network.functions)


def _function_mistakes(stage: Stage, network: FunctionNetwork) -> Iterator[str]:
    """Yield what functions without a route to the internet cannot do, and endpoints that the Region
    lacks."""
    path = "endpoint.network.functions"
    for key in ("subnets", "route_tables"):
        ids = getattr(network, key)
        if len(set(ids)) != len(ids):
            yield f"{path}.{key}: {list(ids)} given; allowed: each id once"
    if stage.account.api_log_role is None:
        yield (
            f"account.api_log_role: none given with {path}, where a function makes a role by IAM, "
            "whose VPC endpoint is in us-east-1 alone; allowed: the ARN of a role, or leave"
        )
    if network.endpoints == "existing":
        yield from _existing_endpoint_mistakes(path, network)
        return
    yield from _created_endpoint_mistakes(stage, path, network)
    if stage.callers.token_issuers:
        yield (
            f"callers.token_issuers: given with {path}.endpoints create, by which the authorizer "
            "reaches AWS alone and reads no issuer's keys; allowed: endpoints existing, in a VPC "
            "with a way to the issuers, or no token_issuers"
        )
    if not stage.logging.has_own_destinations:
        yield (
            f"logging.existing_logging: {stage.logging.existing_logging} given with {path}"
            ".endpoints create, which lets through to the stage's own bucket alone; allowed: fail "
            "or replace, or endpoints existing"
        )


def _existing_endpoint_mistakes(path: str, network: FunctionNetwork) -> Iterator[str]:
    if network.security_group is None:
        yield (
            f"{path}.security_group: none given with endpoints existing; allowed: the security "
            "group by which the functions reach your endpoints"
        )
    for key in ("route_tables", "prefix_lists"):
        if getattr(network, key):
            yield (
                f"{path}.{key}: given with endpoints existing; allowed: endpoints create, or no "
                f"{key}, since routes and security group are yours"
            )


def _created_endpoint_mistakes(stage: Stage, path: str, network: FunctionNetwork) -> Iterator[str]:
    if network.security_group is not None:
        yield (
            f"{path}.security_group: given with endpoints create, which makes one; allowed: "
            "endpoints existing, or no security_group"
        )
    if not network.route_tables:
        yield (
            f"{path}.route_tables: none given with endpoints create; allowed: the route tables of "
            "the subnets, by which they reach S3"
        )
    lists = network.prefix_lists
    if lists is None or (stage.callers.counts_spending and lists.dynamodb is None):
        service = "dynamodb" if lists else "s3"
        yield (
            f"{path}.prefix_lists.{service}: none given with endpoints create; allowed: the id "
            "that `aws ec2 describe-managed-prefix-lists --filters Name=prefix-list-name,"
            f"Values=com.amazonaws.{stage.region}.{service}` shows"
        )
    for service in lacking(tuple(REGIONS.keys() - {"iam"}), stage.region):
        yield (
            f"{path}.endpoints: create given in {stage.region}, which lacks the endpoint service "
            f"{service_name(service, stage.region)}; allowed: another Region, or existing"
        )
