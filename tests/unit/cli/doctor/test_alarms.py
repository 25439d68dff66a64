"""Who hears of alarms, and whether those on deliveries watch what Bedrock writes."""

from collections.abc import Mapping

import boto3
import pytest
from botocore.stub import Stubber

from claude_bedrock.cli.doctor.check import Outcome
from claude_bedrock.cli.doctor.checks.alarms import (
    METRICS,
    Dimensions,
    judge_alarms,
    judge_deliveries,
    judge_subscribers,
    subscriptions,
)
from claude_bedrock.cli.shared.deployment import Deployment

TOPIC = "arn:aws:sns:us-east-1:123456789012:claude-on-bedrock-dev-alarms"
DEPLOYMENT = Deployment("dev", "us-east-1", None)
SUBSCRIBED = f"{TOPIC}:1111"
NONE: Dimensions = frozenset()
ALL_MODELS: Dimensions = frozenset({("ModelId", "Across all model IDs")})
WATCHED = {f"{name}Failure": {NONE} for name in METRICS}
SUCCESSES = {f"{name}Success": {NONE} for name in METRICS}


@pytest.mark.parametrize(
    ("subscribers", "outcome", "words"),
    [
        ([], "warning", "none"),
        (["PendingConfirmation"], "warning", "1 not confirmed"),
        (["Deleted"], "warning", "none"),
        ([SUBSCRIBED], "ok", "1 confirmed"),
        ([SUBSCRIBED, "PendingConfirmation"], "ok", "1 confirmed, 1 more not confirmed"),
        (None, "failed", f"the topic {TOPIC} is deleted"),
    ],
)
def test_only_a_confirmed_subscription_counts(
    subscribers: list[str] | None, outcome: Outcome, words: str
) -> None:
    check = judge_subscribers(subscribers, TOPIC, DEPLOYMENT)
    assert (check.outcome, check.found.startswith(words)) == (outcome, True)
    assert bool(check.fix) is (outcome != "ok")


def test_all_pages_of_subscriptions_are_read() -> None:
    sns = boto3.client(
        "sns", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(sns) as stubber:
        for token, arn in (("2", "PendingConfirmation"), ("", SUBSCRIBED)):
            page = {
                "Subscriptions": [{"SubscriptionArn": arn}],
                **({"NextToken": token} if token else {}),
            }
            request = {"TopicArn": TOPIC, **({} if token else {"NextToken": "2"})}
            stubber.add_response("list_subscriptions_by_topic", page, request)
        assert subscriptions(sns, TOPIC) == ["PendingConfirmation", SUBSCRIBED]
        stubber.add_client_error("list_subscriptions_by_topic", "NotFound", "Topic does not exist")
        assert subscriptions(sns, TOPIC) is None


@pytest.mark.parametrize(
    ("written", "outcome", "words"),
    [
        (SUCCESSES, "ok", "AWS writes"),
        (SUCCESSES | {f"{METRICS[0]}Failure": {NONE}}, "ok", "AWS writes"),
        (SUCCESSES | {f"{METRICS[0]}Failure": {ALL_MODELS}}, "warning", "the alarm watches"),
        (SUCCESSES | {f"{METRICS[0]}Success": {ALL_MODELS}}, "warning", "the alarm watches"),
        (SUCCESSES | {f"{METRICS[0]}Success": {ALL_MODELS, NONE}}, "ok", "AWS writes"),
        ({}, "skipped", "cannot tell yet"),
        ({"Invocations": {ALL_MODELS}}, "warning", "AWS counts calls"),
        ({"Invocations": {NONE}, f"{METRICS[1]}Success": {NONE}}, "skipped", "cannot tell yet"),
        ({f"{METRICS[1]}Success": {NONE}}, "skipped", "cannot tell yet: nothing was delivered"),
        ({"Invocations": {NONE}, "LogDeliveryFailure": {NONE}}, "warning", "AWS counts calls"),
    ],
)
def test_an_alarm_that_watches_nothing_is_detected(
    written: Mapping[str, set[Dimensions]], outcome: Outcome, words: str
) -> None:
    first, *_ = judge_deliveries(WATCHED, written)
    assert (first.name, first.subject) == ("delivery alarms", METRICS[0])
    assert (first.outcome, first.found.startswith(words)) == (outcome, True)


def test_the_dimensions_that_were_read_are_named() -> None:
    seen = {f"{name}Success": {ALL_MODELS} for name in METRICS}
    for check in judge_deliveries(WATCHED, seen):
        assert "without dimensions" in check.found
        assert "with ModelId=Across all model IDs" in check.found


def test_an_alarm_that_is_not_there_is_missed() -> None:
    last = {name: seen for name, seen in WATCHED.items() if not name.startswith(METRICS[-1])}
    assert [delivery.outcome for delivery in judge_deliveries(last, SUCCESSES)] == [
        "ok",
        "ok",
        "warning",
    ]


def test_a_deliveries_alarm_that_is_deleted_is_no_stage_that_is_not_deployed() -> None:
    checks = judge_deliveries({}, SUCCESSES)

    assert [check.outcome for check in checks] == ["warning"] * len(METRICS)


ALARM = "claude-on-bedrock-dev-Observability-AlarmsKmsKeyUnusable1A2B3C4D-5E6F"
OTHER = "claude-on-bedrock-dev-Observability-AlarmsLostCall1A2B3C4D-XyZ"
RULE = {"MetricName": "Errors", "Threshold": 1, "Period": 300, "EvaluationPeriods": 1}
ON = {"ActionsEnabled": True, "AlarmActions": [TOPIC], "StateValue": "OK", **RULE}
DEPLOYED = {**RULE, "Namespace": {"Ref": "Somewhere"}, "Threshold": "1.0"}


@pytest.mark.parametrize(
    ("alarms", "outcome", "found"),
    [
        ({ALARM: ON, OTHER: ON, "of-a-stage-beside": {}}, "ok", "2 are on and as deployed"),
        ({OTHER: ON}, "failed", "1 of 2 are deleted: KmsKeyUnusable"),
        ({}, "failed", "2 of 2 are deleted: KmsKeyUnusable, LostCall"),
        ({ALARM: ON, OTHER: {**ON, "ActionsEnabled": False}}, "failed", "1 of 2 notify no topic: "),
        ({ALARM: ON, OTHER: {**ON, "AlarmActions": []}}, "failed", "1 of 2 notify no topic: "),
        (
            {ALARM: {**ON, "Threshold": 99.0}, OTHER: ON},
            "failed",
            "1 of 2 ring by another rule than the deployed one: KmsKeyUnusable (Threshold 99.0",
        ),
        ({ALARM: {**ON, "Period": 3600}, OTHER: ON}, "failed", "1 of 2 ring by another rule"),
        ({ALARM: {**ON, "StateValue": "ALARM"}, OTHER: ON}, "warning", "1 of 2 are in ALARM: Kms"),
    ],
)
def test_deleted_silent_changed_and_raised_alarms_are_named(
    alarms: Mapping[str, Mapping[str, object]], outcome: Outcome, found: str
) -> None:
    check = judge_alarms({ALARM: DEPLOYED, OTHER: DEPLOYED}, alarms, DEPLOYMENT)

    assert (check.outcome, check.found.startswith(found)) == (outcome, True), check.found
    assert bool(check.fix) is (outcome != "ok")
