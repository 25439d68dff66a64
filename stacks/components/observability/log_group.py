"""Log groups of a stage: names, encryption, retention and removal."""

from __future__ import annotations

from typing import NamedTuple

from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from claude_bedrock.retention.log_group import audit_days
from stacks.components.removal_policy import removal_policy

RETENTION = {
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    120: logs.RetentionDays.FOUR_MONTHS,
    150: logs.RetentionDays.FIVE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    400: logs.RetentionDays.THIRTEEN_MONTHS,
    545: logs.RetentionDays.EIGHTEEN_MONTHS,
    731: logs.RetentionDays.TWO_YEARS,
    1096: logs.RetentionDays.THREE_YEARS,
    1827: logs.RetentionDays.FIVE_YEARS,
    2192: logs.RetentionDays.SIX_YEARS,
    2557: logs.RetentionDays.SEVEN_YEARS,
    2922: logs.RetentionDays.EIGHT_YEARS,
    3288: logs.RetentionDays.NINE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}


class LogGroupSettings(NamedTuple):
    """What the log groups of a stage have in common: names `prefix`/…, encryption by `key`,
    `retention_days` (a key of RETENTION, where 30 is the least; None without an end), and whether
    they outlive the stack (`retain`)."""

    prefix: str
    key: kms.IKey
    retention_days: int | None
    retain: bool

    def for_audit_entries(self) -> LogGroupSettings:
        """Return settings with the longer retention of audit log entries, which have to outlive the
        records they explain. Beyond CloudWatch's longest retention there is none without an end."""
        if self.retention_days is None:
            return self
        needed = audit_days(self.retention_days)
        return self._replace(
            retention_days=next((days for days in RETENTION if days >= needed), None)
        )

    def deleted_with_stack(self) -> LogGroupSettings:
        """Return the settings without `retain`, for logs of deployments and of single runs."""
        return self._replace(retain=False)


def log_group(
    scope: Construct, construct_id: str, *, name: str, settings: LogGroupSettings
) -> logs.LogGroup:
    """Create the log group `name` of a stage with these settings."""
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=f"{settings.prefix}/{name}",
        encryption_key=settings.key,
        retention=logs.RetentionDays.INFINITE
        if settings.retention_days is None
        else RETENTION[settings.retention_days],
        # A log group that outlives the stack is not lost to a single DeleteLogGroup call either.
        # Without the property, CloudFormation might leave on what an earlier deployment turned on.
        deletion_protection_enabled=settings.retain,
        removal_policy=removal_policy(retain=settings.retain),
    )
