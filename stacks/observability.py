"""The Observability stack: dashboard, alarms, and the records as a table of Athena's."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from constructs import Construct

from claude_bedrock.catalog.cost import LONG_PROMPTS
from claude_bedrock.queries import audit_entries, render, schema
from stacks.components.api.api_key_expiry import api_key_expiry_alarms
from stacks.components.api.canary import canary_alarms
from stacks.components.iam.stage_names import StageNames
from stacks.components.observability.alarm import AlarmDefinition
from stacks.components.observability.alarm_topic import AlarmTopic
from stacks.components.observability.alarms import (
    Alarms,
    archive_alarms,
    budget_alarms,
    certificate_alarms,
    delivery_alarms,
    function_alarms,
    response_alarms,
)
from stacks.components.observability.dashboard import Dashboard, EndpointMetrics
from stacks.components.observability.record_queries import RecordQueries
from stacks.components.observability.record_table import (
    AuditEntryTable,
    HourlyFiles,
    RecordTable,
)
from stacks.components.record.archive_replication import RULE
from stacks.components.record.audit_entry_delivery import (
    AuditEntryDelivery,
    AuditEntrySubscription,
    EntryBucket,
    EntryTable,
    entry_delivery_alarms,
)
from stacks.components.record.drift_detector import drift_alarms
from stacks.components.record.retained_bucket import MARGIN_DAYS
from stacks.components.record.verification import verification_alarms
from stacks.components.stack_outputs import add_outputs
from stacks.gateway import Gateway
from stacks.invocation_logging import InvocationLogging
from stacks.log_archive import archive_location
from stacks.stage import Stage


class Observability(cdk.Stack):
    """A dashboard, alarms that publish to a topic, and the records as a table of Athena's."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        record: InvocationLogging,
        gateway: Gateway | None,
        env: cdk.Environment,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=construct_id,
            env=env,
            description="Dashboard and alarms",
        )
        name = f"claude-on-bedrock-{stage.name}"
        topic = AlarmTopic(
            self, "AlarmTopic", name=f"{name}-alarms", email=stage.account.alarm_email
        )
        definitions = _alarm_definitions(stage, gateway)
        if archive := archive_location(self, stage):
            definitions += archive_alarms(
                archive.bucket, source_bucket=record.bucket.bucket_name, rule=RULE
            )
        if domain := stage.endpoint.domain:
            definitions += certificate_alarms(
                acm.Certificate.from_certificate_arn(self, "Certificate", domain.certificate)
            )
        Alarms(self, "Alarms", definitions=definitions, topic=topic.topic)
        dashboard = Dashboard(
            self,
            "Dashboard",
            name=f"{name}-{stage.region}",
            stage_name=stage.name,
            endpoint=EndpointMetrics(gateway.api_name, gateway.api_stage, gateway.function)
            if gateway
            else None,
        )

        if stage.logging.has_own_destinations:
            self._queries(stage, record)

        outputs = {
            "DashboardUrl": (dashboard.url, "URL of the dashboard"),
            "AlarmTopicArn": (topic.topic.topic_arn, "SNS topic of alarms"),
        }
        add_outputs(self, outputs)

    def _queries(self, stage: Stage, record: InvocationLogging) -> None:
        names = StageNames(stage.name, self)
        logs = f"AWSLogs/{self.account}/BedrockModelInvocationLogs/{self.region}/"
        record_table = RecordTable(
            self,
            "Records",
            database=names.database,
            table=schema.NAME,
            columns=schema.hive_columns(),
            files=_hourly_files(stage, record, logs),
        )
        saved = {
            f"{query}-last-30-days": render.text(query, render.last_days(30), LONG_PROMPTS)
            for query in render.QUERIES
        }
        if stage.evidence.audit_entry_table:
            entries = self._audit_entries(stage, record)
            entries.node.add_dependency(record_table)
            saved["unmatched-last-7-days"] = render.text("unmatched", render.last_days(7), ())
        queries = RecordQueries(
            self,
            "Queries",
            name=names.workgroup,
            database=names.database,
            queries=saved,
            scan_limit_mb=stage.logging.athena_scan_limit_mb,
        )
        queries.node.add_dependency(record_table)
        outputs = {
            "RecordsDatabaseName": (names.database, "Glue database of records"),
            "WorkgroupName": (names.workgroup, "Athena workgroup"),
        }
        add_outputs(self, outputs)

    def _audit_entries(self, stage: Stage, record: InvocationLogging) -> AuditEntryTable:
        """Have audit log entries delivered into the bucket, beside the records; return their
        table."""
        names, destination = StageNames(stage.name, self), record.export_destination()
        table = AuditEntryTable(
            self,
            "AuditEntries",
            database=names.database,
            table=audit_entries.NAME,
            columns=audit_entries.hive_columns(),
            files=_hourly_files(stage, record, audit_entries.PREFIX),
        )
        delivery = AuditEntryDelivery(
            self,
            "EntryDelivery",
            names=names,
            table=EntryTable(names.database, audit_entries.NAME),
            bucket=EntryBucket(
                destination.bucket_arn,
                destination.key_arn,
                audit_entries.PREFIX,
                audit_entries.ERROR_PREFIX,
            ),
            log_settings=record.log_settings,
        )
        delivery.node.add_dependency(table)
        AuditEntrySubscription(
            self,
            "Subscription",
            names=names,
            source=f"{record.log_settings.prefix}/gateway",
            stream=delivery.stream,
        )
        name = (audit_entries.NAME, "Table of audit log entries in the database of records")
        add_outputs(self, {"AuditEntryTableName": name})
        return table


def _hourly_files(stage: Stage, record: InvocationLogging, prefix: str) -> HourlyFiles:
    return HourlyFiles(
        schema.HOUR,
        schema.HOUR_FORMAT,
        location=f"s3://{record.bucket.bucket_name}/{prefix}",
        days=stage.logging.retention_days + MARGIN_DAYS + 1,
    )


def _alarm_definitions(stage: Stage, gateway: Gateway | None) -> list[AlarmDefinition]:
    """Return the alarms on what the stage has."""
    definitions = [
        *(_endpoint_alarms(stage, gateway) if gateway else ()),
        *delivery_alarms(),
        *drift_alarms(stage.name, reaches_iam=stage.endpoint.function_network is None),
    ]
    if stage.callers.counts_spending:
        definitions += budget_alarms(stage.name)
    if gateway and gateway.api_key_expiry:
        definitions += api_key_expiry_alarms(gateway.api_key_expiry, stage.name)
    if stage.evidence.verify_hourly:
        definitions += verification_alarms(
            stage.name,
            has_gateway=gateway is not None,
            has_budgets=stage.callers.counts_spending,
            has_trail=stage.evidence.cloudtrail is not None,
            has_entry_table=stage.evidence.audit_entry_table,
        )
    if stage.evidence.audit_entry_table:
        definitions += entry_delivery_alarms(stage.name)
    if stage.evidence.canary is not None:
        definitions += canary_alarms(stage.name)
    return definitions


def _endpoint_alarms(stage: Stage, gateway: Gateway) -> list[AlarmDefinition]:
    return [
        *response_alarms(
            stage.name,
            api_name=gateway.api_name,
            api_stage=gateway.api_stage,
            caller_sessions=stage.callers.caller_sessions,
        ),
        *function_alarms(
            gateway.function,
            gateway.authorizer,
            stage_name=stage.name,
            reserved_concurrency=stage.endpoint.reserved_concurrency,
        ),
    ]
