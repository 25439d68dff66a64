"""How long each place of a template keeps what is written to it, worked out by our calculator.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from claude_bedrock.cli.retention.locations import ALWAYS, AT_TIMES
from claude_bedrock.retention import bucket, key, log_group
from claude_bedrock.retention.bucket import Bucket, Rule
from claude_bedrock.retention.key import Key
from claude_bedrock.retention.locations import AUDIT_LOGS, EVIDENCE, RECORDS
from claude_bedrock.retention.log_group import LogGroup, audit_days
from claude_bedrock.retention.parse_aws import read_lock
from claude_bedrock.retention.result import RetentionResult, ends, suffices
from tools.synthesis import Synthesis

Properties = Mapping[str, Any]
Resources = dict[str, Any]


def resources(synthesis: Synthesis) -> Resources:
    """Those of the two stacks that write, by logical id; a copy to be changed."""
    stacks = (synthesis.template(stack) for stack in ("InvocationLogging", "Gateway"))
    return {name: body for stack in stacks for name, body in stack["Resources"].items()}


def of_type(resources: Resources, kind: str) -> list[Properties]:
    return [body["Properties"] for body in resources.values() if body["Type"] == kind]


def log_bucket(resources: Resources) -> dict[str, Any]:
    """The properties of the bucket of records; a stage may have another, of a trail."""
    (configured,) = of_type(resources, "Custom::BedrockInvocationLogging")
    properties: dict[str, Any] = resources[configured["BucketName"]["Ref"]]["Properties"]
    return properties


def retentions(resources: Resources, day: dt.date) -> dict[str, RetentionResult]:
    """Place -> what is kept there of a day."""
    groups = {
        group["LogGroupName"].rpartition("/")[2]: log_group.retention_of(_log_group(group), day)
        for group in of_type(resources, "AWS::Logs::LogGroup")
    }
    named = {name: groups[name] for name in (*ALWAYS, *AT_TIMES) if name in groups}
    written_to = _bucket(log_bucket(resources))
    (configured,) = of_type(resources, "Custom::BedrockInvocationLogging")
    prefixes = (RECORDS, f"{configured['LargeDataPrefix']}/", EVIDENCE)
    objects = {prefix: bucket.retention_of(written_to, prefix, day) for prefix in prefixes}
    deleted = {
        f"{prefix} deleted": bucket.retention_of_deleted(written_to, prefix, day)
        for prefix in prefixes
    }
    (of_key,) = [key for key in of_type(resources, "AWS::KMS::Key") if "KeySpec" not in key]
    state = "Enabled" if of_key.get("Enabled", True) else "Disabled"
    return {**named, **objects, **deleted, "key": key.retention_of(Key(state))}


def mistakes(resources: Resources, days: int, day: dt.date) -> dict[str, str]:
    """Place -> what is not as docs/compliance.md says: kept `days` days, what explains records
    longer, and not for ever."""
    shortfalls = {}
    for location, retention in retentions(resources, day).items():
        needed = audit_days(days) if location in AUDIT_LOGS else days
        if not suffices(retention, needed):
            shortfalls[location] = f"{retention.days} days, less than {needed}"
        elif location != "key" and not ends(retention):
            shortfalls[location] = "without an end"
    return shortfalls


def _log_group(properties: Properties) -> LogGroup:
    return LogGroup(
        retention_days=properties.get("RetentionInDays"),
        protected=properties.get("DeletionProtectionEnabled", False),
        log_class=properties.get("LogGroupClass", "STANDARD"),
    )


def _bucket(properties: Properties) -> Bucket:
    rules = properties.get("LifecycleConfiguration", {}).get("Rules", [])
    return Bucket(
        rules=tuple(_rule(rule) for rule in rules if rule["Status"] == "Enabled"),
        versioning=properties.get("VersioningConfiguration", {}).get("Status", ""),
        lock=read_lock(properties.get("ObjectLockConfiguration", {})),
    )


def _rule(properties: Properties) -> Rule:
    noncurrent = properties.get("NoncurrentVersionExpiration", {})
    on = properties.get("ExpirationDate")
    return Rule(
        id=properties.get("Id", ""),
        prefix=properties.get("Prefix", ""),
        narrowed=bool(
            {"TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"} & {*properties}
        ),
        expires_days=properties.get("ExpirationInDays"),
        expires_on=dt.datetime.fromisoformat(on) if on else None,
        noncurrent_days=noncurrent.get(
            "NoncurrentDays", properties.get("NoncurrentVersionExpirationInDays")
        ),
        newer="NewerNoncurrentVersions" in noncurrent,
    )
