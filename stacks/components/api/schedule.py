"""Alone knows how a function of ours is run at a rate."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class Clock(Construct):
    """Runs `function` once in each `every`; `purpose` is what the rule says of itself."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        every: cdk.Duration,
        purpose: str,
    ) -> None:
        super().__init__(scope, construct_id)
        events.Rule(
            self,
            "Clock",
            description=purpose,
            schedule=events.Schedule.rate(every),
            targets=[targets.LambdaFunction(function)],
        )
