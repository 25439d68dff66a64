"""A name of your own for the endpoint: certificate, mapping of the root, and a record in DNS."""

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from stacks.components.api.streaming_api import SECURITY_POLICY


class EndpointDomain(Construct):
    """The root of `name` stands for `stage`. Where there is a `hosted_zone_id`, the name is made an
    alias in that zone; else your DNS needs a CNAME to `target`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        certificate_arn: str,
        hosted_zone_id: str | None,
        stage: apigateway.Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        domain = apigateway.DomainName(
            self,
            "Name",
            domain_name=name,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", certificate_arn),
            endpoint_type=apigateway.EndpointType.REGIONAL,
        )
        resource = domain.node.default_child
        if not isinstance(resource, apigateway.CfnDomainName):
            raise TypeError(resource)
        resource.add_property_override("SecurityPolicy", SECURITY_POLICY)
        resource.add_property_override("EndpointAccessMode", "STRICT")
        apigateway.BasePathMapping(
            self, "Mapping", domain_name=domain, rest_api=stage.rest_api, stage=stage
        )
        self.target = domain.domain_name_alias_domain_name
        if hosted_zone_id:
            route53.ARecord(
                self,
                "Alias",
                zone=route53.HostedZone.from_hosted_zone_attributes(
                    self, "Zone", hosted_zone_id=hosted_zone_id, zone_name=name
                ),
                record_name=f"{name}.",
                target=route53.RecordTarget.from_alias(targets.ApiGatewayDomain(domain)),
            )
