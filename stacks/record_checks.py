"""What checks a stage's records and their settings: verification, drift detector, and the metrics
that alarms on both begin with."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb

from claude_bedrock.catalog import deny_policy
from claude_bedrock.queries import audit_entries, schema
from stacks.components.iam.stage_names import RECORD, StageNames
from stacks.components.record.delivery_role import DeliveryRole
from stacks.components.record.drift_detector import SERVICE as DRIFT_DETECTOR
from stacks.components.record.drift_detector import DriftDetector, ExpectedSettings
from stacks.components.record.initial_metrics import InitialMetrics
from stacks.components.record.logging_configuration import (
    LoggingConfigFunction,
    LoggingConfiguration,
)
from stacks.components.record.verification import ExpectedCalls, VerificationFunction
from stacks.log_archive import archive_location
from stacks.record_store import RecordStore
from stacks.stage import Stage
from stacks.stage_trail import StageTrail


def add_verification(
    stack: cdk.Stack,
    stage: Stage,
    store: RecordStore,
    *,
    configuration: LoggingConfiguration,
    budget_table: dynamodb.Table | None,
    trail: StageTrail,
) -> VerificationFunction:
    """Create the function that compares the stage's calls with their records each hour."""
    names, own = StageNames(stage.name, stack), stage.logging.has_own_destinations
    gateway_role, caller_role = (
        names.iam(stage.role_names.resource(role)) if stage.endpoint.enabled else ""
        for role in (deny_policy.GATEWAY_ROLE, deny_policy.CALLER_ROLE)
    )
    return VerificationFunction(
        stack,
        "Verifier",
        names=names,
        configuration=configuration,
        log_group_name=f"{store.log_settings.prefix}/{RECORD}"
        if own
        else configuration.log_group_name,
        bucket_arn=store.bucket.bucket_arn if own else configuration.bucket_arn,
        evidence_bucket=store.bucket,
        has_gateway=stage.endpoint.enabled,
        expected=ExpectedCalls(
            allowed_regions=stage.bounds,
            gateway_role_arn=gateway_role,
            caller_role_arn=caller_role,
            allowed_direct_callers=stage.callers.allowed_direct_callers,
            retention_days=stage.logging.retention_days,
        ),
        hourly=stage.evidence.verify_hourly,
        log_settings=store.log_settings,
        budget_table=budget_table,
        trail=trail.location(stack),
        trail_source=trail.source(),
        entry_tables=(schema.NAME, audit_entries.NAME) if stage.evidence.audit_entry_table else (),
    )


def add_drift_detector(
    stack: cdk.Stack,
    stage: Stage,
    store: RecordStore,
    *,
    configurer: LoggingConfigFunction,
    configuration: LoggingConfiguration,
    delivery: DeliveryRole,
    verification: VerificationFunction,
) -> DriftDetector:
    """Create the function that compares the account's settings with those of the stage."""
    return DriftDetector(
        stack,
        "DriftDetector",
        names=StageNames(stage.name, stack),
        configuration=configuration,
        bucket=store.bucket,
        adopts=not stage.logging.has_own_destinations,
        delivery_role=delivery.role,
        verification=verification,
        configurer=configurer.function if stage.logging.auto_restore_logging else None,
        expected=ExpectedSettings(
            retention_days=stage.logging.retention_days,
            object_lock=stage.logging.object_lock,
            protected=stage.logging.keep_logs_on_destroy,
            data_retention=stage.models.data_retention,
            models=stage.models.allow,
            archive=archive_location(stack, stage),
        ),
        reaches_iam=stage.endpoint.function_network is None,
        log_settings=store.log_settings,
    )


def add_initial_metrics(stack: cdk.Stack, stage: Stage, configurer: LoggingConfigFunction) -> None:
    """Have the metrics of scheduled runs begin with the deployment, before alarms on them exist."""
    InitialMetrics(
        stack,
        "InitialMetrics",
        function=configurer.function,
        stage_name=stage.name,
        services=[
            DRIFT_DETECTOR,
            *(["verification"] if stage.evidence.verify_hourly else []),
            *(["canary"] if stage.evidence.canary is not None else []),
        ],
    )
