"""The drift detector: the function that checks every 15 minutes, and after each change that
CloudTrail reports, that logging is still set up as the stage has it; its permissions and alarms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct, IDependable

from stacks.components.iam.permission import Permission, wildcard_findings
from stacks.components.iam.stage_names import AUDIT_LOGS, StageNames
from stacks.components.observability.alarm import AlarmDefinition
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.observability.metrics import QUARTER_HOUR, drift_metric, runs_metric
from stacks.components.packaging.python_function import PythonFunction
from stacks.components.packaging.schedule import ScheduledInvocation
from stacks.components.record.archive_replication import ArchiveLocation
from stacks.components.record.logging_configuration import LoggingConfiguration

RATE = cdk.Duration.minutes(15)
SERVICE = "drift-detector"
"""Its log group, and the dimension of its metrics."""
PACKAGES = (
    *("drift_detector", "metrics", "claude_bedrock.logging_config"),
    *("claude_bedrock.iam", "claude_bedrock.retention", "claude_bedrock.catalog"),
)
SDK_SERVICES = ("bedrock", "cloudformation", "iam", "kms", "lambda", "logs", "s3")
CONFIGURATION_CALLS = (
    "PutModelInvocationLoggingConfiguration",
    "DeleteModelInvocationLoggingConfiguration",
    "PutAccountDataRetention",
)
LOG_GROUP_CALLS = (
    *("PutRetentionPolicy", "DeleteRetentionPolicy", "DeleteLogGroup", "DeleteLogStream"),
    *("AssociateKmsKey", "DisassociateKmsKey", "PutDataProtectionPolicy"),
    "PutLogGroupDeletionProtection",
)
# As CloudTrail names them: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
BUCKET_CALLS = (
    *("PutBucketLifecycle", "DeleteBucketLifecycle", "PutBucketPolicy", "DeleteBucketPolicy"),
    *("PutBucketVersioning", "PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"),
    *("PutBucketEncryption", "DeleteBucketEncryption", "PutBucketObjectLockConfiguration"),
    *("PutBucketOwnershipControls", "DeleteBucketOwnershipControls", "DeleteBucket"),
    # As their API calls them: AWS's table and its examples do not agree on every name.
    *("PutBucketLifecycleConfiguration", "PutPublicAccessBlock", "DeletePublicAccessBlock"),
    "PutObjectLockConfiguration",
)
ARCHIVE_CALLS = ("PutBucketReplication", "DeleteBucketReplication")
KEY_CALLS = ("DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy")


# Each metric of a kind of drift, and what happened.
DRIFT = {
    "InvocationLoggingDisabled": "Model invocation logging is off: calls leave no record.",
    "LoggingDestinationChanged": "Bedrock delivers records to another destination than it should.",
    "LogDataTypeDisabled": "Bedrock no longer records every data type of a call.",
    "RetentionShortened": "A log group keeps its events for fewer days than the stage sets.",
    "LogBucketDrifted": "The log bucket's retention, policy or encryption was changed.",
    "KmsKeyUnusable": "The KMS key of the records is disabled, about to be deleted, or closed.",
    "LogGroupDrifted": "A log group's encryption, deletion protection or streams were changed.",
    "DataRetentionLoosened": "The account's data-retention mode lets AWS keep content for longer.",
    "DeliveryRoleDrifted": "The role by which Bedrock delivers records may no longer do so.",
    "CatalogOutdated": "Low severity: the catalog of models differs from the account's models.",
}


class ExpectedSettings(NamedTuple):
    """What the stage sets, beside the logging configuration. `protected` says that log groups are
    protected from deletion; `models` are those of the stage, `archive` what its bucket is
    replicated to."""

    retention_days: int
    object_lock: str | None
    protected: bool
    data_retention: str | None
    models: Sequence[str]
    archive: ArchiveLocation | None = None

    def variables(self) -> dict[str, str]:
        """Return what the function reads of them."""
        return {
            "RETENTION_DAYS": str(self.retention_days),
            "OBJECT_LOCK": self.object_lock or "",
            "LOGS_PROTECTED": "true" if self.protected else "false",
            "DATA_RETENTION": self.data_retention or "",
            "MODELS": ",".join(self.models),
            **({"ARCHIVE": json.dumps(self.archive._asdict())} if self.archive else {}),
        }


class DriftDetector(PythonFunction):
    """A function that checks that logging is set up as the stage has it: every 15 minutes, and at
    once when CloudTrail reports a call that may change it.

    CloudTrail reports to EventBridge only where the account has a trail that logs management
    events; without one there are the 15 minutes:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html

    `adopts` says that another's destinations may hold the records; `configurer` is the function
    that sets the configuration again, or None where the stage does not restore it.
    `reaches_iam` says that it can ask IAM about the delivery role.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: StageNames,
        configuration: LoggingConfiguration,
        bucket: s3.IBucket,
        adopts: bool,
        delivery_role: iam.IRole,
        verification: PythonFunction,
        configurer: lambda_.IFunction | None,
        expected: ExpectedSettings,
        reaches_iam: bool = True,
        log_settings: LogGroupSettings,
    ) -> None:
        read_role = [_role_permission(delivery_role.role_arn)] if reaches_iam else []
        permissions = [
            *_account_permissions(names),
            *read_role,
            *_bucket_permissions(bucket.bucket_arn, configuration.bucket_arns if adopts else []),
            *_key_permissions(log_settings.key.key_arn),
            *(_archive_permissions(bucket.bucket_arn) if expected.archive else ()),
            *([_restore_permission(configurer.function_arn)] if configurer else []),
        ]
        super().__init__(
            scope,
            construct_id,
            description="Checks that invocation logging is still set up as the stage has it",
            packages=PACKAGES,
            handler="drift_detector.handler.handle",
            log_name=SERVICE,
            log_settings=log_settings.deleted_with_stack(),
            timeout=cdk.Duration.minutes(2),
            memory_mb=256,
            sdk_services=SDK_SERVICES,
            environment={
                **_variables(names, log_settings.key.key_arn, configurer),
                **_record_variables(configuration, bucket),
                **expected.variables(),
                "DELIVERY_ROLE_ARN": delivery_role.role_arn if reaches_iam else "",
                "VERIFIER_ROLE_ARN": verification.role.role_arn,
            },
            statements=[permission.statement() for permission in permissions],
            findings=wildcard_findings(scope, permissions),
        )
        self._add_rules(
            log_groups=[configuration.log_group_name, *_log_groups(names.stage)],
            buckets=[bucket.bucket_name, *(configuration.bucket_names if adopts else [])],
            bucket_calls=[*BUCKET_CALLS, *(ARCHIVE_CALLS if expected.archive else ())],
            key_arn=log_settings.key.key_arn,
            after=[configuration, verification.log_group, verification.role, verification.function],
        )

    def _add_rules(
        self,
        *,
        log_groups: Sequence[str],
        buckets: Sequence[str],
        bucket_calls: Sequence[str],
        key_arn: str,
        after: Sequence[IDependable],
    ) -> None:
        rules = [
            ScheduledInvocation(
                self,
                "Schedule",
                function=self.function,
                rate=RATE,
                description="Runs the drift detector",
            ),
            self._run_after("LoggingChange", "bedrock", CONFIGURATION_CALLS, {}),
            self._run_after(
                "LogGroupChange", "logs", LOG_GROUP_CALLS, _any_log_group_of(log_groups)
            ),
            self._run_after(
                "BucketChange",
                "s3",
                bucket_calls,
                {"requestParameters": {"bucketName": list(buckets)}},
            ),
            self._run_after("KeyChange", "kms", KEY_CALLS, {"resources": {"ARN": [key_arn]}}),
        ]
        for rule in rules:
            rule.node.add_dependency(*after)

    def _run_after(
        self, construct_id: str, service: str, calls: Sequence[str], detail: Mapping[str, object]
    ) -> events.Rule:
        return events.Rule(
            self,
            construct_id,
            description=f"Runs the drift detector when CloudTrail reports a change in {service}",
            event_pattern=events.EventPattern(
                source=[f"aws.{service}"],
                detail_type=["AWS API Call via CloudTrail"],
                detail={
                    "eventSource": [f"{service}.amazonaws.com"],
                    "eventName": list(calls),
                    **detail,
                },
            ),
            targets=[targets.LambdaFunction(self.function)],
        )


def _record_variables(configuration: LoggingConfiguration, bucket: s3.IBucket) -> dict[str, str]:
    return {
        "LOGGING_CONFIGURATION": configuration.configuration,
        "LOG_BUCKET": bucket.bucket_name,
    }


def _variables(
    names: StageNames, key_arn: str, configurer: lambda_.IFunction | None
) -> dict[str, str]:
    return {
        "STAGE": names.stage,
        "KEY_ARN": key_arn,
        "RESTORES_BY": configurer.function_name if configurer else "",
        "GATEWAY_STACK": _gateway_stack(names),
        "POWERTOOLS_SERVICE_NAME": SERVICE,
        "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    }


def _gateway_stack(names: StageNames) -> str:
    return f"claude-on-bedrock-{names.stage}-Gateway"


def drift_alarms(stage_name: str, *, reaches_iam: bool = True) -> list[AlarmDefinition]:
    """Return the alarms on each kind of drift that it looks for, and on a drift detector that does
    not run."""
    log_group = f"/claude-on-bedrock/{stage_name}/{SERVICE}"
    return [
        *(
            AlarmDefinition(
                name,
                drift_metric(name, stage_name=stage_name, period=QUARTER_HOUR),
                1,
                f"{meaning} Details are in log group {log_group}; CloudTrail names who changed it.",
            )
            for name, meaning in DRIFT.items()
            if reaches_iam or name != "DeliveryRoleDrifted"
        ),
        AlarmDefinition(
            "DriftDetectorNotRunning",
            runs_metric(SERVICE, stage_name=stage_name),
            1,
            f"The drift detector has not run for an hour. See log group {log_group}.",
            on_missing_data=True,
        ),
    ]


def _any_log_group_of(names: Sequence[str]) -> Mapping[str, object]:
    """Return a pattern of the log groups. Newer calls take a name or an ARN as the identifier, of
    which the end suffices: a pattern has at most 2048 characters.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
    """
    arns = [{"suffix": f":{name}{end}"} for name in names for end in ("", ":*")]
    return {
        "$or": [
            {"requestParameters": {"logGroupName": list(names)}},
            {"requestParameters": {"logGroupIdentifier": [*names, *arns]}},
        ]
    }


def _log_groups(stage_name: str) -> list[str]:
    """Return the stage's own that are watched beside the records': the endpoint's, and the
    verification's."""
    return [f"/claude-on-bedrock/{stage_name}/{name}" for name in (*AUDIT_LOGS, "verification")]


def _account_permissions(names: StageNames) -> list[Permission]:
    """Allow reading settings of the account."""
    return [
        Permission(
            "ReadAccountSettings",
            (
                *("bedrock:GetModelInvocationLoggingConfiguration", "logs:DescribeLogGroups"),
                "bedrock:GetAccountDataRetention",
                *("bedrock:ListFoundationModels", "bedrock:ListInferenceProfiles"),
            ),
            ["*"],
            reason="the one logging configuration of an account and Region, its data-retention "
            "mode, and the lists of log groups, models and profiles, have no ARN; nor have X-Ray's "
            "two actions: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-"
            "contextkeys.html",
        ),
        Permission(
            "ReadGatewayStack",
            ("cloudformation:DescribeStacks",),
            [names.arn("cloudformation", f"stack/{_gateway_stack(names)}/*")],
            reason="the ARN of a stack ends in an id that CloudFormation chooses",
        ),
    ]


def _role_permission(delivery_role_arn: str) -> Permission:
    """Allow reading whether Bedrock can deliver by its role."""
    actions = ("iam:GetRole", "iam:SimulatePrincipalPolicy")
    return Permission("ReadDeliveryRole", actions, [delivery_role_arn])


def _bucket_permissions(bucket_arn: str, adopted_bucket_arns: Sequence[str]) -> list[Permission]:
    """Allow reading how buckets keep records, and nothing that is in them."""
    return [
        Permission(
            "ReadBucketRetentionAndPolicy",
            (
                *("s3:GetBucketVersioning", "s3:GetLifecycleConfiguration"),
                *("s3:GetBucketObjectLockConfiguration", "s3:GetBucketPolicy"),
            ),
            [bucket_arn, *adopted_bucket_arns],
        ),
        Permission(
            "ReadBucketSettings",
            (
                *("s3:GetEncryptionConfiguration", "s3:GetBucketPublicAccessBlock"),
                "s3:GetBucketOwnershipControls",
            ),
            [bucket_arn],
        ),
    ]


def _archive_permissions(bucket_arn: str) -> list[Permission]:
    return [Permission("ReadReplicationRule", ("s3:GetReplicationConfiguration",), [bucket_arn])]


def _key_permissions(key_arn: str) -> list[Permission]:
    return [Permission("ReadKmsKeyState", ("kms:DescribeKey", "kms:GetKeyPolicy"), [key_arn])]


def _restore_permission(configurer_arn: str) -> Permission:
    """Allow invoking the one function whose role may change the configuration; the function knows
    what to set."""
    return Permission("InvokeLoggingConfigFunction", ("lambda:InvokeFunction",), [configurer_arn])
