"""Every symptom that matters wakes somebody, through a topic that works."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.infrastructure.rendering import text, texts, watched_metrics
from tools.synthesis import Synthesis, synthesize
from verification.report import TRAIL_METRICS

STACK = "Observability"


def test_every_alarm_notifies_the_topic(any_stage: Synthesis) -> None:
    topic = any_stage.only(STACK, "AWS::SNS::Topic")
    alarms = any_stage.resources(STACK, "AWS::CloudWatch::Alarm")
    for alarm in alarms:
        assert texts(alarm.properties["AlarmActions"]) == [f"<{topic.id}>"]
        is_about_runs = alarm.properties.get("MetricName") in (
            "VerifiedHours",
            "DriftDetectorRuns",
            "CanaryRuns",
        )
        assert alarm.properties["TreatMissingData"] == (
            "breaching" if is_about_runs else "notBreaching"
        )
        assert len(alarm.properties["AlarmDescription"]) > 40


def test_an_alarm_on_missing_data_has_its_first_data_point_before_it_is_made(
    any_stage: Synthesis,
) -> None:
    """Made in an earlier stack, as a 0 that no run writes: so it is counted, and adds nothing."""
    written = any_stage.only("InvocationLogging", "Custom::InitialMetrics").properties
    on_missing_data = [
        alarm.properties
        for alarm in any_stage.resources(STACK, "AWS::CloudWatch::Alarm")
        if alarm.properties["TreatMissingData"] == "breaching"
    ]
    watched = []
    for alarm in on_missing_data:
        assert (alarm["Statistic"], alarm["Threshold"]) == ("SampleCount", 1)
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
        assert dimensions["stage"] == written["Stage"]
        watched.append(f"{dimensions['service']}/{alarm['MetricName']}")
    assert sorted(watched) == sorted(written["Metrics"])


def test_each_symptom_has_its_alarm(any_stage: Synthesis) -> None:
    watched = {
        (metric["Namespace"], metric["MetricName"])
        for alarm in any_stage.resources(STACK, "AWS::CloudWatch::Alarm")
        for metric in watched_metrics(alarm.properties)
    }
    canary = {("ClaudeOnBedrock", "CanaryFailures"), ("ClaudeOnBedrock", "CanaryRuns")}
    reserved = {("AWS/Lambda", "ConcurrentExecutions")}
    budgets = {
        ("ClaudeOnBedrock", name)
        for name in ("BudgetAlerts", "BudgetMismatch", "BudgetRefusals", "BudgetTableErrors")
    }
    trail = {("ClaudeOnBedrock", name) for name in TRAIL_METRICS.values()}
    at_times = {"local": canary | reserved | budgets | trail}
    assert watched == at_times.get(any_stage.stage, set()) | {
        ("AWS/ApiGateway", "5XXError"),
        ("ClaudeOnBedrock", "UpstreamErrors"),
        ("ClaudeOnBedrock", "CallerSessionErrors"),
        ("ClaudeOnBedrock", "SessionMismatch"),
        ("ClaudeOnBedrock", "BedrockThrottles"),
        ("ClaudeOnBedrock", "FirstByteLatency"),
        ("ClaudeOnBedrock", "InvocationLoggingDisabled"),
        ("ClaudeOnBedrock", "LoggingDestinationChanged"),
        ("ClaudeOnBedrock", "LogDataTypeDisabled"),
        ("ClaudeOnBedrock", "RetentionShortened"),
        ("ClaudeOnBedrock", "LogBucketDrifted"),
        ("ClaudeOnBedrock", "KmsKeyUnusable"),
        ("ClaudeOnBedrock", "LogGroupDrifted"),
        ("ClaudeOnBedrock", "DeliveryRoleDrifted"),
        ("ClaudeOnBedrock", "DataRetentionLoosened"),
        ("ClaudeOnBedrock", "CatalogOutdated"),
        ("ClaudeOnBedrock", "DriftDetectorRuns"),
        ("ClaudeOnBedrock", "InvocationRecordMissing"),
        ("ClaudeOnBedrock", "GatewayBypassed"),
        ("ClaudeOnBedrock", "PromptOrCompletionMissing"),
        ("ClaudeOnBedrock", "CallerMismatch"),
        ("ClaudeOnBedrock", "DataResidencyViolation"),
        ("ClaudeOnBedrock", "EvidenceChanged"),
        ("ClaudeOnBedrock", "UnverifiedHours"),
        ("ClaudeOnBedrock", "AuditEntryLost"),
        ("ClaudeOnBedrock", "ModelMismatch"),
        ("ClaudeOnBedrock", "IdentityMismatch"),
        ("ClaudeOnBedrock", "ContentMismatch"),
        ("ClaudeOnBedrock", "UnreadableRecord"),
        ("ClaudeOnBedrock", "VerifiedHours"),
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Throttles"),
        ("AWS/Bedrock", "ModelInvocationLogsCloudWatchDeliveryFailure"),
        ("AWS/Bedrock", "ModelInvocationLogsS3DeliveryFailure"),
        ("AWS/Bedrock", "ModelInvocationLargeDataS3DeliveryFailure"),
    }


def test_four_fifths_of_what_is_reserved_are_an_alarm(local: Synthesis) -> None:
    (gateway,) = [
        resource.id
        for resource in local.resources("Gateway", "AWS::Lambda::Function")
        if resource.properties["Handler"] == "gateway.handler.handle"
    ]
    (alarm,) = [
        resource.properties
        for resource in local.resources(STACK, "AWS::CloudWatch::Alarm")
        if resource.properties.get("MetricName") == "ConcurrentExecutions"
    ]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", 80)
    (dimension,) = alarm["Dimensions"]
    assert f"Ref{gateway}" in text(dimension["Value"])


def test_a_single_lost_record_is_an_alarm(any_stage: Synthesis) -> None:
    deliveries = [
        alarm.properties
        for alarm in any_stage.resources(STACK, "AWS::CloudWatch::Alarm")
        if alarm.properties.get("Namespace") == "AWS/Bedrock"
    ]
    assert len(deliveries) == 3
    for alarm in deliveries:
        assert "Dimensions" not in alarm  # the metrics are of the account, and have none
        assert alarm["Threshold"] == 1
        assert alarm["EvaluationPeriods"] == 1
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_cloudwatch_may_use_the_topic_and_its_key(any_stage: Synthesis) -> None:
    key = any_stage.only(STACK, "AWS::KMS::Key")
    topic = any_stage.only(STACK, "AWS::SNS::Topic")
    assert text(topic.properties["KmsMasterKeyId"]) == f"<{key.id}.Arn>"
    (for_alarms,) = [
        statement
        for statement in key.properties["KeyPolicy"]["Statement"]
        if statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    ]
    assert set(for_alarms["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


CERTIFICATE = (
    "arn:aws:acm:eu-central-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
)


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """Return prod with a name of its own, an address, and one request at a time."""
    return synthesize(
        "prod",
        tmp_path_factory.mktemp("named"),
        alarm_email="ops@example.com",
        domain={"name": "claude.example.com", "certificate": CERTIFICATE},
        reserved_concurrency=1,
        throttle={"rate_per_second": 1, "burst": 1},
    )


def alarm_named(synthesis: Synthesis, name: str) -> list[Mapping[str, Any]]:
    alarms = synthesis.resources(STACK, "AWS::CloudWatch::Alarm")
    return [alarm.properties for alarm in alarms if alarm.id.startswith(f"Alarms{name}")]


def test_a_certificate_that_ends_is_an_alarm_and_stays_one_when_it_has_ended(
    prod: Synthesis, named: Synthesis
) -> None:
    (alarm,) = alarm_named(named, "CertificateExpiring")
    (dimension,) = alarm["Dimensions"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/CertificateManager", "DaysToExpiry")
    assert (dimension["Name"], dimension["Value"]) == ("CertificateArn", CERTIFICATE)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 30)
    assert alarm["TreatMissingData"] == "ignore"  # ACM writes nothing of one that has ended
    assert not alarm_named(prod, "CertificateExpiring")


def test_a_reservation_of_one_has_no_alarm_of_its_limit(named: Synthesis) -> None:
    """Each call would raise it."""
    assert not alarm_named(named, "ReservedConcurrencyNearLimit")


def test_a_slow_request_among_few_is_no_alarm(any_stage: Synthesis) -> None:
    (alarm,) = alarm_named(any_stage, "HighTimeToFirstByte")
    (expression,) = [query["Expression"] for query in alarm["Metrics"] if "Expression" in query]

    assert expression == "IF(requests >= 20, p95)"
    assert alarm["TreatMissingData"] == "notBreaching"


def test_mail_goes_out_only_where_a_stage_names_an_address(
    prod: Synthesis, named: Synthesis
) -> None:
    assert not prod.resources(STACK, "AWS::SNS::Subscription")
    subscription = named.only(STACK, "AWS::SNS::Subscription").properties
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")


def test_the_dashboard_shows_tokens_and_deliveries(any_stage: Synthesis) -> None:
    dashboard = any_stage.only(STACK, "AWS::CloudWatch::Dashboard")
    body = json.dumps(dashboard.properties["DashboardBody"])
    assert "InputTokens" in body
    assert "ModelInvocationLogsS3DeliverySuccess" in body


def test_outputs(any_stage: Synthesis) -> None:
    outputs = any_stage.template(STACK)["Outputs"]
    assert set(outputs) == {
        *("DashboardUrl", "AlarmTopicArn", "RecordsDatabaseName", "WorkgroupName")
    }
