"""Alone knows how a log group of ours is kept: named, encrypted, and for a stated time."""

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


class LogKeeping(NamedTuple):
    """How a stage keeps its log groups: named `prefix`/…, under `key`, for `retention_days` (a key
    of RETENTION, where 30 is the least; None without an end), and beyond the life of the stack if
    `keep`."""

    prefix: str
    key: kms.IKey
    retention_days: int | None
    keep: bool

    def for_audit_entries(self) -> LogKeeping:
        """The same, for as much longer as audit entries have to outlive the records they explain.
        Beyond CloudWatch's longest retention there is none without an end."""
        if self.retention_days is None:
            return self
        needed = audit_days(self.retention_days)
        return self._replace(
            retention_days=next((days for days in RETENTION if days >= needed), None)
        )

    def while_deployed(self) -> LogKeeping:
        """The same, but gone with the stack: for what only tells how a deployment went."""
        return self._replace(keep=False)


def log_group(
    scope: Construct, construct_id: str, *, name: str, keeping: LogKeeping
) -> logs.LogGroup:
    """The log group `name` of a stage that keeps its logs as `keeping` says."""
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=f"{keeping.prefix}/{name}",
        encryption_key=keeping.key,
        retention=logs.RetentionDays.INFINITE
        if keeping.retention_days is None
        else RETENTION[keeping.retention_days],
        # Whoever keeps logs beyond the stack does not lose them to a single call either.
        deletion_protection_enabled=True if keeping.keep else None,
        removal_policy=removal_policy(keep=keeping.keep),
    )
