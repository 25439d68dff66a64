"""Wires the record of every call: key, bucket, log group, delivery role, logging configuration."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from stacks.components.delivery_role import DeliveryRole
from stacks.components.log_bucket import LogBucket
from stacks.components.log_group import log_group
from stacks.components.log_key import LogKey
from stacks.components.logging_configuration import (
    TIMEOUT,
    LoggingConfiguration,
    logging_statements,
)
from stacks.components.python_function import PythonFunction
from stacks.settings import Stage

LARGE_DATA_PREFIX = "large-data"


class InvocationLogging(cdk.Stack):
    """Everything Bedrock needs to write down what was asked and answered, and where it lies."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, env: cdk.Environment
    ) -> None:
        super().__init__(
            scope, construct_id, env=env, description="The record of every Claude call"
        )
        keep, days = stage.keep_logs_on_destroy, stage.retention_days
        groups = f"/claude-on-bedrock/{stage.name}"

        self.key = LogKey(self, "Key", log_groups=f"{groups}/*", keep=keep).key
        bucket = LogBucket(self, "Bucket", key=self.key, retention_days=days, keep=keep)
        invocations = log_group(
            self,
            "Invocations",
            name=f"{groups}/invocations",
            key=self.key,
            retention_days=days,
            keep=keep,
        )
        delivery = DeliveryRole(
            self,
            "Delivery",
            log_group_name=f"{groups}/invocations",
            bucket=bucket.bucket,
            key=self.key,
            large_data_prefix=LARGE_DATA_PREFIX,
        )
        configurer = PythonFunction(
            self,
            "Configurer",
            description="Sets the Region's invocation logging, and leaves another's alone",
            packages=["invocation_logging"],
            handler="invocation_logging.handler.handle",
            log_group_name=f"{groups}/invocation-logging",
            log_key=self.key,
            retention_days=days,
            keep_logs=False,
            timeout=TIMEOUT,
            memory_mb=256,
            environment={},
            sdk_services=["bedrock"],
            statements=logging_statements(delivery.role),
        )
        configuration = LoggingConfiguration(
            self,
            "Configuration",
            function=configurer.function,
            log_group_name=invocations.log_group_name,
            delivery_role_arn=delivery.role.role_arn,
            bucket_name=bucket.bucket.bucket_name,
            large_data_prefix=LARGE_DATA_PREFIX,
        )
        configuration.node.add_dependency(bucket, delivery, configurer)

        cdk.CfnOutput(self, "LogGroupName", value=invocations.log_group_name)
        cdk.CfnOutput(self, "LogBucketName", value=bucket.bucket.bucket_name)
        cdk.CfnOutput(self, "KeyArn", value=self.key.key_arn)
