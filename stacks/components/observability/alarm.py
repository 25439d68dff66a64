"""Alone knows what every alarm of ours has: a threshold, a sentence and a page, an action."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


def symptom_alarm(
    scope: Construct,
    construct_id: str,
    *,
    metric: cloudwatch.IMetric,
    at_least: float,
    periods: int,
    meaning: str,
    topic: sns.ITopic,
) -> cloudwatch.Alarm:
    """An alarm when `metric` is `at_least` that much in each of `periods` in a row.

    Without traffic there is no symptom: missing data is good. `meaning` tells who is woken what
    it means; what to do is on the page of the alarm's name.
    """
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=at_least,
        evaluation_periods=periods,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=_described(meaning, construct_id),
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    return alarm


def silence_alarm(
    scope: Construct,
    construct_id: str,
    *,
    metric: cloudwatch.IMetric,
    periods: int,
    meaning: str,
    topic: sns.ITopic,
) -> cloudwatch.Alarm:
    """An alarm when something that runs by the clock has counted no run in any of `periods` in a
    row: missing data is what it is about, so `metric` needs a first data point before the alarm is
    made (stacks/components/record/initial_metrics.py)."""
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        metric=metric,
        threshold=1,
        evaluation_periods=periods,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        alarm_description=_described(meaning, construct_id),
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    return alarm


def _described(meaning: str, name: str) -> str:
    """With the page's place in the project: a topic's mail has no other way to it."""
    return f"{meaning} What to do: docs/runbooks/{name}.md"
