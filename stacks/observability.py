"""Wires what an operator looks at and what wakes one, and where an auditor asks the records."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from claude_bedrock.catalog.cost import LONG_PROMPTS
from claude_bedrock.queries import render, schema
from stacks.components.iam.stage_names import StageNames
from stacks.components.observability.alarm_topic import AlarmTopic
from stacks.components.observability.alarms import Alarms
from stacks.components.observability.dashboard import Dashboard
from stacks.components.observability.record_queries import RecordQueries
from stacks.components.observability.record_table import RecordTable
from stacks.components.record.log_bucket import MARGIN_DAYS
from stacks.gateway import Gateway
from stacks.invocation_logging import InvocationLogging
from stacks.stage import Stage


class Observability(cdk.Stack):
    """A dashboard, alarms that each reach the topic, and the records as a table of Athena's."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        record: InvocationLogging,
        gateway: Gateway,
        env: cdk.Environment,
    ) -> None:
        super().__init__(scope, construct_id, env=env, description="Dashboard and alarms")
        name = f"claude-on-bedrock-{stage.name}"
        topic = AlarmTopic(
            self, "AlarmTopic", name=f"{name}-alarms", email=stage.account.alarm_email
        )
        Alarms(
            self,
            "Alarms",
            stage_name=stage.name,
            api_name=gateway.api_name,
            api_stage=gateway.api_stage,
            gateway=gateway.function,
            authorizer=gateway.authorizer,
            key_expiry=gateway.key_expiry,
            reserved_concurrency=stage.endpoint.reserved_concurrency,
            verified_hourly=stage.evidence.verify_hourly,
            has_canary=stage.evidence.canary is not None,
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

        if stage.logging.has_own_destinations:
            self._queries(stage, record)

        cdk.CfnOutput(self, "DashboardUrl", value=dashboard.url)
        cdk.CfnOutput(self, "AlarmTopicArn", value=topic.topic.topic_arn)

    def _queries(self, stage: Stage, record: InvocationLogging) -> None:
        names = StageNames(stage.name, self)
        logs = f"AWSLogs/{self.account}/BedrockModelInvocationLogs/{self.region}/"
        found = RecordTable(
            self,
            "Records",
            database=names.database,
            table=schema.NAME,
            columns=schema.hive_columns(),
            hour=schema.HOUR,
            hour_format=schema.HOUR_FORMAT,
            location=f"s3://{record.bucket.bucket_name}/{logs}",
            days=stage.logging.retention_days + MARGIN_DAYS + 1,
        )
        saved = {
            f"{query}-last-30-days": render.text(query, render.last_days(30), LONG_PROMPTS)
            for query in render.QUERIES
        }
        queries = RecordQueries(
            self,
            "Queries",
            name=names.workgroup,
            database=names.database,
            queries=saved,
            scan_limit_mb=stage.logging.athena_scan_limit_mb,
        )
        queries.node.add_dependency(found)
        cdk.CfnOutput(self, "RecordsDatabaseName", value=names.database)
        cdk.CfnOutput(self, "WorkgroupName", value=names.workgroup)
