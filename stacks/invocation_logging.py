"""The InvocationLogging stack: the records of every call, what keeps them, and what checks them."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from claude_bedrock.catalog import deny_policy
from stacks.access_logs import add_delivery_to_existing_bucket, add_record_access_log
from stacks.components.iam.stage_names import RECORD
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.record.data_retention import DataRetention, DataRetentionFunction
from stacks.components.record.delivery_role import DeliveryRole
from stacks.components.record.drift_detector import DriftDetector
from stacks.components.record.key_policy import Statement
from stacks.components.record.log_key import LogKey
from stacks.components.record.logging_configuration import (
    LoggingConfiguration,
)
from stacks.components.record_destination import RecordDestination
from stacks.components.stack_outputs import add_outputs, read_output
from stacks.record_checks import add_drift_detector, add_initial_metrics, add_verification
from stacks.record_delivery import add_delivery_role, add_logging_configuration
from stacks.record_store import (
    RecordStore,
    add_budget_table,
    add_record_store,
    empty_buckets_last,
)
from stacks.stage import Stage
from stacks.stage_trail import StageTrail


class InvocationLogging(cdk.Stack):
    """Everything Bedrock needs to record prompts and completions, and everything that keeps and
    checks the records."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: Stage, env: cdk.Environment
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=construct_id,
            env=env,
            description="The record of every call",
            termination_protection=stage.logging.keep_logs_on_destroy,
        )
        self._stage = stage
        retain, prefix = stage.logging.keep_logs_on_destroy, f"/claude-on-bedrock/{stage.name}"
        log_key = LogKey(
            self,
            "Key",
            log_groups=f"{prefix}/*",
            retain=retain,
            existing_key_arn=stage.logging.kms_key,
        )
        key = log_key.key
        self.log_settings = LogGroupSettings(prefix, key, stage.logging.retention_days, retain)
        store = add_record_store(self, stage, self.log_settings)
        self.bucket = store.bucket
        self.budget_table = add_budget_table(self, stage, self.log_settings)
        self.access_log = add_record_access_log(self, stage, self.bucket)
        add_delivery_to_existing_bucket(self, stage, self.bucket)
        self.trail = StageTrail(self, stage, key)
        self._deliver_and_check(stage, store)
        if stage.models.data_retention:
            mode = _data_retention_mode(self, stage, stage.models.data_retention)
            add_outputs(self, {"DataRetentionMode": (mode, "Bedrock's data-retention mode")})
        if stage.logging.kms_key:
            self._put_out_key_statements(log_key.statements)
        # Whether or not another stack uses it today: an export that comes and goes with its use
        # could not go.
        self.export_value(self.bucket.bucket_name)

    def export_destination(self) -> RecordDestination:
        """Return where records are delivered, for another stack, as values that are known at
        synthesis. The reader reads from outputs, not exports, what another deployment may
        change."""
        key = self.key_arn
        if self._stage.logging.has_own_destinations:
            return RecordDestination(
                log_group=f"{self.log_settings.prefix}/{RECORD}",
                bucket=self.export_value(self.bucket.bucket_name),
                bucket_arn=self.export_value(self.bucket.bucket_arn),
                configuration="{}",  # its records have no prefix
                key_arn=key,
            )
        bucket = read_output(self, "LogBucketName")
        return RecordDestination(
            log_group=read_output(self, "LogGroupName"),
            bucket=bucket,
            bucket_arn=f"arn:{self.partition}:s3:::{bucket}",
            configuration=read_output(self, "LoggingConfiguration"),
            key_arn=key,
        )

    @property
    def key_arn(self) -> str:
        """The ARN of the key of records and logs, for another stack."""
        existing = self._stage.logging.kms_key
        return existing or self.export_value(self.log_settings.key.key_arn)

    @property
    def access_bucket_arn(self) -> str | None:
        """The bucket of the access log, for another stack, where there is one."""
        if self.access_log is None:
            return None
        return f"arn:{self.partition}:s3:::{read_output(self, 'AccessLogBucketName')}"

    def _deliver_and_check(self, stage: Stage, store: RecordStore) -> None:
        """Have Bedrock deliver records, and create what checks them."""
        delivery = add_delivery_role(self, store)
        configurer, configuration = add_logging_configuration(self, stage, store, delivery)
        verification = add_verification(
            self,
            stage,
            store,
            configuration=configuration,
            budget_table=self.budget_table.table if self.budget_table else None,
            trail=self.trail,
        )
        self.verification_function = verification.function
        self.signing_key = verification.signing_key
        drift_detector = add_drift_detector(
            self,
            stage,
            store,
            configurer=configurer,
            configuration=configuration,
            delivery=delivery,
            verification=verification,
        )
        add_initial_metrics(self, stage, configurer)
        if not stage.logging.keep_logs_on_destroy:
            trails = [log.trail for log in (self.access_log, self.trail.created) if log]
            writers = [configuration, delivery, verification.role, *filter(None, trails)]
            empty_buckets_last(self, self._buckets(), writers, self.log_settings)
        self._outputs(configuration, delivery, drift_detector)

    def _buckets(self) -> dict[str, s3.Bucket]:
        """Return the stage's buckets by the custom resource that empties each."""
        buckets = {"Emptied": self.bucket}
        if self.access_log:
            buckets["EmptiedAccess"] = self.access_log.bucket
        if self.trail.created:
            buckets["EmptiedTrail"] = self.trail.created.bucket
        return buckets

    def _put_out_key_statements(self, statements: list[Statement]) -> None:
        """Put out what the policy of a key has to hold that is none of the stage's."""
        trail = self.trail.created.key_statements if self.trail.created else []
        value = self.to_json_string([*statements, *trail])
        add_outputs(self, {"KmsKeyStatements": (value, "JSON: for the policy of kms_key")})

    def _outputs(
        self,
        configuration: LoggingConfiguration,
        delivery: DeliveryRole,
        drift_detector: DriftDetector,
    ) -> None:
        outputs: Mapping[str, tuple[str, str]] = {
            "LogGroupName": (configuration.log_group_name, "Log group of records"),
            "LogBucketName": (configuration.bucket_name, "Bucket of records"),
            "LoggingConfiguration": (configuration.configuration, "JSON: what Bedrock has set"),
            "EvidenceBucketName": (self.bucket.bucket_name, "Bucket of the evidence"),
            "VerificationFunctionName": (
                self.verification_function.function_name,
                "Verification function",
            ),
            "SigningKeyArn": (self.signing_key.key_arn, "KMS key that signs evidence"),
            "DriftDetectorName": (drift_detector.function.function_name, "Drift detector"),
            "KeyArn": (self.log_settings.key.key_arn, "KMS key of records and logs"),
            "DeliveryRoleArn": (delivery.role.role_arn, "Role by which Bedrock delivers records"),
        }
        if source := self.trail.source():
            outputs = {**outputs, "CloudTrailSource": (source, "JSON: the trail that is read")}
        add_outputs(self, outputs)


def _data_retention_mode(stack: InvocationLogging, stage: Stage, mode: str) -> str:
    """Have the account's data-retention mode set; return the one in force."""
    function = DataRetentionFunction(
        stack,
        "Retainer",
        mode=mode,
        role_name=stage.role_names.name(deny_policy.DATA_RETENTION_ROLE),
        log_settings=stack.log_settings,
    )
    return DataRetention(stack, "Retention", function=function.function, mode=mode).mode_in_force
