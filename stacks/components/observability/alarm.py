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
    data point before the alarm is created (stacks/components/record/initial_metrics.py). With
    `runs_out` the alarm is on a number below `threshold`; missing data leaves it as it is.
    """

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    meaning: str
    periods: int = 1
    on_missing_data: bool = False
    runs_out: bool = False


def add_alarm(scope: Construct, definition: AlarmDefinition, topic: sns.ITopic) -> cloudwatch.Alarm:
    """Create the alarm, which publishes to `topic`; return it."""
    operators = cloudwatch.ComparisonOperator
    is_below = definition.on_missing_data or definition.runs_out
    alarm = cloudwatch.Alarm(
        scope,
        definition.name,
        metric=definition.metric,
        threshold=definition.threshold,
        evaluation_periods=definition.periods,
        comparison_operator=operators.LESS_THAN_THRESHOLD
        if is_below
        else operators.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=_missing_data(definition),
        # The topic's e-mail has no other way to the page.
        alarm_description=f"{definition.meaning} What to do: docs/runbooks/{definition.name}.md",
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    return alarm


def _missing_data(definition: AlarmDefinition) -> cloudwatch.TreatMissingData:
    if definition.on_missing_data:
        return cloudwatch.TreatMissingData.BREACHING
    if definition.runs_out:
        return cloudwatch.TreatMissingData.IGNORE
    return cloudwatch.TreatMissingData.NOT_BREACHING
