"""What this stack's logging configuration is, and how another one differs from it."""

from collections.abc import Mapping
from typing import Any, Final

Configuration = Mapping[str, Any]
"""`loggingConfig`, as Bedrock's API has it:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_LoggingConfig.html
"""

DATA_TYPES: Final = ("text", "image", "embedding", "video", "audio")
_FLAGS: Final = tuple(f"{kind}DataDeliveryEnabled" for kind in DATA_TYPES)
_PROPERTIES: Final = ("LogGroupName", "RoleArn", "BucketName", "LargeDataPrefix")
_ABSENT: Final = "absent"


class InvalidProperties(ValueError):
    """The resource's properties do not say what to log to; str() names those that are missing."""


def desired(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration these properties ask for: records to both destinations, bodies over
    100 KB and binary ones to the bucket, all five data types stated, since Bedrock's defaults for
    those left out are not documented. Raises InvalidProperties."""
    missing = [name for name in _PROPERTIES if not properties.get(name)]
    if missing:
        raise InvalidProperties(f"The resource needs the properties {', '.join(missing)}.")
    bucket = properties["BucketName"]
    return {
        "cloudWatchConfig": {
            "logGroupName": properties["LogGroupName"],
            "roleArn": properties["RoleArn"],
            "largeDataDeliveryS3Config": {
                "bucketName": bucket,
                "keyPrefix": properties["LargeDataPrefix"],
            },
        },
        "s3Config": {"bucketName": bucket},
        **dict.fromkeys(_FLAGS, True),
    }


def same(one: Configuration, other: Configuration) -> bool:
    """Whether Bedrock would do the same by either."""
    return _flat(one) == _flat(other)


def difference(found: Configuration, wanted: Configuration) -> list[str]:
    """One line for each setting in which they differ: `s3Config.bucketName: found a, wanted b`."""
    there, here = _flat(found), _flat(wanted)
    return [
        f"{name}: found {there.get(name, _ABSENT)}, wanted {here.get(name, _ABSENT)}"
        for name in sorted({*there, *here})
        if there.get(name) != here.get(name)
    ]


def _flat(configuration: Configuration, path: str = "") -> dict[str, Any]:
    """Dotted names and their values. A data type left out is delivered, and an empty key prefix is
    none, so neither counts as a setting of its own."""
    flat = {} if path else dict.fromkeys(_FLAGS, True)
    for name, value in configuration.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{path}{name}.")
        elif value not in ("", None):
            flat[f"{path}{name}"] = value
    return flat
