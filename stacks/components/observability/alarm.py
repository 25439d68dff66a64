"""CloudWatch alarms: definitions, and the alarm that each of them becomes."""

from __future__ import annotations

from typing import NamedTuple

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


class AlarmDefinition(NamedTuple):
    """An alarm when `metric` is `threshold` or more in each of `periods` in a row.

    `meaning` says what happened, why it matters and where to look; what to do is on the runbook
    page of the alarm's name. Without traffic there is no symptom, so missing data is good; with
    `on_missing_data` the alarm is on a scheduled run that is missing: `metric` then needs a first
    data point before the alarm is created (stacks/components/record/initial_metrics.py).
    """

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    meaning: str
    periods: int = 1
    on_missing_data: bool = False


def add_alarm(scope: Construct, definition: AlarmDefinition, topic: sns.ITopic) -> cloudwatch.Alarm:
    """Create the alarm, which publishes to `topic`; return it."""
    operators, missing = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
    alarm = cloudwatch.Alarm(
        scope,
        definition.name,
        metric=definition.metric,
        threshold=definition.threshold,
        evaluation_periods=definition.periods,
        comparison_operator=operators.LESS_THAN_THRESHOLD
        if definition.on_missing_data
        else operators.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=missing.BREACHING
        if definition.on_missing_data
        else missing.NOT_BREACHING,
        # The topic's e-mail has no other way to the page.
        alarm_description=f"{definition.meaning} What to do: docs/runbooks/{definition.name}.md",
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    return alarm
