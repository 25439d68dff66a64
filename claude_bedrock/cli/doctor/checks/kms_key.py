"""The check of a KMS key that the stage is given: its state, and what its policy has to allow."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.stage_settings import Settings
from claude_bedrock.logging_config.delivery_permissions import Delivery
from claude_bedrock.logging_config.resource_policy import Policy, Request, is_allowed

TOPIC = Topic("KMS key")
_ACTIONS: Final = "kms:DescribeKey and kms:GetKeyPolicy"
_PAGE: Final = "docs/security.md#a-kms-key-of-your-own"


def check(account: Account, settings: Settings) -> list[Check]:
    """Check the key, where it is none of the stage's own."""
    key = settings.kms_key
    if key is None:
        return [TOPIC.skipped("the stage makes its own")]
    return [TOPIC.run(_ACTIONS, lambda: _check(account, key))]


def _check(account: Account, key: str) -> Check:
    kms = account.client("kms")
    try:
        metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        if code_of(error) == "NotFoundException":
            return TOPIC.failed(f"there is no key {key}", "correct logging.kms_key")
        raise
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    delivery = Delivery(
        account=account.id,
        region=account.region,
        bucket="",
        key=key,
        log_groups=f"/claude-on-bedrock/{account.deployment.stage}/",
        prefixes=(),
        role="",
        verifier="",
    )
    return judge(metadata, policy, delivery)


def judge(metadata: Mapping[str, Any], policy: Policy, delivery: Delivery) -> Check:
    """Judge the key by what KMS describes and by its policy."""
    if metadata["KeyState"] != "Enabled":
        return TOPIC.failed(
            f"the key is {metadata['KeyState']}",
            "enable it, or cancel its deletion, before you deploy",
        )
    if metadata.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        return TOPIC.failed(
            f"the key is of the kind {metadata['KeySpec']}",
            "name a symmetric key in logging.kms_key, since S3 and CloudWatch Logs take no other",
        )
    faults = list(_faults(policy, delivery))
    if faults:
        return TOPIC.failed(
            f"key policy: {'; '.join(faults)}",
            f"have the key's owner put the statements of {_PAGE} into its policy",
        )
    return TOPIC.ok("enabled, and its policy lets Bedrock, CloudWatch Logs and the account's IAM")


def _faults(policy: Policy, delivery: Delivery) -> Iterator[str]:
    yield from delivery.key_faults(policy)
    root = f"arn:aws:iam::{delivery.account}:root"
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        if not is_allowed(policy, Request(root, action, delivery.key, {})):
            yield f"the account's IAM policies cannot allow {action}"
