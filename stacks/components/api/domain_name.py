"""A name of your own for the endpoint: certificates, mapping of the root, and a record in DNS."""

from __future__ import annotations

from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from stacks.components.api.streaming_api import SECURITY_POLICY

# The only policy with a floor of TLS 1.2 that a name with mutual TLS may have: "You can't enable
# mutual TLS on a domain name that uses an enhanced security policy."
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-custom-domain-tls-version.html
MUTUAL_TLS_SECURITY_POLICY = "TLS_1_2"


class ClientAuthorities(NamedTuple):
    """A version of a bundle in S3 of the authorities whose certificates clients present, and the
    ARN of the certificate that proves the name where ACM did not issue its own."""

    uri: str
    version: str
    ownership_certificate_arn: str | None


class EndpointDomain(Construct):
    """The root of `name` stands for `stage`. Where there is a `hosted_zone_id`, the name is made an
    alias in that zone; else your DNS needs a CNAME to `target`. With `truststore` clients have to
    present a certificate.

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
        truststore: ClientAuthorities | None,
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
        if truststore:
            _demand_client_certificates(resource, truststore)
        else:
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


def _demand_client_certificates(
    domain: apigateway.CfnDomainName, truststore: ClientAuthorities
) -> None:
    """Set mutual TLS:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-domainname-mutualtlsauthentication.html"""
    domain.add_property_override("SecurityPolicy", MUTUAL_TLS_SECURITY_POLICY)
    domain.mutual_tls_authentication = apigateway.CfnDomainName.MutualTlsAuthenticationProperty(
        truststore_uri=truststore.uri, truststore_version=truststore.version
    )
    if truststore.ownership_certificate_arn:
        domain.ownership_verification_certificate_arn = truststore.ownership_certificate_arn
