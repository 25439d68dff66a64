"""Wires what an operator looks at, and what wakes one."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from stacks.components.alarm_topic import AlarmTopic
from stacks.components.alarms import Alarms
from stacks.components.dashboard import Dashboard
from stacks.gateway import Gateway
from stacks.stage import Stage


class Observability(cdk.Stack):
    """A dashboard, and alarms that each reach the topic."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        gateway: Gateway,
        env: cdk.Environment,
    ) -> None:
        super().__init__(scope, construct_id, env=env, description="Dashboard and alarms")
        name = f"claude-on-bedrock-{stage.name}"
        topic = AlarmTopic(self, "AlarmTopic", name=f"{name}-alarms", email=stage.alarm_email)
        Alarms(
            self,
            "Alarms",
            stage_name=stage.name,
            api_name=gateway.api_name,
            api_stage=gateway.api_stage,
            gateway=gateway.function,
            authorizer=gateway.authorizer,
            key_expiry=gateway.key_expiry,
            verified_hourly=stage.verify_hourly,
            has_canary=stage.canary is not None,
            topic=topic.topic,
        )
        dashboard = Dashboard(
            self,
            "Dashboard",
            name=f"{name}-{stage.region}",
            stage_name=stage.name,
            api_name=gateway.api_name,
            api_stage=gateway.api_stage,
            gateway=gateway.function,
        )

        cdk.CfnOutput(self, "DashboardUrl", value=dashboard.url)
        cdk.CfnOutput(self, "AlarmTopicArn", value=topic.topic.topic_arn)
