"""How Bedrock delivers a stage's records: its role, and its configuration in the account."""

from __future__ import annotations

import aws_cdk as cdk

from claude_bedrock.catalog import deny_policy
from stacks.components.iam.stage_names import RECORD
from stacks.components.observability.log_group import log_group
from stacks.components.record import initial_metrics
from stacks.components.record.delivery_role import DeliveryRole
from stacks.components.record.logging_configuration import (
    LoggingConfigFunction,
    LoggingConfiguration,
    configuration_properties,
)
from stacks.record_store import RecordStore
from stacks.stage import Stage

LARGE_DATA_PREFIX = "large-data"


def add_delivery_role(stack: cdk.Stack, store: RecordStore) -> DeliveryRole:
    """Create the role by which Bedrock delivers to the log group of records and to the bucket."""
    return DeliveryRole(
        stack,
        "Delivery",
        log_group_name=f"{store.log_settings.prefix}/{RECORD}",
        bucket=store.bucket,
        key=store.log_settings.key,
        large_data_prefix=LARGE_DATA_PREFIX,
    )


def add_logging_configuration(
    stack: cdk.Stack, stage: Stage, store: RecordStore, delivery: DeliveryRole
) -> tuple[LoggingConfigFunction, LoggingConfiguration]:
    """Create the log group of records, and have Bedrock deliver to it and to the bucket."""
    records = log_group(stack, "Invocations", name=RECORD, settings=store.log_settings)
    adopts = not stage.logging.has_own_destinations
    properties = configuration_properties(
        stage_name=stage.name,
        log_group_name=records.log_group_name,
        delivery_role_arn=delivery.role.role_arn,
        bucket_name=store.bucket.bucket_name,
        large_data_prefix=LARGE_DATA_PREFIX,
        existing_logging=stage.logging.existing_logging,
        existing_role_arn=stage.logging.existing_logging_role,
        required_retention_days=stage.logging.retention_days if adopts else None,
    )
    configurer = LoggingConfigFunction(
        stack,
        "Configurer",
        stage_name=stage.name,
        properties=properties,
        delivery_role=delivery.role,
        existing_role_arn=stage.logging.existing_logging_role,
        adopts=adopts,
        role_name=stage.role_names.name(deny_policy.LOGGING_ROLE),
        environment=initial_metrics.ENVIRONMENT,
        log_settings=store.log_settings,
    )
    configuration = LoggingConfiguration(
        stack, "Configuration", function=configurer.function, properties=properties
    )
    configuration.node.add_dependency(store.bucket, delivery)
    return configurer, configuration
