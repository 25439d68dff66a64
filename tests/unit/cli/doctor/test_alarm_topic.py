"""An alarm topic that CloudWatch cannot publish to is found before an alarm is lost."""

import json
from typing import Any

import pytest

from claude_bedrock.cli.doctor.checks.alarm_topic import TopicKey, judge
from claude_bedrock.cli.shared.deployment import Deployment

DEPLOYMENT = Deployment("dev", "us-east-1", None)
TOPIC = "arn:aws:sns:us-east-1:123456789012:claude-on-bedrock-dev-alarms"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234"


def statement(actions: list[str], resource: str, **more: object) -> dict[str, Any]:
    """As the stack writes it."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": actions,
        "Resource": resource,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*"},
        },
        **more,
    }


PUBLISH = statement(["sns:Publish"], TOPIC)
BY_TLS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": TOPIC,
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
USE = statement(["kms:Decrypt", "kms:GenerateDataKey"], "*")
ON = TopicKey(KEY, "Enabled", {"Statement": [USE]})
ENCRYPTED = {"KmsMasterKeyId": KEY}


def attributes(*statements: dict[str, Any], **more: str) -> dict[str, str]:
    return {"Policy": json.dumps({"Statement": [*statements]}), **more}


@pytest.mark.parametrize(
    ("topic", "key", "fault"),
    [
        (attributes(PUBLISH, BY_TLS, **ENCRYPTED), ON, ""),
        (attributes(BY_TLS, **ENCRYPTED), ON, "the topic's policy keeps CloudWatch from"),
        (attributes({**PUBLISH, "Effect": "Deny"}), ON, "the topic's policy keeps CloudWatch from"),
        (
            attributes(PUBLISH, {**BY_TLS, "Condition": {}}),
            ON,
            "the topic's policy keeps CloudWatch from",
        ),
        (attributes(PUBLISH, KmsMasterKeyId="alias/aws/sns"), ON, "encrypted by alias/aws/sns"),
        (attributes(PUBLISH), ON._replace(state="Disabled"), "the topic's key is Disabled"),
        (attributes(PUBLISH), ON._replace(state="PendingDeletion"), "key is PendingDeletion"),
        (
            attributes(PUBLISH),
            ON._replace(policy={"Statement": [statement(["kms:Decrypt"], "*")]}),
            "the key's policy keeps CloudWatch from kms:GenerateDataKey",
        ),
    ],
)
def test_what_keeps_cloudwatch_from_publishing_is_named(
    topic: dict[str, str], key: TopicKey, fault: str
) -> None:
    check = judge(topic, key, TOPIC, DEPLOYMENT)

    assert check.outcome == ("failed" if fault else "ok"), check.found
    assert fault in check.found
    assert bool(check.fix) is bool(fault)
