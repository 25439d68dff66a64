"""The VPC endpoints of a stage's functions, and the security groups between the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct, IConstruct

from claude_bedrock.catalog.endpoint_services import GATEWAYS, service_name

HTTPS = 443
# EC2 gives a group without rules for what leaves it one that lets everything through. This lets
# nothing: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-securitygroup-egress.html
_NO_WAY_OUT = ec2.CfnSecurityGroup.EgressProperty(
    ip_protocol="icmp",
    from_port=252,
    to_port=86,
    cidr_ip="255.255.255.255/32",
    description="Nothing leaves by this group",
)


class VpcEndpoints(Construct):
    """An endpoint for each service of `policies`, by which the functions of a stage reach it, and
    `security_group`, that of the functions.

    What is in the group connects by HTTPS to the endpoints and to AWS's `prefix_lists` (service ->
    its id), and to nothing else. `route_tables` get the routes to S3 and DynamoDB. Private DNS has
    the functions find an endpoint under the service's own name; it holds in the whole VPC.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage_name: str,
        vpc: str,
        subnets: Sequence[str],
        route_tables: Sequence[str],
        prefix_lists: Mapping[str, str],
        policies: Mapping[str, Mapping[str, Any]],
    ) -> None:
        super().__init__(scope, construct_id)
        of_endpoints = self._endpoint_group(stage_name, vpc)
        group = ec2.CfnSecurityGroup(
            self,
            "FunctionGroup",
            group_description=f"Functions of the stage {stage_name}",
            vpc_id=vpc,
            security_group_egress=_ways_out(
                of_endpoints.attr_group_id,
                {service: prefix_lists[service] for service in GATEWAYS if service in policies},
            ),
        )
        self.security_group: str = group.attr_group_id
        self._from_functions = self._way_in(of_endpoints, self.security_group)
        region = cdk.Stack.of(self).region
        interface = {
            "vpc_endpoint_type": "Interface",
            "subnet_ids": list(subnets),
            "security_group_ids": [of_endpoints.attr_group_id],
            "private_dns_enabled": True,
        }
        gateway = {"vpc_endpoint_type": "Gateway", "route_table_ids": list(route_tables)}
        self._by_service = {
            service: ec2.CfnVPCEndpoint(
                self,
                service,
                vpc_id=vpc,
                service_name=service_name(service, region),
                policy_document=policy,
                **(gateway if service in GATEWAYS else interface),
            )
            for service, policy in sorted(policies.items())
        }

    def needed_for(self, services: Sequence[str]) -> list[IConstruct]:
        """Return what has to be there before a function reaches `services`."""
        return [self._from_functions, *(self._by_service[service] for service in services)]

    def _way_in(
        self, endpoint_group: ec2.CfnSecurityGroup, function_group_id: str
    ) -> ec2.CfnSecurityGroupIngress:
        return ec2.CfnSecurityGroupIngress(
            self,
            "FromFunctions",
            group_id=endpoint_group.attr_group_id,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            source_security_group_id=function_group_id,
            description="Functions of the stage",
        )

    def _endpoint_group(self, stage_name: str, vpc: str) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(
            self,
            "EndpointGroup",
            group_description=f"VPC endpoints of the stage {stage_name}",
            vpc_id=vpc,
            security_group_egress=[_NO_WAY_OUT],
        )


def _ways_out(
    endpoint_group: str, prefix_lists: Mapping[str, str]
) -> list[ec2.CfnSecurityGroup.EgressProperty]:
    to_endpoints = ec2.CfnSecurityGroup.EgressProperty(
        ip_protocol="tcp",
        from_port=HTTPS,
        to_port=HTTPS,
        destination_security_group_id=endpoint_group,
        description="Interface endpoints",
    )
    to_lists = [
        ec2.CfnSecurityGroup.EgressProperty(
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            destination_prefix_list_id=prefix_list,
            description=f"Gateway endpoint of {service}",
        )
        for service, prefix_list in sorted(prefix_lists.items())
    ]
    return [to_endpoints, *to_lists]
