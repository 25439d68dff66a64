"""Whether Bedrock's logging configuration in the Region is as the stage set or adopted it.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from cli.deployment import NoTargetError
from cli.doctor.account import Account
from cli.doctor.check import Check, Topic

TOPIC = Topic("invocation logging")
LARGE_DATA_PREFIX: Final = "large-data"
DATA_TYPES: Final = ("text", "image", "embedding", "video", "audio")
_ACTIONS = "bedrock:GetModelInvocationLoggingConfiguration and cloudformation:DescribeStacks"

Configuration = Mapping[str, Any]


def check(account: Account) -> list[Check]:
    def look() -> Check:
        answer = account.client("bedrock").get_model_invocation_logging_configuration()
        found = answer.get("loggingConfig")
        try:
            outputs = account.deployment.outputs("InvocationLogging")
        except NoTargetError:
            return before_deployment(found, account.deployment.stage, account.region)
        if "DeliveryRoleArn" not in outputs:
            return TOPIC.unknown(
                "the stack is of an older version, which does not tell its delivery role",
                f"run `cdk deploy --all -c stage={account.deployment.stage}`",
            )
        return judge(found, desired(outputs), account.region)

    return [TOPIC.asked(_ACTIONS, look)]


def desired(outputs: Mapping[str, str]) -> dict[str, Any]:
    """The configuration that the InvocationLogging stack with these outputs has set, or adopted."""
    if "LoggingConfiguration" in outputs:
        told: dict[str, Any] = json.loads(outputs["LoggingConfiguration"])
        return told
    bucket = outputs["LogBucketName"]
    return {
        "cloudWatchConfig": {
            "logGroupName": outputs["LogGroupName"],
            "roleArn": outputs["DeliveryRoleArn"],
            "largeDataDeliveryS3Config": {"bucketName": bucket, "keyPrefix": LARGE_DATA_PREFIX},
        },
        "s3Config": {"bucketName": bucket},
        **{f"{kind}DataDeliveryEnabled": True for kind in DATA_TYPES},
    }


def before_deployment(found: Configuration | None, stage: str, region: str) -> Check:
    end = f"`aws bedrock delete-model-invocation-logging-configuration --region {region}`"
    if not found:
        return TOPIC.skipped("off, and nothing is deployed yet: the deployment turns it on")
    if _log_group(found) == f"/claude-on-bedrock/{stage}/invocations":
        return TOPIC.failed(
            f"left on when the stage went, to {_destinations(found)}: a deployment stops at it",
            f"see whether anybody relies on it, then {end}",
        )
    return TOPIC.failed(
        f"set up by somebody else, to {_destinations(found)}: a deployment stops at it, unless "
        "the stage's `existing_logging` says otherwise",
        "choose another Region for the stage; or agree with its owner on that, or to end theirs, "
        f"and then {end}",
    )


def judge(found: Configuration | None, wanted: Configuration, region: str) -> Check:
    command = (
        f"`aws bedrock put-model-invocation-logging-configuration --region {region} "
        f"--logging-config '{json.dumps(wanted)}'`"
    )
    if not found:
        return TOPIC.failed("off: calls leave no record", f"turn it on again: {command}")
    there, here = _flat(found), _flat(wanted)
    differing = sorted(name for name in {*there, *here} if there.get(name) != here.get(name))
    if not differing:
        told = f"as the stage set or adopted it, all data types, to {_destinations(found)}"
        return TOPIC.ok(told)
    told = "; ".join(
        f"{name} is {there.get(name, 'absent')}, not {here.get(name, 'absent')}"
        for name in differing
    )
    return TOPIC.failed(
        f"not as the stage set it: {told}",
        "find out who changed it (CloudTrail: PutModelInvocationLoggingConfiguration), then "
        f"{command}",
    )


def _log_group(configuration: Configuration) -> str | None:
    name: str | None = configuration.get("cloudWatchConfig", {}).get("logGroupName")
    return name


def _destinations(configuration: Configuration) -> str:
    group = _log_group(configuration)
    bucket = configuration.get("s3Config", {}).get("bucketName")
    return (
        " and ".join(where for where in (group, f"s3://{bucket}" if bucket else None) if where)
        or "no destination"
    )


def _flat(configuration: Configuration, path: str = "") -> dict[str, Any]:
    """Dotted names and their values; an empty prefix is none."""
    flat: dict[str, Any] = {}
    for name, value in configuration.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{path}{name}.")
        elif value not in ("", None):
            flat[f"{path}{name}"] = value
    return flat
