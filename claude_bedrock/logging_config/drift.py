"""Differences from the stage's settings, each by its kind, without any prompt."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from claude_bedrock.logging_config.configuration import DATA_TYPES, Configuration, difference
from claude_bedrock.logging_config.delivery_permissions import Delivery
from claude_bedrock.logging_config.resource_policy import Policy, statements
from claude_bedrock.retention import bucket, log_group
from claude_bedrock.retention.bucket import Bucket, BucketSettings
from claude_bedrock.retention.key import Key
from claude_bedrock.retention.log_group import LogGroup
from claude_bedrock.retention.result import suffices

Kind = Literal[
    "logging deleted",
    "records redirected",
    "bodies switched off",
    "retention shortened",
    "bucket changed",
    "key unusable",
    "log_group_drifted",
    "delivery_role_drifted",
    "data_retention_loosened",
    "catalog_outdated",
]
_FLAGS: Final = tuple(f"{kind}DataDeliveryEnabled:" for kind in DATA_TYPES)
_BEDROCK: Final = {"Service": "bedrock.amazonaws.com"}
_OWNED: Final = "BucketOwnerEnforced"
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html"""


_STRICTEST_FIRST: Final = ("none", "default", "aws_review", "provider_data_share")
"""https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html"""
_UNDECIDED: Final = "inherit"
"""The mode of an account that has none: each model's own policy holds, as under `default`."""


class Drift(NamedTuple):
    """`what` names settings and what they are now."""

    kind: Kind
    what: str


def of_configuration(current: Configuration | None, expected: Configuration) -> list[Drift]:
    """Return the drift of Bedrock's configuration from the one that the stage set or adopted."""
    if current is None:
        return [Drift("logging deleted", "the Region has no logging configuration")]
    return [
        Drift("bodies switched off" if line.startswith(_FLAGS) else "records redirected", line)
        for line in difference(current, expected)
    ]


def of_data_retention(mode: str, stage_mode: str) -> list[Drift]:
    """Return the drift of the account's data-retention mode, where it lets AWS keep more than the
    stage's; `stage_mode` is empty where the stage sets none. A mode that is not known here may."""
    effective = "default" if mode == _UNDECIDED else mode
    if not stage_mode or (
        effective in _STRICTEST_FIRST
        and _STRICTEST_FIRST.index(effective) <= _STRICTEST_FIRST.index(stage_mode)
    ):
        return []
    return [Drift("data_retention_loosened", f"mode: {mode}, {stage_mode} set by the stage")]


def of_log_group(name: str, group: LogGroup | None, days: int, today: dt.date) -> list[Drift]:
    """Return the drift of a log group that has to retain events for `days`; `group` is None where
    it does not exist."""
    if group is None:
        return [Drift("retention shortened", f"{name}: the log group does not exist")]
    retention = log_group.retention_of(group, today)
    if suffices(retention, days):
        return []
    return [Drift("retention shortened", f"{name}: {retention.rule}, {days} wanted")]


def of_bucket(
    bucket_: Bucket | None, prefixes: Sequence[str], days: int, today: dt.date
) -> list[Drift]:
    """Return the drift of what a bucket retains under `prefixes`, deleted and overwritten versions
    too."""
    if bucket_ is None:
        return [Drift("bucket changed", "the bucket does not exist")]
    faults = {
        f"{prefix}*{suffix}": of(bucket_, prefix, today)
        for prefix in prefixes
        for of, suffix in (
            (bucket.retention_of, ""),
            (bucket.retention_of_deleted, ", deleted or overwritten"),
        )
    }
    return [
        Drift("bucket changed", f"{name}: {fault.rule}, {days} days wanted")
        for name, fault in faults.items()
        if not suffices(fault, days)
    ]


def of_lock(bucket_: Bucket | None, mode: str, days: int) -> list[Drift]:
    """Return the drift of the default retention of the stage's own bucket; `mode` is empty where
    the stage asks for none."""
    lock = bucket_.lock if bucket_ else None
    if not mode or (lock and lock.mode == mode.upper() and lock.days >= days):
        return []
    there = f"{lock.mode.lower()}, {lock.days} days" if lock else "no lock"
    return [Drift("bucket changed", f"lock: {there}, {mode} of {days} days wanted")]


def of_bucket_settings(settings: BucketSettings, key_arn: str) -> list[Drift]:
    """Return the drift of the encryption, the public access block and the object ownership of the
    stage's own bucket."""
    wrong = []
    if _id_of(settings.key) != _id_of(key_arn):
        wrong.append(
            f"it encrypts with {settings.key or 'a key of S3'} by default, not the stage's"
        )
    if settings.not_blocked:
        wrong.append(f"public access: {', '.join(settings.not_blocked)} is off")
    if settings.ownership != _OWNED:
        wrong.append(f"object ownership: {settings.ownership or 'not set'}, {_OWNED} wanted")
    return [Drift("bucket changed", fault) for fault in wrong]


def of_replication(rules: Sequence[Mapping[str, Any]], archive: Mapping[str, str]) -> list[Drift]:
    """Return the drift of the bucket's replication rules from the one into the stage's archive: of
    every object, those encrypted with KMS too. `archive` has `bucket` and `key`.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationRule.html"""
    if any(is_into(rule, archive) for rule in rules):
        return []
    fault = f"none of {len(rules)} rules has every object replicated into {archive['bucket']}"
    return [Drift("bucket changed", f"replication: {fault}")]


def is_into(rule: Mapping[str, Any], archive: Mapping[str, str]) -> bool:
    """Return whether a replication rule covers every object, and leads into the archive."""
    destination = rule.get("Destination", {})
    encrypted = rule.get("SourceSelectionCriteria", {}).get("SseKmsEncryptedObjects", {})
    # Of Filter, anything but an empty prefix leaves objects out.
    narrowed = any(rule.get("Filter", {}).values()) or bool(rule.get("Prefix"))
    return (
        rule.get("Status") == encrypted.get("Status") == "Enabled"
        and not narrowed
        and destination.get("Bucket") == f"arn:aws:s3:::{archive['bucket']}"
        and destination.get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID") == archive["key"]
    )


def of_policy(policy: Policy | None, delivery: Delivery) -> list[Drift]:
    """Return the drift of the policy of the stage's own bucket: closed without TLS, evidence
    written once, and no principal allowed but Bedrock and the verification."""
    held = policy or {}
    wrong = list(delivery.bucket_faults(held))
    allowed = [statement for statement in statements(held) if statement["Effect"] == "Allow"]
    if any(fault.get("Principal") != _BEDROCK for fault in allowed):
        wrong.append("others than Bedrock are allowed something")
    return [Drift("bucket changed", f"policy: {fault}") for fault in wrong]


def of_key(key: Key | None) -> list[Drift]:
    """Return the drift of the key that encrypts the record; None is a key that does not exist."""
    state = "gone" if key is None else key.state
    return [] if state == "Enabled" else [Drift("key unusable", f"the key is {state}")]


def of_key_policy(policy: Policy, delivery: Delivery) -> list[Drift]:
    """Return the drift of the key's policy: Bedrock uses it for what it delivers, CloudWatch Logs
    for the log groups."""
    return [Drift("key unusable", f"key policy: {fault}") for fault in delivery.key_faults(policy)]


def of_log_settings(
    name: str, group: LogGroup | None, key_arn: str, *, protected: bool
) -> list[Drift]:
    """Return how a log group of the stage's own is set up, beside its retention; `protected` is
    whether the stage has it protected from deletion."""
    if group is None:
        return []
    wrong = []
    if group.key_arn != key_arn:
        wrong.append(f"encrypted with {group.key_arn or 'a key of CloudWatch'}, not the stage's")
    if group.masked:
        wrong.append("a data protection policy masks what is read")
    if protected and not group.protected:
        wrong.append("deletion protection is off")
    return [Drift("log_group_drifted", f"{name}: {fault}") for fault in wrong]


def of_delivery_role(
    trust: Policy | None, not_allowed: Sequence[str], delivery: Delivery
) -> list[Drift]:
    """Return the role by which Bedrock delivers; `not_allowed` are actions that IAM does not let
    it take, and a trust policy of None is that of a role that is not there."""
    if trust is None:
        return [Drift("delivery_role_drifted", "the delivery role does not exist")]
    wrong = [*delivery.trust_faults(trust), *(f"it may not {fault}" for fault in not_allowed)]
    return [Drift("delivery_role_drifted", f"delivery role: {fault}") for fault in wrong]


def _id_of(key: str) -> str:
    """Return the key's id: a bucket may name its key by the id alone."""
    return key.rpartition("/")[2]
