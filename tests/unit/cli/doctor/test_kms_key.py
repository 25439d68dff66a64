"""A KMS key that the stage is given is judged by its state and by its policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from claude_bedrock.cli.doctor.checks import kms_key
from claude_bedrock.logging_config.delivery_permissions import Delivery

ACCOUNT, REGION = "123456789012", "us-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
DELIVERY = Delivery(ACCOUNT, REGION, "", KEY, "/claude-on-bedrock/dev/", (), "", "")
ALLOWED = {
    "iam": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "bedrock": {"Service": "bedrock.amazonaws.com"},
    "logs": {"Service": f"logs.{REGION}.amazonaws.com"},
}


def policy(*names: str, **more: str) -> Mapping[str, Any]:
    return {
        "Statement": [
            {"Effect": "Allow", "Principal": ALLOWED[name], "Action": "kms:*", "Resource": "*"}
            for name in names
        ]
        + ([{"Effect": "Deny", "Principal": "*", "Resource": "*", **more}] if more else [])
    }


@pytest.mark.parametrize(
    ("metadata", "of_key", "outcome", "words"),
    [
        ({}, policy("iam", "bedrock", "logs"), "ok", "enabled"),
        ({"KeyState": "PendingDeletion"}, policy(*ALLOWED), "failed", "is PendingDeletion"),
        ({"KeySpec": "ECC_NIST_P256"}, policy(*ALLOWED), "failed", "of the kind ECC_NIST_P256"),
        ({}, policy("iam", "logs"), "failed", "bedrock.amazonaws.com may not use kms:Generate"),
        ({}, policy("iam", "bedrock"), "failed", "logs.us-east-1.amazonaws.com may not use kms:E"),
        ({}, policy("bedrock", "logs"), "failed", "account's IAM policies cannot allow kms:Decr"),
        (
            {},
            policy(*ALLOWED, Action="kms:GenerateDataKey", Sid="Closed"),
            "failed",
            "Closed may deny kms:GenerateDataKey to bedrock.amazonaws.com",
        ),
    ],
)
def test_state_kind_and_policy_decide(
    metadata: Mapping[str, str], of_key: Mapping[str, Any], outcome: str, words: str
) -> None:
    check = kms_key.judge({"KeyState": "Enabled", **metadata}, of_key, DELIVERY)

    assert (check.outcome, words in check.found) == (outcome, True), check.found
    assert bool(check.fix) is (outcome == "failed")
