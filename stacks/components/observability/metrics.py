"""Alone knows the names, dimensions and units of every metric that we watch."""

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
    """A metric that the gateway function writes itself."""
    return _of_ours("gateway", name, stage_name, statistic, FIVE_MINUTES)


RUNS = {
    "sentinel": "DriftDetectorRuns",
    "verification": "VerifiedHours",
    "canary": "CanaryRuns",
}
"""What a service that runs by the clock counts for each run that it ends; never as 0."""


def runs_metric(service: str, *, stage_name: str) -> cloudwatch.Metric:
    """How many data points of RUNS there are: the first is a 0, written at deployment."""
    return _of_ours(service, RUNS[service], stage_name, "SampleCount", HOUR)


def verification_metric(name: str, *, stage_name: str) -> cloudwatch.Metric:
    """A count that the verification writes once for each hour that it has verified."""
    return _of_ours("verification", name, stage_name, "Sum", HOUR)


def sentinel_metric(name: str, *, stage_name: str, period: cdk.Duration) -> cloudwatch.Metric:
    """A count that the sentinel writes at each look: what it has found, and that it has looked."""
    return _of_ours("sentinel", name, stage_name, "Maximum", period)


def canary_metric(name: str, *, stage_name: str) -> cloudwatch.Metric:
    """A count that the canary writes at each run: that it has run, and whether it failed."""
    return _of_ours("canary", name, stage_name, "Sum", HOUR)


def _of_ours(
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
    """How many records one of DELIVERIES carried; `outcome` is Success or Failure."""
    return cloudwatch.Metric(
        namespace="AWS/Bedrock",
        metric_name=f"{delivery}{outcome}",
        statistic="Sum",
        period=FIVE_MINUTES,
    )


def api_metric(stage: apigateway.IStage, *, api_name: str, name: str) -> cloudwatch.Metric:
    """A count of API Gateway's own for one stage of an API."""
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
    """A count of Lambda's own for one function."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={"FunctionName": function.function_name},
        statistic=statistic,
        period=FIVE_MINUTES,
    )
