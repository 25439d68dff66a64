"""This stack's logging configuration, and its differences from another one."""

import re
from collections.abc import Mapping
from typing import Any, Final

Configuration = Mapping[str, Any]
"""`loggingConfig`, as Bedrock's API has it:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_LoggingConfig.html
"""

DATA_TYPES: Final = ("text", "image", "embedding", "video", "audio")
_FLAGS: Final = tuple(f"{kind}DataDeliveryEnabled" for kind in DATA_TYPES)
_PROPERTIES: Final = ("LogGroupName", "RoleArn", "BucketName", "LargeDataPrefix")
_DESTINATIONS: Final = ("cloudWatchConfig", "s3Config")
_ABSENT: Final = "absent"
_OF_A_STAGE: Final = re.compile(r"/claude-on-bedrock/([a-z][a-z0-9]*)/invocations")


class InvalidProperties(ValueError):
    """The resource's properties do not say what to log to; str() names those that are missing."""


def desired(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration these properties ask for: records to both destinations, bodies over
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


def same(configuration: Configuration, other: Configuration) -> bool:
    """Return whether Bedrock would do the same by either."""
    return _flat(configuration) == _flat(other)


def same_destinations(configuration: Configuration, other: Configuration) -> bool:
    """Return whether records go to the same places by either, whatever of them is delivered."""
    there, here = _flat(configuration), _flat(other)
    return all(there.get(name) == here.get(name) for name in {*there, *here} - {*_FLAGS})


def difference(current: Configuration, expected: Configuration) -> list[str]:
    """Return one line for each setting in which they differ: `s3Config.bucketName: found a, wanted
    b`."""
    there, here = _flat(current), _flat(expected)
    return [
        f"{name}: found {there.get(name, _ABSENT)}, wanted {here.get(name, _ABSENT)}"
        for name in sorted({*there, *here})
        if there.get(name) != here.get(name)
    ]


def lacking(configuration: Configuration) -> list[str]:
    """Return what it leaves out of a whole record, setting by setting. S3 has to be a destination,
    since that alone holds bodies of any size; CloudWatch Logs too, where calls are looked up."""
    flags = _flat(configuration)
    off = [f"{name} is false" for name in _FLAGS if flags[name] is not True]
    return [f"{name} is {_ABSENT}" for name in _DESTINATIONS if not configuration.get(name)] + off


def extended(configuration: Configuration, stage_configuration: Configuration) -> dict[str, Any]:
    """Return its destinations as they are, one of ours where it has none, every data type
    delivered."""
    missing = {
        name: stage_configuration[name] for name in _DESTINATIONS if not configuration.get(name)
    }
    return {**configuration, **missing, **dict.fromkeys(_FLAGS, True)}


def delivery_role(configuration: Configuration) -> str | None:
    """Return the ARN of the role that whoever sets this configuration has to hand to Bedrock."""
    role: str | None = configuration.get("cloudWatchConfig", {}).get("roleArn")
    return role


def stage_of(configuration: Configuration) -> str | None:
    """Return the stage of this project that it is of, told by its log group."""
    name = configuration.get("cloudWatchConfig", {}).get("logGroupName", "")
    match_ = _OF_A_STAGE.fullmatch(name)
    return match_[1] if match_ else None


def _flat(configuration: Configuration, path: str = "") -> dict[str, Any]:
    """Return the settings by dotted name. A data type left out is delivered, and an empty key
    prefix is none, so neither counts as a setting of its own."""
    flat = {} if path else dict.fromkeys(_FLAGS, True)
    for name, value in configuration.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{path}{name}.")
        elif value not in ("", None):
            flat[f"{path}{name}"] = value
    return flat
