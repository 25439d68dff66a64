"""The check of the alarm topic: whether CloudWatch may publish to it, and may use its key.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.checks.alarms import STACK, reverting_command
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import Client, Deployment, NoTargetError
from claude_bedrock.logging_config.resource_policy import Policy, Request, is_allowed, is_denied

TOPIC: Final = Topic("alarm topic")
_ACTIONS: Final = (
    "sns:GetTopicAttributes, kms:DescribeKey, kms:GetKeyPolicy, cloudformation:ListStackResources "
    "and cloudformation:DescribeStacks"
)
_CLOUDWATCH: Final = "cloudwatch.amazonaws.com"
_PUBLISH: Final = "sns:Publish"
_USES_OF_KEY: Final = ("kms:Decrypt", "kms:GenerateDataKey")


class TopicKey(NamedTuple):
    """The KMS key that the stack made for the topic, by its ARN. `state` is KMS's word, `Deleted`
    where there is no such key; `policy` then is empty."""

    arn: str
    state: str
    policy: Policy


def check(account: Account) -> list[Check]:
    return [TOPIC.run(_ACTIONS, lambda: _check(account))]


def _check(account: Account) -> Check:
    deployment = account.deployment
    try:
        topic = deployment.outputs(STACK)["AlarmTopicArn"]
    except NoTargetError:
        return TOPIC.skipped("nothing is deployed yet")
    try:
        answer = account.client("sns").get_topic_attributes(TopicArn=topic)
    except ClientError as error:
        if code_of(error) == "NotFound":
            return TOPIC.skipped("the topic is deleted: see the check `alarm subscribers`")
        raise
    keys = sorted(deployment.resources(STACK, "AWS::KMS::Key"))
    return judge(answer["Attributes"], _key(account.client("kms"), keys[0]), topic, deployment)


def _key(kms: Client, key_id: str) -> TopicKey:
    try:
        metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]
        policy = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
    except ClientError as error:
        if code_of(error) == "NotFoundException":
            return TopicKey(key_id, "Deleted", {})
        raise
    return TopicKey(metadata["Arn"], metadata["KeyState"], json.loads(policy))


def judge(
    attributes: dict[str, Any], key: TopicKey, topic_arn: str, deployment: Deployment
) -> Check:
    """Judge the topic by the attributes that SNS has of it, and by its key."""
    if faults := list(_faults(attributes, key, topic_arn)):
        return TOPIC.failed(
            f"alarms reach nobody: {'; '.join(faults)}",
            "turn the key on, or cancel its deletion; what else was changed by hand put back by "
            f"{reverting_command(deployment)}",
        )
    return TOPIC.ok("CloudWatch may publish to it and use its key")


def _faults(attributes: dict[str, Any], key: TopicKey, topic_arn: str) -> Iterator[str]:
    policy = json.loads(attributes.get("Policy", "{}"))
    if not _may(policy, _PUBLISH, topic_arn, topic_arn):
        yield f"the topic's policy keeps CloudWatch from {_PUBLISH}"
    used = attributes.get("KmsMasterKeyId", key.arn)
    if used.rpartition("/")[2] != key.arn.rpartition("/")[2]:
        yield f"the topic is encrypted by {used}, not by the stack's key"
    elif key.state != "Enabled":
        yield f"the topic's key is {key.state}"
    else:
        shut = [
            action for action in _USES_OF_KEY if not _may(key.policy, action, key.arn, topic_arn)
        ]
        if shut:
            yield f"the key's policy keeps CloudWatch from {' and '.join(shut)}"


def _may(policy: Policy, action: str, resource: str, topic_arn: str) -> bool:
    """Return whether CloudWatch may do so for an alarm of the topic's account and Region."""
    _, partition, _, region, account, _ = topic_arn.split(":")
    alarm = f"arn:{partition}:cloudwatch:{region}:{account}:alarm:claude-on-bedrock"
    context = {
        "aws:sourceaccount": account,
        "aws:sourcearn": alarm,
        "aws:securetransport": "true",
    }
    request = Request(_CLOUDWATCH, action, resource, context)
    return is_allowed(policy, request) and not is_denied(policy, request)
