"""A Region's invocation-logging configuration: where records go and what they hold.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_LoggingConfig.html
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class S3Destination(NamedTuple):
    """A bucket and the prefix under it; the prefix may be empty."""

    bucket: str
    prefix: str

    def key(self, path: str) -> str:
        return f"{self.prefix.rstrip('/')}/{path}" if self.prefix else path


class LogGroup(NamedTuple):
    """A log group, the role that writes to it, and where bodies go that are too large for it."""

    name: str
    role_arn: str
    large: S3Destination | None


class Destinations(NamedTuple):
    s3: S3Destination | None
    cloudwatch: LogGroup | None
    bodies: bool
    """Whether records hold what was said. Claude reads text and images, and a type that is switched
    on covers every model that has it as input or output."""

    images: bool = True
    """Whether images and documents of Converse calls are kept."""

    def s3_destinations(self) -> list[S3Destination]:
        large = self.cloudwatch.large if self.cloudwatch else None
        return [
            destination
            for destination in dict.fromkeys((self.s3, large))
            if destination is not None
        ]


def read(config: Mapping[str, Any] | None) -> Destinations | None:
    """From the `loggingConfig` of GetModelInvocationLoggingConfiguration, absent when off.

    A type that the configuration does not mention counts as switched on.
    """
    if not config:
        return None
    kinds = ("textDataDeliveryEnabled", "imageDataDeliveryEnabled")
    return Destinations(
        _s3_destination(config.get("s3Config")),
        _log_group(config.get("cloudWatchConfig")),
        any(config.get(kind, True) for kind in kinds),
        config.get("imageDataDeliveryEnabled", True),
    )


def _s3_destination(config: Mapping[str, Any] | None) -> S3Destination | None:
    return S3Destination(config["bucketName"], config.get("keyPrefix", "")) if config else None


def _log_group(config: Mapping[str, Any] | None) -> LogGroup | None:
    if not config:
        return None
    large = _s3_destination(config.get("largeDataDeliveryS3Config"))
    return LogGroup(config["logGroupName"], config["roleArn"], large)
