"""A function that EventBridge runs at a fixed rate."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class ScheduledInvocation(Construct):
    """An EventBridge rule that invokes `function` once per `rate`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        rate: cdk.Duration,
        description: str,
    ) -> None:
        super().__init__(scope, construct_id)
        events.Rule(
            self,
            "Rule",
            description=description,
            schedule=events.Schedule.rate(rate),
            targets=[targets.LambdaFunction(function)],
        )
