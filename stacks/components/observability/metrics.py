"""CloudWatch metrics: names, dimensions, statistics and periods."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

FIVE_MINUTES = cdk.Duration.minutes(5)
QUARTER_HOUR = cdk.Duration.minutes(15)
HOUR = cdk.Duration.hours(1)

# One for each way a record leaves Bedrock; of the whole account and Region, so without dimensions:
# https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html
DELIVERIES = (
    "ModelInvocationLogsCloudWatchDelivery",
    "ModelInvocationLogsS3Delivery",
    "ModelInvocationLargeDataS3Delivery",
)


def gateway_metric(name: str, *, stage_name: str, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a metric that the gateway function writes."""
    return _own_metric("gateway", name, stage_name, statistic, FIVE_MINUTES)


ENOUGH_REQUESTS = 20  # of fewer, a single one is more than one in twenty


def slow_first_bytes(*, stage_name: str) -> cloudwatch.MathExpression:
    """Return the 95th percentile of the time to the first byte, in milliseconds, of each period
    that has enough requests for one; of others nothing:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html"""
    latency = {
        name: gateway_metric("FirstByteLatency", stage_name=stage_name, statistic=statistic)
        for name, statistic in (("p95", "p95"), ("requests", "SampleCount"))
    }
    return cloudwatch.MathExpression(
        expression=f"IF(requests >= {ENOUGH_REQUESTS}, p95)",
        using_metrics=latency,
        label="FirstByteLatency p95",
        period=FIVE_MINUTES,
    )


RUNS = {
    "drift-detector": "DriftDetectorRuns",
    "verification": "VerifiedHours",
    "canary": "CanaryRuns",
}
"""The metric in which a scheduled function counts each run that it ends; never as 0."""


def runs_metric(service: str, *, stage_name: str) -> cloudwatch.Metric:
    """Return the number of data points of RUNS: the first is a 0, written at deployment."""
    return _own_metric(service, RUNS[service], stage_name, "SampleCount", HOUR)


def verification_metric(name: str, *, stage_name: str) -> cloudwatch.Metric:
    """Return a count that the verification function writes once for each hour it has verified."""
    return _own_metric("verification", name, stage_name, "Sum", HOUR)


def drift_metric(name: str, *, stage_name: str, period: cdk.Duration) -> cloudwatch.Metric:
    """Return a count of drift that the drift detector writes at each run."""
    return _own_metric("drift-detector", name, stage_name, "Maximum", period)


def canary_metric(name: str, *, stage_name: str) -> cloudwatch.Metric:
    """Return a count that the canary writes at each run: that it ran, and whether it failed."""
    return _own_metric("canary", name, stage_name, "Sum", HOUR)


def _own_metric(
    service: str, name: str, stage_name: str, statistic: str, period: cdk.Duration
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="ClaudeOnBedrock",
        metric_name=name,
        dimensions_map={"service": service, "stage": stage_name},
        statistic=statistic,
        period=period,
    )


def delivery_metric(delivery: str, outcome: str) -> cloudwatch.Metric:
    """Return the number of deliveries of one of DELIVERIES; `outcome` is Success or Failure."""
    return cloudwatch.Metric(
        namespace="AWS/Bedrock",
        metric_name=f"{delivery}{outcome}",
        statistic="Sum",
        period=FIVE_MINUTES,
    )


def replication_metric(source: str, destination: str, rule: str) -> cloudwatch.Metric:
    """Return the number of objects that a rule failed to replicate. AWS's page does not say whether
    S3 writes it in the source's Region, as is assumed here, or in the destination's:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html"""
    return cloudwatch.Metric(
        namespace="AWS/S3",
        metric_name="OperationsFailedReplication",
        dimensions_map={"SourceBucket": source, "DestinationBucket": destination, "RuleId": rule},
        statistic="Sum",
        period=FIVE_MINUTES,
    )


def firehose_metric(stream: str, name: str, *, statistic: str = "Sum") -> cloudwatch.Metric:
    """Return a metric of Firehose for one delivery stream:
    https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html"""
    return cloudwatch.Metric(
        namespace="AWS/Firehose",
        metric_name=name,
        dimensions_map={"DeliveryStreamName": stream},
        statistic=statistic,
        period=FIVE_MINUTES,
    )


def api_metric(stage: apigateway.IStage, *, api_name: str, name: str) -> cloudwatch.Metric:
    """Return a metric of API Gateway for one stage of an API."""
    return cloudwatch.Metric(
        namespace="AWS/ApiGateway",
        metric_name=name,
        dimensions_map={"ApiName": api_name, "Stage": stage.stage_name},
        statistic="Sum",
        period=FIVE_MINUTES,
    )


def function_metric(
    function: lambda_.IFunction, name: str, *, statistic: str = "Sum"
) -> cloudwatch.Metric:
    """Return a metric of Lambda for one function."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={"FunctionName": function.function_name},
        statistic=statistic,
        period=FIVE_MINUTES,
    )
