"""The check of Bedrock's logging configuration in the Region against the one that the stage set or
adopted.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from claude_bedrock.cli.doctor.check import Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.cdk_json import value_at
from claude_bedrock.cli.shared.deployment import NoTargetError

TOPIC = Topic("invocation logging")
LARGE_DATA_PREFIX: Final = "large-data"
DATA_TYPES: Final = ("text", "image", "embedding", "video", "audio")
_ACTIONS = "bedrock:GetModelInvocationLoggingConfiguration and cloudformation:DescribeStacks"

_OF_A_STAGE: Final = re.compile(r"/claude-on-bedrock/([a-z][a-z0-9]*)/invocations")
_PAGE: Final = "docs/deploy.md#another-teams-logging"
_ANSWERS: Final = {
    "adopt": "uses it as it is",
    "extend": "adds what it lacks",
    "replace": "sets the stage's own instead, until the stage goes",
}

Configuration = Mapping[str, Any]


def check(account: Account, block: Mapping[str, Any] | None) -> list[Check]:
    """Check invocation logging; `block` is the stage's in cdk.json, which a deployment from here
    would take."""

    def check_logging() -> Check:
        answer = account.client("bedrock").get_model_invocation_logging_configuration()
        configuration = answer.get("loggingConfig")
        try:
            outputs = account.deployment.outputs("InvocationLogging")
        except NoTargetError:
            return before_deployment(configuration, account.deployment.stage, block or {})
        if "DeliveryRoleArn" not in outputs:
            return TOPIC.unknown(
                "the stack is of an older version, which does not tell its delivery role",
                f"run `cdk deploy --all -c stage={account.deployment.stage}`",
            )
        return judge(configuration, desired(outputs), account.region)

    return [TOPIC.run(_ACTIONS, check_logging)]


def desired(outputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration that the InvocationLogging stack with these outputs has set, or
    adopted."""
    if "LoggingConfiguration" in outputs:
        configuration: dict[str, Any] = json.loads(outputs["LoggingConfiguration"])
        return configuration
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


def before_deployment(
    configuration: Configuration | None, stage: str, block: Mapping[str, Any]
) -> Check:
    """Return what the deployment of the stage's block would do with what it finds:
    docs/deploy.md."""
    if not configuration:
        return TOPIC.skipped("off, and nothing is deployed yet: the deployment turns it on")
    answer = value_at(block, "logging.existing_logging", "fail")
    there = f"{_set_up_by(configuration, stage)}, to {_destinations(configuration)}"
    if answer not in _ANSWERS:
        return TOPIC.failed(f"{there}: a deployment stops at it", _offer(configuration))
    if answer == "adopt" and (missing := _lacking(configuration)):
        return TOPIC.failed(
            f"{there}: a deployment cannot adopt it, since {', '.join(missing)}",
            f"ask its owner to add that, or choose another answer; {_offer(configuration)}",
        )
    role = configuration.get("cloudWatchConfig", {}).get("roleArn")
    if answer != "adopt" and role and value_at(block, "logging.existing_logging_role") != role:
        return TOPIC.failed(
            f"{there}: a deployment stops, since `existing_logging_role` is not its delivery role",
            f'add `"existing_logging_role": "{role}"` to `logging` in the stage\'s block: {_PAGE}',
        )
    return TOPIC.ok(f"{there}: the deployment {_ANSWERS[answer]}, as `existing_logging` says")


def _set_up_by(configuration: Configuration, stage: str) -> str:
    owner = _OF_A_STAGE.fullmatch(_log_group(configuration) or "")
    if owner is None:
        return "set up by another team"
    if owner[1] == stage:
        return "left on when the stage went"
    return f"set up by another stage of this project, {owner[1]}"


def _offer(configuration: Configuration) -> str:
    role = configuration.get("cloudWatchConfig", {}).get("roleArn")
    with_role = f', with `"existing_logging_role": "{role}"`' if role else ""
    return (
        "ask its owner, then say in `logging` of the stage's block what the deployment does with "
        "it: "
        '`"existing_logging": "adopt"` uses it as it is, `"extend"` adds what it lacks and '
        f'`"replace"` sets the stage\'s own, both until the stage goes{with_role}: {_PAGE}; or '
        "choose another Region"
    )


def _lacking(configuration: Configuration) -> list[str]:
    """Return what it leaves out of a whole record; a data type that is left out is delivered."""
    destinations = ("cloudWatchConfig", "s3Config")
    absent = [f"{name} is absent" for name in destinations if not configuration.get(name)]
    flags = [f"{kind}DataDeliveryEnabled" for kind in DATA_TYPES]
    return [*absent, *(f"{flag} is false" for flag in flags if not configuration.get(flag, True))]


def judge(configuration: Configuration | None, expected: Configuration, region: str) -> Check:
    command = (
        f"`aws bedrock put-model-invocation-logging-configuration --region {region} "
        f"--logging-config '{json.dumps(expected)}'`"
    )
    if not configuration:
        return TOPIC.failed("off: calls leave no record", f"turn it on again: {command}")
    there, here = _flat(configuration), _flat(expected)
    differing = sorted(name for name in {*there, *here} if there.get(name) != here.get(name))
    if not differing:
        words = f"as the stage set or adopted it, all data types, to {_destinations(configuration)}"
        return TOPIC.ok(words)
    words = "; ".join(
        f"{name} is {there.get(name, 'absent')}, not {here.get(name, 'absent')}"
        for name in differing
    )
    return TOPIC.failed(
        f"not as the stage set it: {words}",
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
    """Return the settings by dotted name, without empty prefixes."""
    flat: dict[str, Any] = {}
    for name, value in configuration.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{path}{name}.")
        elif value not in ("", None):
            flat[f"{path}{name}"] = value
    return flat
