"""In which buckets, under which names, a logging configuration has Bedrock write."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

RECORDS: Final = "AWSLogs/"
"""How the names of Bedrock's records begin in a bucket that has no prefix of its own:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"""
EVIDENCE: Final = "evidence/"
"""How the names of the evidence begin that the verification writes into the stage's own bucket."""
AUDIT_LOGS: Final = ("gateway", "access", "verification")
"""The log groups of a stage that explain its records: they are kept `log_group.audit_days`."""


class StorageLocation(NamedTuple):
    """`prefix` is what all names there begin with; empty where AWS does not document them."""

    bucket: str
    prefix: str


def storage_locations(configuration: Mapping[str, Any]) -> Iterator[StorageLocation]:
    """Of a `loggingConfig`: its records, then the large bodies of records in CloudWatch Logs."""
    records = configuration.get("s3Config")
    if records:
        yield StorageLocation(records["bucketName"], _root(records) + RECORDS)
    large = configuration.get("cloudWatchConfig", {}).get("largeDataDeliveryS3Config")
    if large:
        yield StorageLocation(large["bucketName"], _root(large))


def _root(s3_config: Mapping[str, Any]) -> str:
    prefix: str = s3_config.get("keyPrefix") or ""
    return f"{prefix.rstrip('/')}/" if prefix else ""
