"""Checks of the alarms' subscribers, and of the metrics of alarms on deliveries.

https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import Client, NoTargetError

SUBSCRIBERS: Final = Topic("alarm subscribers")
DELIVERIES: Final = "delivery alarms"
METRICS: Final = (
    "ModelInvocationLogsCloudWatchDelivery",
    "ModelInvocationLogsS3Delivery",
    "ModelInvocationLargeDataS3Delivery",
)
"""What the names of the metrics begin with that Bedrock writes of each way a record leaves it."""
_NAMESPACE: Final = "AWS/Bedrock"
_CALLS: Final = "Invocations"

Dimensions = frozenset[tuple[str, str]]
Metrics = Mapping[str, Collection[Dimensions]]
"""Name -> the dimensions that it is written with."""


def check(account: Account) -> list[Check]:
    return [*_subscribers(account), *_deliveries(account)]


# --- who is notified


def subscriptions(sns: Client, topic_arn: str) -> list[str]:
    """Return the ARN of each subscription of a topic, or AWS's word for one that is not confirmed.
    Raises botocore's errors."""
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
    return [
        subscription["SubscriptionArn"] for page in pages for subscription in page["Subscriptions"]
    ]


def is_confirmed(subscription: str) -> bool:
    """Return whether a subscription is confirmed by its owner: until then it is
    `PendingConfirmation` and gets nothing:
    https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html"""
    return subscription.startswith("arn:")


def judge_subscribers(subscription_arns: Sequence[str], topic_arn: str) -> Check:
    confirmed = sum(is_confirmed(subscription) for subscription in subscription_arns)
    waiting = subscription_arns.count("PendingConfirmation")
    if confirmed:
        also = f", {waiting} more not confirmed" if waiting else ""
        return SUBSCRIBERS.ok(f"{confirmed} confirmed{also}")
    if waiting:
        return SUBSCRIBERS.warning(
            f"{waiting} not confirmed: no alarm reaches anybody",
            "have the owner of the address follow the link in AWS's mail; "
            "`aws sns subscribe` sends it again",
        )
    return SUBSCRIBERS.warning(
        "none: no alarm reaches anybody",
        "set the stage's `alarm_email` and deploy, or subscribe somebody: `aws sns subscribe "
        f"--topic-arn {topic_arn} --protocol email --notification-endpoint ADDRESS`",
    )


def _subscribers(account: Account) -> list[Check]:
    def ask() -> Check:
        try:
            topic = account.deployment.outputs("Observability")["AlarmTopicArn"]
        except NoTargetError:
            return SUBSCRIBERS.skipped("nothing is deployed yet")
        return judge_subscribers(subscriptions(account.client("sns"), topic), topic)

    actions = "sns:ListSubscriptionsByTopic and cloudformation:DescribeStacks"
    return [SUBSCRIBERS.run(actions, ask)]


# --- what the alarms on deliveries watch


def judge_deliveries(watched: Metrics, written: Metrics) -> list[Check]:
    """Compare `watched`, the metrics of the stage's alarms on deliveries, with `written`, those of
    Bedrock."""
    return [_judge_delivery(name, watched, written) for name in METRICS]


def _judge_delivery(name: str, watched: Metrics, written: Metrics) -> Check:
    topic, failure = Topic(DELIVERIES, name), f"{name}Failure"
    # A delivery that never failed has no metric of failures; that of successes is written alike.
    seen = written.get(failure) or written.get(f"{name}Success")
    if failure not in watched:
        return topic.warning(
            f"no alarm of the stage watches {failure}", "deploy the Observability stack again"
        )
    if not seen:
        return _unseen(topic, written)
    if set(watched[failure]) <= set(seen):
        return topic.ok("AWS writes the metric with the dimensions that the alarm watches")
    return topic.warning(
        f"the alarm watches {failure} {_in_words(watched[failure])}, and AWS writes it "
        f"{_in_words(seen)}: the alarm never goes off",
        "report this with the dimensions to the project, and watch that metric by an alarm of your "
        "own until it is mended",
    )


def _unseen(topic: Topic, written: Metrics) -> Check:
    if _CALLS not in written:
        return topic.skipped("cannot tell yet: AWS has counted no call in the last two weeks")
    if any(name.startswith(METRICS) for name in written):
        return topic.skipped("cannot tell yet: nothing was delivered this way in two weeks")
    return topic.warning(
        "calls are counted, and no delivery is: AWS writes none of the metrics that the alarms "
        f"watch, but {', '.join(sorted(written))}",
        "make a call, and run doctor again after some minutes; if it stays so, look in "
        "CloudWatch for how AWS names deliveries now, and report it to the project",
    )


def _in_words(dimensions: Collection[Dimensions]) -> str:
    texts = (
        ", ".join(f"{name}={value}" for name, value in sorted(dimension))
        for dimension in dimensions
    )
    return " or ".join(sorted(f"with {text}" if text else "without dimensions" for text in texts))


def _deliveries(account: Account) -> list[Check]:
    topics = [Topic(DELIVERIES, name) for name in METRICS]
    try:
        watched = _watched(account)
        if not watched:
            return [topic.skipped("nothing is deployed yet") for topic in topics]
        return judge_deliveries(watched, _written(account.client("cloudwatch")))
    except WITHHELD as error:
        actions = "cloudwatch:DescribeAlarms and cloudwatch:ListMetrics"
        return [topic.withheld(error, actions) for topic in topics]


def _watched(account: Account) -> Metrics:
    pages = account.client("cloudwatch").get_paginator("describe_alarms")
    dimensions: dict[str, set[Dimensions]] = {}
    for page in pages.paginate(AlarmNamePrefix=account.deployment.stack("Observability")):
        for alarm in page.get("MetricAlarms", []):
            if alarm.get("Namespace") == _NAMESPACE:
                dimensions.setdefault(alarm["MetricName"], set()).add(_dimensions(alarm))
    return dimensions


def _written(cloudwatch: Client) -> Metrics:
    """Return the dimensions by metric:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html"""
    dimensions: dict[str, set[Dimensions]] = {}
    for page in cloudwatch.get_paginator("list_metrics").paginate(Namespace=_NAMESPACE):
        for metric in page["Metrics"]:
            dimensions.setdefault(metric["MetricName"], set()).add(_dimensions(metric))
    return dimensions


def _dimensions(answer: Mapping[str, Any]) -> Dimensions:
    return frozenset(
        (dimension["Name"], dimension["Value"]) for dimension in answer.get("Dimensions", [])
    )
