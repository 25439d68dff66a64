"""The InvocationLogging stack: the records of every call, what keeps them, and what checks them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct

from claude_bedrock.budgets.budget import to_json
from claude_bedrock.catalog import deny_policy
from claude_bedrock.queries import audit_entries, schema
from stacks import budget_rules
from stacks.components.iam.legal_hold_permissions import ROLE as LEGAL_HOLD
from stacks.components.iam.legal_hold_permissions import deny_other_legal_holds
from stacks.components.iam.stage_names import RECORD, StageNames
from stacks.components.iam.trail_permissions import TrailFilesLocation, trail_root
from stacks.components.observability.log_group import LogGroupSettings, log_group
from stacks.components.record import initial_metrics
from stacks.components.record.archive_replication import ROLE as REPLICATION_ROLE
from stacks.components.record.archive_replication import ArchiveLocation, ArchiveReplication
from stacks.components.record.auto_delete_objects import AutoDeleteObjects, BucketEmptierFunction
from stacks.components.record.budget_table import BudgetTable
from stacks.components.record.data_retention import DataRetention, DataRetentionFunction
from stacks.components.record.delivery_role import DeliveryRole
from stacks.components.record.drift_detector import SERVICE as DRIFT_DETECTOR
from stacks.components.record.drift_detector import DriftDetector, ExpectedSettings
from stacks.components.record.initial_metrics import InitialMetrics
from stacks.components.record.key_policy import Statement
from stacks.components.record.log_bucket import LogBucket
from stacks.components.record.log_key import LogKey
from stacks.components.record.logging_configuration import (
    LoggingConfigFunction,
    LoggingConfiguration,
    configuration_properties,
)
from stacks.components.record.record_access_log import (
    RecordAccessLog,
    deliver_access_log,
    delivery_statement,
)
from stacks.components.record.trail import CallTrail
from stacks.components.record.verification import VerificationFunction, deny_overwriting_evidence
from stacks.components.record_destination import RecordDestination
from stacks.components.stack_outputs import add_outputs, read_output
from stacks.stage import Stage
from stacks.stage.logs import ACCOUNT_ID

LARGE_DATA_PREFIX = "large-data"


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
        self.bucket = LogBucket(
            self,
            "Bucket",
            key=key,
            retention_days=stage.logging.retention_days,
            retain=retain,
            object_lock=stage.logging.object_lock,
        ).bucket
        self.bucket.add_to_resource_policy(deny_overwriting_evidence(self.bucket))
        self._archive_replication()
        if stage.account.roles.legal_hold:
            holder = StageNames(stage.name, self).iam(stage.role_names.resource(LEGAL_HOLD))
            self.bucket.add_to_resource_policy(deny_other_legal_holds(self.bucket, holder))
        self.budget_table = self._budget_table()
        self.access_log = self._record_access_log()
        self._log_bucket_access_log()
        self.call_trail = self._call_trail(key)
        delivery = _delivery_role(self)
        configurer, configuration = _logging_configuration(self, stage, delivery)
        verification = _verification(self, stage, configuration)
        self.verification_function = verification.function
        self.signing_key = verification.signing_key
        drift_detector = _drift_detector(
            self,
            stage,
            configurer=configurer,
            configuration=configuration,
            delivery=delivery,
            verification=verification,
        )
        _initial_metrics(self, stage, configurer)
        if not retain:
            self._empty_buckets_last([configuration, delivery, verification.role])
        if stage.models.data_retention:
            mode = _data_retention_mode(self, stage, stage.models.data_retention)
            add_outputs(self, {"DataRetentionMode": (mode, "Bedrock's data-retention mode")})
        self._outputs(configuration, delivery, drift_detector)
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

    def trail_location(self, reader: cdk.Stack) -> TrailFilesLocation | None:
        """Return where CloudTrail's files are, as `reader` names it, where the stage reads some."""
        settings = self._stage.evidence.cloudtrail
        if settings is None:
            return None
        bucket = self._trail_bucket(reader)
        roots = [
            trail_root(
                prefix=settings.prefix, organization=settings.organization or "", account=account
            )
            for account in (self.account, *settings.accounts)
        ]
        arn = f"arn:{self.partition}:s3:::{bucket}"
        return TrailFilesLocation(arn, roots, settings.kms_key)

    def trail_source(self) -> str:
        """Return the source of events as JSON; empty where there is none."""
        settings = self._stage.evidence.cloudtrail
        if settings is None:
            return ""
        source = {
            "bucket": self._trail_bucket(self),
            "prefix": settings.prefix,
            "organization": settings.organization or "",
            "accounts": settings.accounts,
            "stage_regions": settings.stage_regions,
        }
        return json.dumps(source)

    def _trail_bucket(self, reader: cdk.Stack) -> str:
        if self.call_trail is None:
            settings = self._stage.evidence.cloudtrail
            return (settings.bucket if settings else None) or ""
        if reader is self:
            return self.call_trail.bucket.bucket_name
        return read_output(self, "CloudTrailBucketName")

    def _call_trail(self, key: kms.IKey) -> CallTrail | None:
        stage = self._stage
        if stage.evidence.cloudtrail is None or not stage.evidence.cloudtrail.create:
            return None
        trail = CallTrail(
            self,
            "CallTrail",
            name=f"claude-on-bedrock-{stage.name}-{stage.region}",
            key=key,
            retention_days=stage.logging.retention_days,
            retain=stage.logging.keep_logs_on_destroy,
        )
        name = trail.bucket.bucket_name
        add_outputs(self, {"CloudTrailBucketName": (name, "Bucket of the stage's trail")})
        return trail

    def _budget_table(self) -> BudgetTable | None:
        if not self._stage.callers.counts_spending:
            return None
        table = BudgetTable(
            self,
            "Budgets",
            key=self.log_settings.key,
            retain=self._stage.logging.keep_logs_on_destroy,
        )
        outputs = {
            "BudgetTableName": (table.table.table_name, "Table of budgets"),
            "BudgetRules": (to_json(budget_rules.rules(self._stage)), "JSON: the budgets"),
        }
        add_outputs(self, outputs)
        return table

    def _archive_replication(self) -> None:
        """Replicate the bucket into the stage's archive, where there is one, and put out what the
        archive's account has to allow."""
        archive = archive_location(self, self._stage)
        if archive is None:
            return
        stage = self._stage
        replication = ArchiveReplication(
            self,
            "Archive",
            bucket=self.bucket,
            key=self.log_settings.key,
            archive=archive,
            role_name=stage.role_names.name(REPLICATION_ROLE),
            role_arn=StageNames(stage.name, self).iam(stage.role_names.resource(REPLICATION_ROLE)),
            object_lock=stage.logging.object_lock is not None,
        )
        outputs = {
            "ArchiveBucketStatement": (
                replication.bucket_statement(),
                "JSON: statement for the policy of the archive's bucket",
            ),
            "ArchiveKeyStatement": (
                replication.key_statement(),
                "JSON: statement for the policy of the archive's key",
            ),
        }
        add_outputs(self, outputs)

    def _record_access_log(self) -> RecordAccessLog | None:
        stage = self._stage
        if stage.logging.record_access_log is None:
            return None
        access_log = RecordAccessLog(
            self,
            "RecordAccess",
            bucket=self.bucket,
            mode=stage.logging.record_access_log,
            retention_days=stage.logging.retention_days,
            retain=stage.logging.keep_logs_on_destroy,
        )
        name = access_log.bucket.bucket_name
        add_outputs(self, {"AccessLogBucketName": (name, "Bucket of the records' access log")})
        return access_log

    def _log_bucket_access_log(self) -> None:
        """Have S3 deliver the bucket's access log into a bucket that exists, where the stage names
        one, and put out what that bucket's policy needs."""
        log = self._stage.logging.log_bucket_access_log
        if log is None:
            return
        bucket = log.bucket.replace(ACCOUNT_ID, self.account)
        deliver_access_log(self.bucket, bucket, log.prefix)
        objects = f"arn:{self.partition}:s3:::{bucket}/{log.prefix}*"
        statement = self.to_json_string(delivery_statement(self.bucket, objects))
        description = "JSON: for the policy of the bucket of the log bucket's access log"
        add_outputs(self, {"AccessLogBucketStatement": (statement, description)})

    def _empty_buckets_last(self, writers: Sequence[IConstruct]) -> None:
        """Have everything that writes to a bucket deleted before the bucket is emptied: Bedrock's
        configuration and its rights, since it delivers records minutes after a call."""
        buckets = {
            "Emptied": self.bucket,
            **({"EmptiedAccess": self.access_log.bucket} if self.access_log else {}),
            **({"EmptiedTrail": self.call_trail.bucket} if self.call_trail else {}),
        }
        emptier = BucketEmptierFunction(
            self, "Emptier", buckets=list(buckets.values()), log_settings=self.log_settings
        )
        emptied = [
            AutoDeleteObjects(self, name, bucket=bucket, function=emptier.function)
            for name, bucket in buckets.items()
        ]
        trails = [
            self.access_log.trail if self.access_log else None,
            self.call_trail.trail if self.call_trail else None,
        ]
        policies = [bucket.policy for bucket in buckets.values()]
        for writer in filter(None, (*writers, *trails, *policies)):
            writer.node.add_dependency(*emptied)

    def _put_out_key_statements(self, statements: list[Statement]) -> None:
        """Put out what the policy of a key has to hold that is none of the stage's."""
        trail = self.call_trail.key_statements if self.call_trail else []
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
        if source := self.trail_source():
            outputs = {**outputs, "CloudTrailSource": (source, "JSON: the trail that is read")}
        add_outputs(self, outputs)


def _logging_configuration(
    stack: InvocationLogging, stage: Stage, delivery: DeliveryRole
) -> tuple[LoggingConfigFunction, LoggingConfiguration]:
    """Create the log group of records, and have Bedrock deliver to it and to the bucket."""
    records = log_group(stack, "Invocations", name=RECORD, settings=stack.log_settings)
    properties = configuration_properties(
        stage_name=stage.name,
        log_group_name=records.log_group_name,
        delivery_role_arn=delivery.role.role_arn,
        bucket_name=stack.bucket.bucket_name,
        large_data_prefix=LARGE_DATA_PREFIX,
        existing_logging=stage.logging.existing_logging,
        existing_role_arn=stage.logging.existing_logging_role,
        required_retention_days=None
        if stage.logging.has_own_destinations
        else stage.logging.retention_days,
    )
    configurer = LoggingConfigFunction(
        stack,
        "Configurer",
        stage_name=stage.name,
        properties=properties,
        delivery_role=delivery.role,
        existing_role_arn=stage.logging.existing_logging_role,
        adopts=not stage.logging.has_own_destinations,
        role_name=stage.role_names.name(deny_policy.LOGGING_ROLE),
        environment=initial_metrics.ENVIRONMENT,
        log_settings=stack.log_settings,
    )
    configuration = LoggingConfiguration(
        stack, "Configuration", function=configurer.function, properties=properties
    )
    configuration.node.add_dependency(stack.bucket, delivery)
    return configurer, configuration


def _delivery_role(stack: InvocationLogging) -> DeliveryRole:
    return DeliveryRole(
        stack,
        "Delivery",
        log_group_name=f"{stack.log_settings.prefix}/{RECORD}",
        bucket=stack.bucket,
        key=stack.log_settings.key,
        large_data_prefix=LARGE_DATA_PREFIX,
    )


def _initial_metrics(
    stack: InvocationLogging, stage: Stage, configurer: LoggingConfigFunction
) -> None:
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


def _verification(
    stack: InvocationLogging, stage: Stage, configuration: LoggingConfiguration
) -> VerificationFunction:
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
        log_group_name=f"{stack.log_settings.prefix}/{RECORD}"
        if own
        else configuration.log_group_name,
        bucket_arn=stack.bucket.bucket_arn if own else configuration.bucket_arn,
        evidence_bucket=stack.bucket,
        allowed_regions=stage.bounds,
        has_gateway=stage.endpoint.enabled,
        gateway_role_arn=gateway_role,
        caller_role_arn=caller_role,
        allowed_direct_callers=stage.callers.allowed_direct_callers,
        retention_days=stage.logging.retention_days,
        hourly=stage.evidence.verify_hourly,
        log_settings=stack.log_settings,
        budget_table=stack.budget_table.table if stack.budget_table else None,
        trail=stack.trail_location(stack),
        trail_source=stack.trail_source(),
        entry_tables=(schema.NAME, audit_entries.NAME) if stage.evidence.audit_entry_table else (),
    )


def _drift_detector(
    stack: InvocationLogging,
    stage: Stage,
    *,
    configurer: LoggingConfigFunction,
    configuration: LoggingConfiguration,
    delivery: DeliveryRole,
    verification: VerificationFunction,
) -> DriftDetector:
    return DriftDetector(
        stack,
        "DriftDetector",
        names=StageNames(stage.name, stack),
        configuration=configuration,
        bucket=stack.bucket,
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
        log_settings=stack.log_settings,
    )


def archive_location(stack: cdk.Stack, stage: Stage) -> ArchiveLocation | None:
    """Return where the log bucket of the stage in `stack` is replicated, if it is."""
    archive = stage.logging.archive
    if archive is None:
        return None
    bucket = archive.bucket.replace(ACCOUNT_ID, stack.account)
    return ArchiveLocation(bucket, archive.account, archive.key)


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
