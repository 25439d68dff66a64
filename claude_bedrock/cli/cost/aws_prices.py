"""Prices of the AWS services that a stage uses: US dollars in us-east-1, as AWS's public pages have
them. The same numbers are on the page docs/deploy.md, and a test compares both."""

from decimal import Decimal
from typing import Final, NamedTuple

READ_ON: Final = "2026-11-29"
REGION: Final = "us-east-1"


class Price(NamedTuple):
    """US dollars for one of `unit`; `source` is the page on which it stands."""

    dollars: Decimal
    unit: str
    source: str


_AWS: Final = "https://aws.amazon.com"

API_GATEWAY: Final = Price(Decimal("3.50"), "million requests", f"{_AWS}/api-gateway/pricing/")
LAMBDA_REQUESTS: Final = Price(Decimal("0.20"), "million requests", f"{_AWS}/lambda/pricing/")
LAMBDA_SECONDS: Final = Price(Decimal("0.0000133334"), "GB-second", f"{_AWS}/lambda/pricing/")
LOG_INGESTION: Final = Price(Decimal("0.50"), "GB", f"{_AWS}/cloudwatch/pricing/")
LOG_STORAGE: Final = Price(Decimal("0.03"), "GB-month", f"{_AWS}/cloudwatch/pricing/")
METRIC: Final = Price(Decimal("0.30"), "metric", f"{_AWS}/cloudwatch/pricing/")
S3_STORAGE: Final = Price(Decimal("0.023"), "GB-month", f"{_AWS}/s3/pricing/")
S3_OBJECTS: Final = Price(Decimal("5.00"), "million objects", f"{_AWS}/s3/pricing/")
DYNAMODB: Final = Price(Decimal("1.25"), "million calls", f"{_AWS}/dynamodb/pricing/on-demand/")
XRAY: Final = Price(Decimal("5.00"), "million traces", f"{_AWS}/xray/pricing/")
WAF_ACL: Final = Price(Decimal("5.00"), "web ACL", f"{_AWS}/waf/pricing/")
WAF_RULE: Final = Price(Decimal("1.00"), "rule", f"{_AWS}/waf/pricing/")
WAF_REQUESTS: Final = Price(Decimal("0.60"), "million requests", f"{_AWS}/waf/pricing/")
PRIVATE_LINK: Final = Price(Decimal("0.01"), "endpoint-hour", f"{_AWS}/privatelink/pricing/")
PRIVATE_LINK_DATA: Final = Price(Decimal("0.01"), "GB", f"{_AWS}/privatelink/pricing/")
FIREHOSE: Final = Price(Decimal("0.03"), "GB", f"{_AWS}/firehose/pricing/")
FIREHOSE_CONVERSION: Final = Price(Decimal("0.02"), "GB", f"{_AWS}/firehose/pricing/")
TRAIL: Final = Price(Decimal("2.00"), "100,000 events", f"{_AWS}/cloudtrail/pricing/")
DATA_OUT: Final = Price(Decimal("0.09"), "GB", f"{_AWS}/ec2/pricing/on-demand/")

IDLE_DOLLARS: Final = Decimal(21)
"""What a stage costs each month without a call, at most: keys, alarms, metrics, dashboard."""
CANARY_DOLLARS: Final = Decimal("0.04")
"""What an hour of a canary costs, at most, in tokens."""
GATEWAY_METRICS: Final = 14
"""The gateway writes so many metrics while it answers."""
