"""Checks of the stage's alarms: that they are there, on and as deployed, what they say, whether
they can publish, who is notified, and the metrics of those on deliveries.

https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from claude_bedrock.cli.doctor.check import WITHHELD, Check, Topic, code_of
from claude_bedrock.cli.doctor.context import Account
from claude_bedrock.cli.shared.deployment import Client, Deployment, NoTargetError

ALARMS: Final = Topic("alarms")
SUBSCRIBERS: Final = Topic("alarm subscribers")
DELIVERIES: Final = "delivery alarms"
METRICS: Final = (
    "ModelInvocationLogsCloudWatchDelivery",
    "ModelInvocationLogsS3Delivery",
    "ModelInvocationLargeDataS3Delivery",
)
"""What the names of the metrics begin with that Bedrock writes of each way a record leaves it."""
STACK: Final = "Observability"
_NAMESPACE: Final = "AWS/Bedrock"
_CALLS: Final = "Invocations"
# The hash of the logical id, and what CloudFormation appends to it.
_GENERATED_END: Final = re.compile(r"[0-9A-F]{8}-[A-Za-z0-9]+$")

# What an alarm rings by, in the names of CloudFormation, which are those of CloudWatch:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
_RULE: Final = (
    *("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period"),
    *("Threshold", "ComparisonOperator", "EvaluationPeriods", "TreatMissingData"),
)
Definitions = Mapping[str, Mapping[str, Any]]
"""Name of an alarm in CloudWatch -> its properties in the stack's template."""
Dimensions = frozenset[tuple[str, str]]
Metrics = Mapping[str, Collection[Dimensions]]
"""Name -> the dimensions that it is written with."""


def check(account: Account) -> list[Check]:
    try:
        account.deployment.outputs(STACK)
    except NoTargetError:
        topics = [ALARMS, SUBSCRIBERS, *(Topic(DELIVERIES, name) for name in METRICS)]
        return [topic.skipped("nothing is deployed yet") for topic in topics]
    except WITHHELD:
        pass  # each check says so of its own question
    return [_alarms(account), *_subscribers(account), *_deliveries(account)]


# --- whether they are there and on


def judge_alarms(
    made: Definitions, alarms: Mapping[str, Mapping[str, Any]], deployment: Deployment
) -> Check:
    """Judge `alarms`, CloudWatch's by their names, of those that the stack has `made`."""
    command = reverting_command(deployment)
    if deleted := sorted(made.keys() - alarms.keys()):
        return ALARMS.failed(
            f"{len(deleted)} of {len(made)} are deleted: {_short_names(deleted, deployment)}",
            f"make them again by {command}",
        )
    stage_alarms = {name: alarms[name] for name in sorted(made)}
    mute = [
        name
        for name, alarm in stage_alarms.items()
        if not (alarm.get("ActionsEnabled") and alarm.get("AlarmActions"))
    ]
    if mute:
        return ALARMS.failed(
            f"{len(mute)} of {len(made)} notify no topic: {_short_names(mute, deployment)}",
            f"switch them on by `aws cloudwatch enable-alarm-actions --alarm-names NAME`, or by "
            f"{command}",
        )
    if changed := [name for name, alarm in stage_alarms.items() if changes(made[name], alarm)]:
        first = ", ".join(changes(made[changed[0]], stage_alarms[changed[0]]))
        return ALARMS.failed(
            f"{len(changed)} of {len(made)} ring by another rule than the deployed one: "
            f"{_short_names(changed, deployment)} ({first})",
            f"put the rule back by {command}",
        )
    if on := [name for name, alarm in stage_alarms.items() if alarm.get("StateValue") == "ALARM"]:
        return ALARMS.warning(
            f"{len(on)} of {len(made)} are in ALARM: {_short_names(on, deployment)}",
            "follow the runbook of each: docs/runbooks/",
        )
    return ALARMS.ok(f"{len(made)} are on and as deployed, and none is in ALARM")


def changes(definition: Mapping[str, Any], alarm: Mapping[str, Any]) -> list[str]:
    """Return what of an alarm's rule is another than in the template, with both values. A value
    that the template leaves to CloudFormation is not compared."""
    expected = {name: definition[name] for name in _RULE if not _is_intrinsic(definition, name)}
    return [
        f"{name} {alarm.get(name)} instead of {value}"
        for name, value in expected.items()
        if not _is_same(alarm.get(name), value)
    ]


def _is_intrinsic(definition: Mapping[str, Any], name: str) -> bool:
    return isinstance(definition.get(name, {}), Mapping)


def _is_same(value: object, expected: object) -> bool:
    """Return whether the two are equal, as numbers where the template's is one."""
    try:
        return float(str(value)) == float(str(expected))
    except ValueError:
        return value == expected


def definitions(deployment: Deployment) -> Definitions:
    """Return the alarms that the stack has made, those too that are deleted by now. Raises
    botocore's errors."""
    resources = deployment.template(STACK).get("Resources", {})
    pages = deployment.client("cloudformation").get_paginator("list_stack_resources")
    return {
        summary["PhysicalResourceId"]: resources.get(summary["LogicalResourceId"], {}).get(
            "Properties", {}
        )
        for page in pages.paginate(StackName=deployment.stack(STACK))
        for summary in page["StackResourceSummaries"]
        if summary["ResourceType"] == "AWS::CloudWatch::Alarm" and "PhysicalResourceId" in summary
    }


def reverting_command(deployment: Deployment) -> str:
    """Return the command that makes again what was changed or deleted by hand, and why that one."""
    return (
        f"`cdk deploy {deployment.stack(STACK)} --revert-drift -c stage={deployment.stage}`: a "
        "deployment without --revert-drift leaves a stack as it is while its template is the same"
    )


def _short_names(names: Sequence[str], deployment: Deployment) -> str:
    """Return the names without their stack's and without what CloudFormation appends."""
    prefix = f"{deployment.stack(STACK)}-Alarms"
    return ", ".join(
        _GENERATED_END.sub("", name.removeprefix(prefix)) if name.startswith(prefix) else name
        for name in names
    )


def _alarms(account: Account) -> Check:
    def ask() -> Check:
        deployment = account.deployment
        pages = account.client("cloudwatch").get_paginator("describe_alarms")
        alarms = {
            alarm["AlarmName"]: alarm
            for page in pages.paginate(AlarmNamePrefix=deployment.stack(STACK))
            for alarm in page.get("MetricAlarms", [])
        }
        return judge_alarms(definitions(deployment), alarms, deployment)

    actions = (
        "cloudwatch:DescribeAlarms, cloudformation:ListStackResources and "
        "cloudformation:GetTemplate"
    )
    return ALARMS.run(actions, ask)


# --- who is notified


def subscriptions(sns: Client, topic_arn: str) -> list[str] | None:
    """Return the ARN of each subscription of a topic, or AWS's word for one that is not confirmed;
    None where the topic is deleted. Raises botocore's errors.

    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html"""
    try:
        pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
        return [
            subscription["SubscriptionArn"]
            for page in pages
            for subscription in page["Subscriptions"]
        ]
    except ClientError as error:
        if code_of(error) == "NotFound":
            return None
        raise


def is_confirmed(subscription: str) -> bool:
    """Return whether a subscription is confirmed by its owner: until then it is
    `PendingConfirmation` and gets nothing:
    https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html"""
    return subscription.startswith("arn:")


def judge_subscribers(
    subscription_arns: Sequence[str] | None, topic_arn: str, deployment: Deployment
) -> Check:
    """Judge the subscriptions of the alarm topic; None where somebody has deleted the topic."""
    if subscription_arns is None:
        return SUBSCRIBERS.failed(
            f"the topic {topic_arn} is deleted: alarms reach only the console",
            f"make it again by {reverting_command(deployment)}. Then subscribe again, and confirm",
        )
    confirmed = sum(is_confirmed(subscription) for subscription in subscription_arns)
    waiting = subscription_arns.count("PendingConfirmation")
    if confirmed:
        also = f", {waiting} more not confirmed" if waiting else ""
        return SUBSCRIBERS.ok(f"{confirmed} confirmed{also}")
    if waiting:
        return SUBSCRIBERS.warning(
            f"{waiting} not confirmed: alarms reach only the console",
            "have the owner of the address follow the link in AWS's mail; "
            "`aws sns subscribe` sends it again",
        )
    return SUBSCRIBERS.warning(
        "none: alarms reach only the console",
        "set the stage's `alarm_email` and deploy, or subscribe an address: `aws sns subscribe "
        f"--topic-arn {topic_arn} --protocol email --notification-endpoint ADDRESS`",
    )


def _subscribers(account: Account) -> list[Check]:
    def ask() -> Check:
        try:
            topic = account.deployment.outputs(STACK)["AlarmTopicArn"]
        except NoTargetError:
            return SUBSCRIBERS.skipped("nothing is deployed yet")
        arns = subscriptions(account.client("sns"), topic)
        return judge_subscribers(arns, topic, account.deployment)

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
            f"no alarm of the stage watches {failure}", f"see the check `{ALARMS.name}`"
        )
    if not seen:
        return _unseen(topic, written)
    if set(watched[failure]) <= set(seen):
        return topic.ok("AWS writes the metric with the dimensions that the alarm watches")
    return topic.warning(
        f"the alarm watches {failure} {_in_words(watched[failure])}, and AWS writes it "
        f"{_in_words(seen)}: the alarm is never raised",
        "report this with the dimensions to the project, and watch that metric by an alarm of your "
        "own until it is fixed",
    )


def _unseen(topic: Topic, written: Metrics) -> Check:
    if any(name.startswith(METRICS) for name in written):
        return topic.skipped("cannot tell yet: nothing was delivered this way in two weeks")
    if _CALLS not in written:
        return topic.skipped("cannot tell yet: AWS has counted no call in the last two weeks")
    return topic.warning(
        "AWS counts calls, but no delivery: it writes none of the metrics that the alarms "
        f"watch, but {', '.join(sorted(written))}",
        "make a call, and run doctor again after some minutes; if this persists, look in "
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
        return judge_deliveries(_watched(account), _written(account.client("cloudwatch")))
    except WITHHELD as error:
        actions = "cloudwatch:DescribeAlarms and cloudwatch:ListMetrics"
        return [topic.withheld(error, actions) for topic in topics]


def _watched(account: Account) -> Metrics:
    pages = account.client("cloudwatch").get_paginator("describe_alarms")
    dimensions: dict[str, set[Dimensions]] = {}
    for page in pages.paginate(AlarmNamePrefix=account.deployment.stack(STACK)):
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
