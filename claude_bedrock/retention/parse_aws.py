"""Parsers of AWS's answers: boto3's dictionaries in, the calculator's types out."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from claude_bedrock.retention.bucket import PUBLIC_ACCESS, Bucket, BucketSettings, Lock, Rule
from claude_bedrock.retention.key import Key
from claude_bedrock.retention.log_group import LogGroup

Answer = Mapping[str, Any]
Unless = Callable[[str, Callable[[], Answer]], Answer | None]
"""Asks, and answers None where AWS says by the error of that name that there is nothing."""

_SHORTEST_YEAR_DAYS: Final = 365
_SIZES: Final = {"ObjectSizeGreaterThan", "ObjectSizeLessThan"}


def read_log_group(answer: Answer) -> LogGroup:
    """Read a log group in the answer of DescribeLogGroups."""
    return LogGroup(
        retention_days=answer.get("retentionInDays"),
        protected=answer.get("deletionProtectionEnabled", False),
        log_class=answer.get("logGroupClass", "STANDARD"),
        key_arn=answer.get("kmsKeyId", ""),
        masked=answer.get("dataProtectionStatus") == "ACTIVATED"
        or "ACCOUNT_DATA_PROTECTION" in answer.get("inheritedProperties", []),
    )


def fetch_bucket(s3: Any, name: str, unless: Unless) -> Bucket | None:  # noqa: ANN401
    """Ask S3, by boto3's client, how a bucket keeps objects; None where there is no such bucket.

    `unless` takes AWS's name of an error and a question, and answers None where it ends by that
    error. Raises what a question raises otherwise."""
    versioning = unless("NoSuchBucket", lambda: s3.get_bucket_versioning(Bucket=name))
    if versioning is None:
        return None
    rules = unless(
        "NoSuchLifecycleConfiguration",
        lambda: s3.get_bucket_lifecycle_configuration(Bucket=name),
    )
    lock = unless(
        "ObjectLockConfigurationNotFoundError",
        lambda: s3.get_object_lock_configuration(Bucket=name),
    )
    return read_bucket(rules or {}, versioning, lock or {})


def read_bucket(lifecycle: Answer, versioning: Answer, lock: Answer) -> Bucket:
    """Read the answers of GetBucketLifecycleConfiguration, GetBucketVersioning and
    GetObjectLockConfiguration, each empty where the bucket has none."""
    return Bucket(
        rules=read_rules(lifecycle.get("Rules", [])),
        versioning=versioning.get("Status", ""),
        lock=read_lock(lock.get("ObjectLockConfiguration", {})),
    )


def read_bucket_settings(encryption: Answer, block: Answer, ownership: Answer) -> BucketSettings:
    """Read the answers of GetBucketEncryption, GetPublicAccessBlock and GetBucketOwnershipControls,
    each empty where the bucket has none."""
    encrypted = encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    defaults = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in encrypted]
    blocked = block.get("PublicAccessBlockConfiguration", {})
    owned = ownership.get("OwnershipControls", {}).get("Rules", [])
    return BucketSettings(
        key=next((default.get("KMSMasterKeyID", "") for default in defaults), ""),
        not_blocked=tuple(name for name in PUBLIC_ACCESS if not blocked.get(name)),
        ownership=next((rule["ObjectOwnership"] for rule in owned), ""),
    )


def read_rules(answers: Sequence[Answer]) -> tuple[Rule, ...]:
    """Read the enabled rules in the answer of GetBucketLifecycleConfiguration."""
    return tuple(_rule(answer) for answer in answers if answer["Status"] == "Enabled")


def _rule(answer: Answer) -> Rule:
    chosen = answer.get("Filter", {})
    both = chosen.get("And", {})
    expiry, noncurrent = answer.get("Expiration", {}), answer.get("NoncurrentVersionExpiration", {})
    on: dt.datetime | None = expiry.get("Date")
    return Rule(
        id=answer.get("ID", ""),
        prefix=answer.get("Prefix") or chosen.get("Prefix") or both.get("Prefix") or "",
        narrowed=bool({"Tag", "Tags", *_SIZES} & {*chosen, *both}),
        expires_days=expiry.get("Days"),
        expires_on=on.astimezone(dt.UTC) if on else None,
        noncurrent_days=noncurrent.get("NoncurrentDays"),
        newer=bool(noncurrent.get("NewerNoncurrentVersions")),
    )


def read_lock(answer: Answer) -> Lock | None:
    """Read the default retention in the answer of GetObjectLockConfiguration, if there is one."""
    default = answer.get("Rule", {}).get("DefaultRetention", {})
    if "Mode" not in default:
        return None
    days = default.get("Days") or default["Years"] * _SHORTEST_YEAR_DAYS
    return Lock(default["Mode"], days)


def read_key(answer: Answer) -> Key:
    """Read the metadata in the answer of DescribeKey."""
    on: dt.datetime | None = answer.get("DeletionDate")
    return Key(answer["KeyState"], on.astimezone(dt.UTC) if on else None)
