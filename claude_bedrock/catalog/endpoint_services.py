"""The VPC endpoint services of AWS that a stage's functions may need, and their Regions."""

from collections.abc import Mapping, Sequence
from typing import Final

from .aws_regions import COMMERCIAL_REGIONS

SOURCE: Final = (
    "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"
)
READ_ON: Final = "2026-11-30"
"""When the source and the pages below were read."""

GATEWAYS: Final = ("dynamodb", "s3")
"""Services with a gateway endpoint, which is free and is reached by routes:
https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"""

REGIONS: Final[Mapping[str, Sequence[str]]] = {
    **dict.fromkeys(
        (
            *("apigateway", "athena", "bedrock", "bedrock-runtime", "cloudformation", "dynamodb"),
            *("kms", "lambda", "logs", "s3", "sns", "ssm", "sts", "xray"),
        ),
        COMMERCIAL_REGIONS,
    ),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam_vpc_endpoint_create.html
    "iam": ("us-east-1",),
}
"""Service -> the commercial Regions that have its endpoint. SOURCE names the services and not their
Regions, so all but IAM's are unconfirmed: a deployment fails where AWS lacks one, with
`The Vpc Endpoint Service '…' does not exist`, and `claude-bedrock doctor` asks AWS before."""


def lacking(services: Sequence[str], region: str) -> list[str]:
    """Return those of `services` without an endpoint in `region`."""
    return [service for service in services if region not in REGIONS.get(service, ())]


def service_name(service: str, region: str) -> str:
    """Return the name by which an endpoint is made."""
    return f"com.amazonaws.{region}.{service}"
