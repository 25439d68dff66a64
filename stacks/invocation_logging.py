"""Wires what is kept of every call: the record in the account, and what AWS itself may keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IConstruct

from claude_bedrock.catalog import deny_policy
from stacks.components.api.schedule import Clock
from stacks.components.iam.permission import findings
from stacks.components.iam.stage_names import RECORD, StageNames
from stacks.components.observability.log_group import LogKeeping, log_group
from stacks.components.packaging.custom_resource_function import custom_resource_function
from stacks.components.packaging.python_function import PythonFunction
from stacks.components.record import (
    auto_delete_objects,
    data_retention,
    drift_detector,
    initial_metrics,
    logging_configuration,
    verification,
)
from stacks.components.record.auto_delete_objects import EmptiedBucket
from stacks.components.record.data_retention import DataRetention
from stacks.components.record.delivery_role import DeliveryRole
from stacks.components.record.drift_detector import Sentinel
from stacks.components.record.initial_metrics import InitialMetrics
from stacks.components.record.log_bucket import LogBucket
from stacks.components.record.log_key import LogKey
from stacks.components.record.logging_configuration import LoggingConfiguration
from stacks.components.record.record_access_log import RecordAccess
from stacks.components.record.stack_output import stack_output
from stacks.stage import Stage

LARGE_DATA_PREFIX = "large-data"


class RecordPlaces(NamedTuple):
    """Where the record lies, and the stage's key; `configuration` is JSON, as Bedrock tells it."""

    log_group: str
    bucket: str
    bucket_arn: str
    configuration: str
    key_arn: str


class InvocationLogging(cdk.Stack):
    """Everything Bedrock needs to write down what was asked and answered, and where it lies."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, env: cdk.Environment
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            description="The record of every call",
            termination_protection=stage.logging.keep_logs_on_destroy,
        )
        keep, days = stage.logging.keep_logs_on_destroy, stage.logging.retention_days
        prefix = f"/claude-on-bedrock/{stage.name}"

        key = LogKey(self, "Key", log_groups=f"{prefix}/*", keep=keep).key
        self.keeping = LogKeeping(prefix=prefix, key=key, retention_days=days, keep=keep)
        bucket = LogBucket(
            self,
            "Bucket",
            key=key,
            retention_days=days,
            keep=keep,
            object_lock=stage.logging.object_lock,
        )
        self.bucket = bucket.bucket
        self.bucket.add_to_resource_policy(verification.written_once(self.bucket))
        self.access = self._access(stage)
        records = log_group(self, "Invocations", name=RECORD, keeping=self.keeping)
        delivery = DeliveryRole(
            self,
            "Delivery",
            log_group_name=f"{prefix}/{RECORD}",
            bucket=bucket.bucket,
            key=key,
            large_data_prefix=LARGE_DATA_PREFIX,
        )
        settings = logging_configuration.properties(
            log_group_name=records.log_group_name,
            delivery_role_arn=delivery.role.role_arn,
            bucket_name=bucket.bucket.bucket_name,
            large_data_prefix=LARGE_DATA_PREFIX,
            existing=stage.logging.existing_logging,
            existing_role_arn=stage.logging.existing_logging_role,
            saved=logging_configuration.saved_in(stage.name),
            judged_by_days=None if stage.logging.has_own_destinations else days,
        )
        configurer = self._configurer(stage, delivery, settings).function
        configuration = LoggingConfiguration(
            self, "Configuration", function=configurer, properties=settings
        )
        configuration.node.add_dependency(bucket, delivery)
        self._record, self._own = configuration, stage.logging.has_own_destinations
        verifier = self._verifier(stage, configuration)
        self.verifier = verifier.function
        if stage.evidence.verify_hourly:
            clock = Clock(
                self,
                "Verification",
                function=self.verifier,
                every=verification.EVERY,
                purpose=verification.PURPOSE,
            )
            clock.node.add_dependency(configuration)
        self.sentinel = self._sentinel(stage, configuration, configurer, delivery, verifier)
        canary = ["canary"] if stage.evidence.canary is not None else []
        verified = ["verification"] if stage.evidence.verify_hourly else []
        InitialMetrics(
            self,
            "InitialMetrics",
            function=configurer,
            stage_name=stage.name,
            services=["sentinel", *verified, *canary],
        )
        if not keep:
            self._empty_last(configuration, delivery)

        if stage.models.data_retention:
            retention = self._retention(stage, stage.models.data_retention)
            cdk.CfnOutput(self, "DataRetentionMode", value=retention.mode_in_force)

        cdk.CfnOutput(self, "LogGroupName", value=configuration.log_group_name)
        cdk.CfnOutput(self, "LogBucketName", value=configuration.bucket_name)
        cdk.CfnOutput(self, "LoggingConfiguration", value=configuration.configuration)
        cdk.CfnOutput(self, "EvidenceBucketName", value=bucket.bucket.bucket_name)
        cdk.CfnOutput(self, "VerifierName", value=self.verifier.function_name)
        cdk.CfnOutput(self, "SentinelName", value=self.sentinel.function_name)
        cdk.CfnOutput(self, "KeyArn", value=key.key_arn)
        cdk.CfnOutput(self, "DeliveryRoleArn", value=delivery.role.role_arn)
        # Whether or not another stack uses it today: an export that comes and goes with its use
        # could not go.
        self.export_value(self.bucket.bucket_name)

    def exported(self) -> RecordPlaces:
        """For another stack, in words that are known at once. What another deployment may change
        is read from the outputs, and not exported."""
        key = self.export_value(self.keeping.key.key_arn)
        if self._own:
            return RecordPlaces(
                log_group=f"{self.keeping.prefix}/{RECORD}",
                bucket=self.export_value(self.bucket.bucket_name),
                bucket_arn=self.export_value(self.bucket.bucket_arn),
                configuration="{}",  # its records have no prefix
                key_arn=key,
            )
        bucket = stack_output(self, "LogBucketName")
        return RecordPlaces(
            log_group=stack_output(self, "LogGroupName"),
            bucket=bucket,
            bucket_arn=f"arn:{self.partition}:s3:::{bucket}",
            configuration=stack_output(self, "LoggingConfiguration"),
            key_arn=key,
        )

    @property
    def access_bucket_arn(self) -> str | None:
        """The bucket that accesses are logged to, for another stack, while there is one."""
        if self.access is None:
            return None
        return f"arn:{self.partition}:s3:::{stack_output(self, 'AccessLogBucketName')}"

    def _configurer(
        self, stage: Stage, delivery: DeliveryRole, settings: Mapping[str, str]
    ) -> PythonFunction:
        judging = [] if stage.logging.has_own_destinations else logging_configuration.judging()
        return custom_resource_function(
            self,
            "Configurer",
            description="Sets the Region's invocation logging, and never loses another's",
            handler="invocation_logging.handler.handle",
            shared=["metrics", "claude_bedrock.logging_config", "claude_bedrock.retention"],
            log_name="invocation-logging",
            keeping=self.keeping,
            timeout=logging_configuration.TIMEOUT,
            environment={"RESTORES": self.to_json_string(settings), **initial_metrics.ENVIRONMENT},
            sdk_services=["bedrock", "logs", "s3", "ssm"],
            statements=[
                *logging_configuration.logging_statements(
                    delivery.role,
                    existing_role_arn=stage.logging.existing_logging_role,
                    saved=logging_configuration.saved_in(stage.name),
                ),
                *(each.statement() for each in judging),
            ],
            role_name=deny_policy.role_name(stage.name, stage.region, deny_policy.LOGGING_ROLE),
            findings={**logging_configuration.FINDINGS, **findings(self, judging)},
            log_outlives=True,
        )

    def _verifier(self, stage: Stage, record: LoggingConfiguration) -> PythonFunction:
        own = stage.logging.has_own_destinations
        gateway_role = deny_policy.role_name(stage.name, stage.region, deny_policy.GATEWAY_ROLE)
        names = StageNames(stage.name, self)
        reading = verification.reading(
            names,
            log_group=f"{self.keeping.prefix}/{RECORD}" if own else record.log_group_name,
            bucket_arn=self.bucket.bucket_arn if own else record.bucket_arn,
            evidence_bucket_arn=self.bucket.bucket_arn,
            key_arn=self.keeping.key.key_arn,
        )
        permissions = [*reading, *verification.reporting(names)]
        return PythonFunction(
            self,
            "Verifier",
            description="Joins what the gateway asked with what Bedrock recorded",
            packages=[
                *("verification", "metrics", "claude_bedrock.verification"),
                *("claude_bedrock.records", "claude_bedrock.catalog"),
            ],
            handler="verification.handler.handle",
            log_name=verification.LOG_NAME,
            keeping=self.keeping.for_audit_entries(),
            timeout=verification.TIMEOUT,
            memory_mb=verification.MEMORY_MB,
            environment=verification.environment(
                stage_name=stage.name,
                log_group=record.log_group_name,
                bucket=record.bucket_name,
                configuration=record.configuration,
                evidence_bucket=self.bucket.bucket_name,
                bounds=json.dumps(stage.bounds),
                gateway_role=StageNames(stage.name, self).iam(f"role/{gateway_role}"),
                other_callers=stage.callers.allowed_direct_callers,
                alarm_topic=verification.alarm_topic_arn(names),
                retention_days=stage.logging.retention_days,
            ),
            statements=[each.statement() for each in permissions],
            findings=findings(self, permissions),
        )

    def _sentinel(
        self,
        stage: Stage,
        record: LoggingConfiguration,
        configurer: lambda_.IFunction,
        delivery: DeliveryRole,
        verifier: PythonFunction,
    ) -> lambda_.IFunction:
        key_arn, own = self.keeping.key.key_arn, self.bucket
        gateway = f"claude-on-bedrock-{stage.name}-Gateway"
        permissions = drift_detector.asking(
            bucket_arn=own.bucket_arn,
            adopted_bucket_arns=[] if stage.logging.has_own_destinations else record.bucket_arns,
            key_arn=key_arn,
            delivery_role_arn=delivery.role.role_arn,
            gateway_stack_arn=StageNames(stage.name, self).arn(
                "cloudformation", f"stack/{gateway}/*"
            ),
        )
        if stage.logging.auto_restore_logging:
            permissions.append(drift_detector.restoring(configurer.function_arn))
        function = PythonFunction(
            self,
            "SentinelFunction",
            description="Looks whether the record is still kept as the stage set it up",
            packages=[
                *("drift_detector", "metrics", "claude_bedrock.logging_config"),
                *("claude_bedrock.iam", "claude_bedrock.retention", "claude_bedrock.catalog"),
            ],
            handler="drift_detector.handler.handle",
            log_name="sentinel",
            keeping=self.keeping.while_deployed(),
            timeout=drift_detector.TIMEOUT,
            memory_mb=256,
            sdk_services=["bedrock", "cloudformation", "iam", "kms", "lambda", "logs", "s3"],
            environment=drift_detector.environment(
                stage_name=stage.name,
                configuration=record.configuration,
                retention_days=stage.logging.retention_days,
                bucket=own.bucket_name,
                key_arn=key_arn,
                object_lock=stage.logging.object_lock,
                restores_by=configurer.function_name if stage.logging.auto_restore_logging else "",
                protected=stage.logging.keep_logs_on_destroy,
                gateway_stack=gateway,
                delivery_role_arn=delivery.role.role_arn,
                verifier_role_arn=verifier.role.role_arn,
                data_retention=stage.models.data_retention,
                models=stage.models.allow,
            ),
            statements=[each.statement() for each in permissions],
            findings=findings(self, permissions),
        ).function
        watch = Sentinel(
            self,
            "Sentinel",
            function=function,
            log_groups=[record.log_group_name, *drift_detector.log_groups(stage.name)],
            buckets=[
                own.bucket_name,
                *([] if stage.logging.has_own_destinations else record.bucket_names),
            ],
            key_arn=key_arn,
        )
        watch.node.add_dependency(record, verifier)
        return function

    def _retention(self, stage: Stage, mode: str) -> DataRetention:
        retainer = custom_resource_function(
            self,
            "Retainer",
            description="Sets the account's data-retention mode, and never a looser one",
            handler="data_retention.handler.handle",
            log_name="data-retention",
            keeping=self.keeping,
            timeout=data_retention.TIMEOUT,
            sdk_services=["bedrock"],
            statements=data_retention.retention_statements(mode, region=self.region),
            role_name=deny_policy.role_name(
                stage.name, stage.region, deny_policy.DATA_RETENTION_ROLE
            ),
            findings=data_retention.FINDINGS,
        )
        return DataRetention(self, "Retention", function=retainer.function, mode=mode)

    def _access(self, stage: Stage) -> RecordAccess | None:
        if stage.logging.record_access_log is None:
            return None
        access = RecordAccess(
            self,
            "RecordAccess",
            of=self.bucket,
            how=stage.logging.record_access_log,
            retention_days=stage.logging.retention_days,
            keep=stage.logging.keep_logs_on_destroy,
        )
        cdk.CfnOutput(self, "AccessLogBucketName", value=access.bucket.bucket_name)
        return access

    def _empty_last(self, configuration: LoggingConfiguration, delivery: DeliveryRole) -> None:
        """Has everything that writes to a bucket deleted before the bucket is emptied: Bedrock's
        configuration and its rights, since it delivers records minutes after a call."""
        emptied = self._emptied()
        writers: list[IConstruct | None] = [configuration, delivery, self.verifier.role]
        writers.append(self.bucket.policy)
        if self.access:
            writers += [self.access.trail, self.access.bucket.policy]
        for writer in filter(None, writers):
            writer.node.add_dependency(*emptied)

    def _emptied(self) -> list[EmptiedBucket]:
        """Of each bucket that goes with the stack; what writes to it goes before."""
        buckets = [self.bucket, *([self.access.bucket] if self.access else [])]
        emptier = custom_resource_function(
            self,
            "Emptier",
            description="Empties the log bucket when the stack is deleted",
            handler="bucket_emptier.handler.handle",
            log_name="emptying",
            keeping=self.keeping,
            timeout=auto_delete_objects.TIMEOUT,
            sdk_services=["cloudformation", "s3"],
            statements=auto_delete_objects.emptying_statements(buckets),
            findings=auto_delete_objects.findings(buckets),
        )
        return [
            EmptiedBucket(self, name, bucket=bucket, function=emptier.function)
            for name, bucket in zip(("Emptied", "EmptiedAccess"), buckets, strict=False)
        ]
