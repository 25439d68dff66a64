"""The check of the alarms' metrics by the names and dimensions that AWS publishes."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject

Dimensions = frozenset[str]
"""Their names. A new function or API has no values of its own yet, but others show the names."""
_AT_ONCE: Final = 100
"""DescribeAlarms takes as many names."""


def judge_metrics(subject: Subject) -> Finding:
    """Check the names and dimensions of the metrics that the alarms watch. A metric appears with
    its first value, so one without a value yet is no mistake."""
    unseen, mistaken = list[str](), list[str]()
    published = dict[str, list[Dimensions]]()
    alarms = list(_alarms(subject))
    for alarm in alarms:
        name = f"{alarm['Namespace']} {alarm['MetricName']}"
        published[name] = list(_published(subject, alarm))
        if not published[name]:
            unseen.append(name)
        elif _dimensions(alarm) not in published[name]:
            mistaken.append(name)
    measured = {
        "unseen": sorted(set(unseen)),
        "dimensions": {
            name: sorted({", ".join(sorted(names)) for names in dimensions})
            for name, dimensions in sorted(published.items())
        },
    }
    if mistaken:
        names = ", ".join(sorted(set(mistaken)))
        return failed(f"Alarms watch {names} by dimensions AWS does not publish.", **measured)
    if len(unseen) == len(alarms):
        return not_assessed("None of the metrics has a value yet: run it again later.", **measured)
    watched = len(alarms) - len(unseen)
    return passed(
        f"{watched} alarms watch published metrics; {len(unseen)} have no value yet.", **measured
    )


def _alarms(subject: Subject) -> Iterator[Mapping[str, Any]]:
    """Yield the stage's alarms on one metric each."""
    pages = subject.client("cloudformation").get_paginator("list_stack_resources")
    names = [
        resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=subject.deployment.stack("Observability"))
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::CloudWatch::Alarm"
    ]
    for start in range(0, len(names), _AT_ONCE):
        described = subject.client("cloudwatch").describe_alarms(
            AlarmNames=names[start : start + _AT_ONCE], MaxRecords=_AT_ONCE
        )
        yield from (alarm for alarm in described["MetricAlarms"] if "MetricName" in alarm)


def _published(subject: Subject, alarm: Mapping[str, Any]) -> Iterator[Dimensions]:
    pages = subject.client("cloudwatch").get_paginator("list_metrics")
    for page in pages.paginate(Namespace=alarm["Namespace"], MetricName=alarm["MetricName"]):
        yield from (_dimensions(metric) for metric in page["Metrics"])


def _dimensions(metric: Mapping[str, Any]) -> Dimensions:
    return frozenset(dimension["Name"] for dimension in metric.get("Dimensions", []))


CHECKS: Final = (
    Check(
        "metric names",
        "Every alarm watches its metric by the name and dimensions that AWS publishes.",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring.html",
        judge_metrics,
    ),
)
