"""Where a stage's records, evidence and budgets are stored, and how it is emptied when the stage
goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

from claude_bedrock.budgets.budget import to_json
from stacks import budget_rules
from stacks.components.iam.legal_hold_permissions import ROLE as LEGAL_HOLD
from stacks.components.iam.legal_hold_permissions import deny_other_legal_holds
from stacks.components.iam.stage_names import StageNames
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.record.auto_delete_objects import AutoDeleteObjects, BucketEmptierFunction
from stacks.components.record.budget_table import BudgetTable
from stacks.components.record.log_bucket import LogBucket
from stacks.components.record.verification import deny_overwriting_evidence
from stacks.components.stack_outputs import add_outputs
from stacks.log_archive import add_archive_replication
from stacks.stage import Stage


class RecordStore(NamedTuple):
    """The bucket of records and evidence, and the settings of log groups, with the key of both."""

    bucket: s3.Bucket
    log_settings: LogGroupSettings


def add_record_store(stack: cdk.Stack, stage: Stage, log_settings: LogGroupSettings) -> RecordStore:
    """Create the log bucket, which nobody else writes evidence into, and its archive."""
    bucket = LogBucket(
        stack,
        "Bucket",
        key=log_settings.key,
        retention_days=stage.logging.retention_days,
        retain=log_settings.retain,
        object_lock=stage.logging.object_lock,
    ).bucket
    bucket.add_to_resource_policy(deny_overwriting_evidence(bucket))
    add_archive_replication(stack, stage, bucket=bucket, key=log_settings.key)
    if stage.account.roles.legal_hold:
        holder = StageNames(stage.name, stack).iam(stage.role_names.resource(LEGAL_HOLD))
        bucket.add_to_resource_policy(deny_other_legal_holds(bucket, holder))
    return RecordStore(bucket, log_settings)


def add_budget_table(
    stack: cdk.Stack, stage: Stage, log_settings: LogGroupSettings
) -> BudgetTable | None:
    """Create the table that counts what callers spend, where the stage has budgets."""
    if not stage.callers.counts_spending:
        return None
    table = BudgetTable(stack, "Budgets", key=log_settings.key, retain=log_settings.retain)
    outputs = {
        "BudgetTableName": (table.table.table_name, "Table of budgets"),
        "BudgetRules": (to_json(budget_rules.rules(stage)), "JSON: the budgets"),
    }
    add_outputs(stack, outputs)
    return table


def empty_buckets_last(
    stack: cdk.Stack,
    buckets: Mapping[str, s3.Bucket],
    writers: Iterable[IConstruct],
    log_settings: LogGroupSettings,
) -> None:
    """Have everything that writes to a bucket deleted before the bucket is emptied: Bedrock's
    configuration and its rights, since it delivers records minutes after a call. `buckets` are
    named by their custom resources."""
    emptier = BucketEmptierFunction(
        stack, "Emptier", buckets=list(buckets.values()), log_settings=log_settings
    )
    emptied = [
        AutoDeleteObjects(stack, name, bucket=bucket, function=emptier.function)
        for name, bucket in buckets.items()
    ]
    policies = [bucket.policy for bucket in buckets.values() if bucket.policy]
    for writer in (*writers, *policies):
        writer.node.add_dependency(*emptied)
