"""The state of the stage's alarms, and the alarms that went off in the window.

CloudWatch keeps an alarm's history for 30 days:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-common-features.html
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, stated
from claude_bedrock.cli.doctor.checks.alarms import (
    changes,
    definitions,
    is_confirmed,
    subscriptions,
)
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.period import Period

_HISTORY_RETENTION: Final = timedelta(days=30)
_FORGOTTEN: Final = (
    "Not assessed of the time before: CloudWatch keeps the history of alarms for 30 days. This "
    "leaves the exit code as it is."
)
_TOPIC: Final = "arn:aws:sns:"


class Event(NamedTuple):
    """An alarm that went off, or ceased to; `at` is ISO 8601 in UTC, `meaning` its own text."""

    at: str
    alarm: str
    before: str
    after: str
    meaning: str


class Drift(NamedTuple):
    """`alarms`: how many the stage has."""

    alarms: int
    events: Sequence[Event]
    statements: tuple[Statement, ...]


def collect_alarms(deployment: RecordingDeployment, period: Period, stacks: Sequence[str]) -> Drift:
    """Return the state and the history of the alarms that the `stacks` have made."""
    alarms: dict[str, Mapping[str, Any]] = {}
    events: list[Event] = []

    @cache
    def made() -> frozenset[str]:
        return frozenset(name for stack in stacks for name in deployment.alarms(stack))

    def armed() -> Judgment:
        # All of them or none: a part would look like all.
        alarms.update({name: alarm for name, alarm in _alarms(deployment) if name in made()})
        deleted = made() - alarms.keys()
        deployed = definitions(deployment)
        changed = [name for name, alarm in alarms.items() if changes(deployed.get(name, {}), alarm)]
        return judge_armed(alarms, _reached(deployment, alarms), deleted, changed)

    def fired() -> Judgment:
        if not made():
            return Judgment("not assessed", "The stage has no alarms.")
        events.extend(list(_events(deployment, made(), alarms, period)))
        return judge_fired(events, period)

    statements = (
        stated(
            deployment,
            "alarms-armed",
            "Every alarm that the stage made is on, with the rule that was deployed, and its topic "
            "has a confirmed subscription",
            "cloudformation:ListStackResources, cloudformation:GetTemplate, "
            "cloudwatch:DescribeAlarms and sns:ListSubscriptionsByTopic",
            armed,
        ),
        stated(
            deployment,
            "alarms-quiet",
            "No alarm of the stage was raised in the window",
            "cloudformation:ListStackResources and cloudwatch:DescribeAlarmHistory",
            fired,
        ),
    )
    known = tuple(
        statement._replace(applies=_FORGOTTEN not in statement.words) for statement in statements
    )
    return Drift(len(alarms), tuple(sorted(events)), known)


def judge_armed(
    alarms: Mapping[str, Mapping[str, Any]],
    reached: Mapping[str, Sequence[str]],
    deleted: Collection[str] = (),
    changed: Collection[str] = (),
) -> Judgment:
    """`reached` has the subscriptions of each topic that is an action of some alarm. One that is
    not confirmed gets nothing. `deleted` are alarms that the stage made, and CloudWatch lacks,
    `changed` those that ring by another rule than the deployed one."""
    if deleted:
        return Judgment("fail", f"Deleted: {', '.join(sorted(deleted))}.")
    if not alarms:
        return Judgment("fail", "The stage has no alarms.")
    mute = [name for name, alarm in alarms.items() if not _is_armed(alarm)]
    if mute:
        return Judgment("fail", f"Without an action, or turned off: {', '.join(mute)}.")
    if changed:
        return Judgment("fail", f"With another rule than was deployed: {', '.join(changed)}.")
    confirmed = {topic: sum(map(is_confirmed, arns)) for topic, arns in reached.items()}
    unheard = [name for name, alarm in alarms.items() if not _has_subscriber(alarm, confirmed)]
    if unheard:
        unsubscribed = ", ".join(sorted(topic for topic, number in confirmed.items() if not number))
        return Judgment(
            "fail",
            f"{len(unheard)} of {len(alarms)} alarms reach no one: no confirmed subscription to "
            f"{unsubscribed}.",
        )
    number = sum(confirmed.values())
    return Judgment("pass", f"All {len(alarms)} alarms; confirmed subscriptions: {number}.")


def _is_armed(alarm: Mapping[str, Any]) -> bool:
    return bool(alarm.get("ActionsEnabled") and alarm.get("AlarmActions"))


def _has_subscriber(alarm: Mapping[str, Any], confirmed: Mapping[str, int]) -> bool:
    """Return whether an action of the alarm is a topic with a confirmed subscription, or no
    topic."""
    return any(confirmed.get(action, 1) for action in alarm["AlarmActions"])


def _reached(
    deployment: RecordingDeployment, alarms: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Sequence[str]]:
    """Return the subscriptions of each topic; none of a deleted one."""
    sns = deployment.client("sns")
    actions = {action for alarm in alarms.values() for action in alarm.get("AlarmActions", [])}
    return {
        topic: subscriptions(sns, topic) or ()
        for topic in sorted(actions)
        if topic.startswith(_TOPIC)
    }


def judge_fired(events: Sequence[Event], period: Period) -> Judgment:
    off = [fired for fired in events if fired.after == "ALARM"]
    if off:
        names = ", ".join(dict.fromkeys(fired.alarm for fired in off))
        return Judgment("fail", f"Raised: {names}. Number of times: {len(off)}.")
    if period.since < period.now - _HISTORY_RETENTION:
        first = period.now - _HISTORY_RETENTION
        return Judgment("not assessed", f"None was raised since {first:%Y-%m-%d}. {_FORGOTTEN}")
    return Judgment("pass", "None was raised.")


def _alarms(deployment: RecordingDeployment) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield those of the stage's stacks: CloudFormation begins their names with the stack's."""
    pages = deployment.client("cloudwatch").get_paginator("describe_alarms")
    for page in pages.paginate(AlarmNamePrefix=deployment.stack("")):
        for alarm in page.get("MetricAlarms", []):
            yield alarm["AlarmName"], alarm


def _events(
    deployment: RecordingDeployment,
    made: Collection[str],
    alarms: Mapping[str, Mapping[str, Any]],
    period: Period,
) -> Iterator[Event]:
    """Yield the events of the alarms that the stage `made`, of deleted ones too; `alarms` has the
    others."""
    pages = deployment.client("cloudwatch").get_paginator("describe_alarm_history")
    history = pages.paginate(
        HistoryItemType="StateUpdate", StartDate=period.since, EndDate=period.until
    )
    for item in (item for page in history for item in page.get("AlarmHistoryItems", [])):
        if item["AlarmName"] in made:
            alarm = alarms.get(item["AlarmName"], {})
            change = event(item, alarm.get("AlarmDescription", ""))
            if "ALARM" in {change.before, change.after}:
                yield change


def event(item: Mapping[str, Any], meaning: str) -> Event:
    """Return the event of an item of DescribeAlarmHistory, whose data is JSON."""
    data = json.loads(item.get("HistoryData") or "{}")
    at: datetime = item["Timestamp"]
    return Event(
        at=iso(at, "seconds"),
        alarm=item["AlarmName"],
        before=data.get("oldState", {}).get("stateValue", ""),
        after=data.get("newState", {}).get("stateValue", ""),
        meaning=meaning,
    )
