"""The first data point of the metrics that count scheduled runs, written at deployment."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.observability.metrics import RUNS
from stacks.components.packaging.custom_resource_function import service_timeout
from stacks.components.record.logging_configuration import TIMEOUT

ENVIRONMENT = {"POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock"}
"""The variables that `function` needs to write them."""


class InitialMetrics(Construct):
    """A data point of 0 for the runs of each of `services`, before the alarms on them are made."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        stage_name: str,
        services: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        cdk.CustomResource(
            self,
            "Resource",
            resource_type="Custom::InitialMetrics",
            service_token=function.function_arn,
            service_timeout=service_timeout(TIMEOUT),
            properties={
                "Stage": stage_name,
                "Metrics": [f"{service}/{RUNS[service]}" for service in services],
            },
        )
