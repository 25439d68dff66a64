"""The CloudWatch dashboard of a stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.observability.metrics import (
    DELIVERIES,
    api_metric,
    delivery_metric,
    function_metric,
    gateway_metric,
    runs_metric,
    verification_metric,
)


class EndpointMetrics(NamedTuple):
    """Whose metrics a dashboard shows of an endpoint: the API's stage, and the gateway function."""

    api_name: str
    api_stage: apigateway.IStage
    gateway: lambda_.IFunction


class Dashboard(Construct):
    """Traffic, failures, latency, tokens, the function, and the delivery of records. Without an
    endpoint: deliveries, and what verification comes to."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        stage_name: str,
        endpoint: EndpointMetrics | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage_name = stage_name
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=name)
        for row in self._endpoint_rows(endpoint) if endpoint else [self._verification_row()]:
            dashboard.add_widgets(*row)
        dashboard.add_widgets(
            *(
                _graph(delivery, [delivery_metric(delivery, end) for end in ("Success", "Failure")])
                for delivery in DELIVERIES
            )
        )
        region = cdk.Stack.of(self).region
        self.url = (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home"
            f"?region={region}#dashboards/dashboard/{name}"
        )

    def _endpoint_rows(self, endpoint: EndpointMetrics) -> list[list[cloudwatch.GraphWidget]]:
        answers = [
            api_metric(endpoint.api_stage, api_name=endpoint.api_name, name=count)
            for count in ("4XXError", "5XXError")
        ]
        failures = (
            *("ClientErrors", "BedrockThrottles", "UpstreamErrors", "ServerErrors"),
            "CallerSessionErrors",
        )
        function = ("Invocations", "Errors", "Throttles")
        return [
            [
                _graph("Requests", self._sums("Requests")),
                _graph("Failures, as the gateway sees them", self._sums(*failures)),
                _graph("Answers, as API Gateway sees them", answers),
            ],
            [
                _graph("First byte (ms)", self._first_byte()),
                _graph("Tokens", self._sums("InputTokens", "OutputTokens")),
                _graph("Function", [function_metric(endpoint.gateway, name) for name in function]),
            ],
        ]

    def _verification_row(self) -> list[cloudwatch.GraphWidget]:
        findings = [
            verification_metric(name, stage_name=self._stage_name)
            for name in ("InvocationRecordMissing", "ContentMismatch", "UnverifiedHours")
        ]
        return [
            _graph("Verified hours", [runs_metric("verification", stage_name=self._stage_name)]),
            _graph("Findings", findings),
        ]

    def _sums(self, *names: str) -> list[cloudwatch.IMetric]:
        return [gateway_metric(name, stage_name=self._stage_name) for name in names]

    def _first_byte(self) -> list[cloudwatch.IMetric]:
        return [
            gateway_metric("FirstByteLatency", stage_name=self._stage_name, statistic=statistic)
            for statistic in ("p50", "p95", "p99")
        ]


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=8)
