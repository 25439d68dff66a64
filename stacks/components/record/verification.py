"""Hourly verification: the function that reconciles audit log entries with records and keeps the
result as evidence, its permissions and its alarms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.iam.auditor_permissions import RUN_ACTIONS, query_permissions
from stacks.components.iam.permission import Permission, wildcard_findings
from stacks.components.iam.stage_names import StageNames
from stacks.components.iam.trail_permissions import TrailFilesLocation, trail_permissions
from stacks.components.observability.alarm import AlarmDefinition
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.observability.metrics import runs_metric, verification_metric
from stacks.components.packaging.python_function import PythonFunction, function_architecture
from stacks.components.packaging.schedule import ScheduledInvocation
from stacks.components.record.budget_table import read_permissions
from stacks.components.record.logging_configuration import LoggingConfiguration
from stacks.components.record.signing_key import SigningKey

RATE = cdk.Duration.hours(1)
# DuckDB joins within 500 MB (claude_bedrock/verification/join_tables.py), whatever an attempt
# reads: what is left is for what the function itself takes, and for pages on their way.
MEMORY_MB = 1024
STORAGE_MB = 4096
"""For what exceeds that: all that an attempt takes (read_budget.py) is half as much."""
GATEWAY_LOGS = ("gateway", "access")
"""The log groups of audit entries and of API Gateway's access log."""
LOG_NAME = "verification"
"""The function's own log group: the second place of the hashes of its evidence."""
EVIDENCE = "evidence"
OVERDUE_HOURS = 3
FINDINGS = {
    "InvocationRecordMissing": "Bedrock took calls of the gateway, and their records are missing.",
    "GatewayBypassed": "Bedrock recorded calls that did not come through the gateway.",
    "PromptOrCompletionMissing": "Records of calls lack the prompt or the completion.",
    "CallerMismatch": "Records name another caller than the gateway's audit log.",
    "DataResidencyViolation": "Calls were answered in a Region that the stage does not allow.",
    "AuditEntryLost": "Bedrock recorded calls of the gateway that its audit log does not have.",
    "ModelMismatch": "Records name another model than the gateway called.",
    "IdentityMismatch": "Records of the gateway's calls name another identity than its role.",
    "SessionMismatch": "Records name one caller in their identity and another in their metadata.",
    "ContentMismatch": "Records of one call differ from each other.",
    "UnreadableRecord": "A record or an audit log entry cannot be read.",
}
"""Each metric of a kind of finding, and what happened."""
WITHOUT_GATEWAY = {
    "InvocationRecordMissing": "Calls are on record in one of two destinations only.",
    "PromptOrCompletionMissing": FINDINGS["PromptOrCompletionMissing"],
    "DataResidencyViolation": FINDINGS["DataResidencyViolation"],
    "ContentMismatch": FINDINGS["ContentMismatch"],
    "UnreadableRecord": "A record cannot be read.",
}
"""The same for a stage whose callers go to Bedrock directly: without audit log entries, records can
only be compared with each other."""
BUDGET_FINDINGS = {
    "BudgetMismatch": "A budget or a call was charged another amount than Bedrock's records have.",
}
"""As FINDINGS, of a stage with budgets."""
TRAIL_FINDINGS = {
    "CallOutsideStage": "CloudTrail has calls in a Region or account without a stage.",
    "UnrecordedCall": "CloudTrail has calls that Bedrock's log does not have.",
    "LostCall": "CloudTrail has calls of the gateway that neither its audit log nor Bedrock's log "
    "has.",
    "TrailIncomplete": "CloudTrail lacks events of calls, so that it cannot tell.",
}
"""Each metric of what a trail shows, in a stage that has one, and what happened."""
NOT_DELIVERED = "AuditEntryNotDelivered"
"""The metric of audit log entries that the bucket lacks, in a stage with a table of them."""
EVIDENCE_FINDINGS = {
    "EvidenceChanged": "Evidence of a verified hour was changed or deleted.",
    "UnverifiedHours": "An hour could not be verified and was closed as not verified.",
}
"""Each metric of what is wrong with the evidence itself, and what happened."""


PACKAGES = (
    *("verification", "metrics", "claude_bedrock.verification"),
    *("claude_bedrock.records", "claude_bedrock.catalog"),
    *("claude_bedrock.caller_sessions", "claude_bedrock.budgets"),
    "claude_bedrock.queries",
)


class ExpectedCalls(NamedTuple):
    """The Regions that may answer calls, the roles of the gateway, the principals that may call
    past it, and how long records are kept."""

    allowed_regions: Mapping[str, object]
    gateway_role_arn: str
    caller_role_arn: str
    allowed_direct_callers: Sequence[str]
    retention_days: int

    def variables(self) -> dict[str, str]:
        return {
            "BOUNDS": json.dumps(self.allowed_regions),
            "GATEWAY_ROLE": self.gateway_role_arn,
            "CALLER_ROLE": self.caller_role_arn,
            "ALLOWED_DIRECT_CALLERS": ",".join(self.allowed_direct_callers),
            "RETENTION_DAYS": str(self.retention_days),
        }


class VerificationFunction(PythonFunction):
    """A function that reconciles the gateway's audit log with Bedrock's records, once an hour where
    it is `hourly`, and whenever it is invoked.

    Without a gateway it compares the records of the two destinations with each other.
    `configuration` names the destinations of records; `log_group_name` and `bucket_arn` are the
    same as its role names them, in words that are known at synthesis where possible.
    `budget_table` is None for a stage without budgets. `trail` is where CloudTrail's files are,
    where the stage reads some, and `trail_source` the same as JSON for the function. `entry_tables`
    are the tables in Athena of a stage whose audit log entries are delivered into the evidence
    bucket, too.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: StageNames,
        configuration: LoggingConfiguration,
        log_group_name: str,
        bucket_arn: str,
        evidence_bucket: s3.IBucket,
        has_gateway: bool,
        expected: ExpectedCalls,
        hourly: bool,
        log_settings: LogGroupSettings,
        budget_table: dynamodb.ITable | None = None,
        trail: TrailFilesLocation | None = None,
        trail_source: str = "",
        entry_tables: Sequence[str] = (),
    ) -> None:
        key_arn, own_bucket = log_settings.key.key_arn, evidence_bucket.bucket_arn
        permissions = [
            *_read_permissions(
                names,
                log_group_name,
                [bucket_arn, own_bucket],
                own_logs=[*(GATEWAY_LOGS if has_gateway else ()), LOG_NAME],
            ),
            *_evidence_permissions(names, own_bucket, key_arn),
            *_report_permissions(names),
            *(trail_permissions(trail) if trail else ()),
            *_query_permissions(names, entry_tables, own_bucket),
            *_budget_permissions(names, budget_table, key_arn),
        ]
        super().__init__(
            scope,
            construct_id,
            description="Reconciles the gateway's audit log with Bedrock's invocation log records"
            if has_gateway
            else "Compares Bedrock's invocation log records in S3 and CloudWatch Logs",
            packages=PACKAGES,
            handler="verification.handler.handle",
            log_name=LOG_NAME,
            log_settings=log_settings.for_audit_entries(),
            timeout=cdk.Duration.minutes(15),
            memory_mb=MEMORY_MB,
            storage_mb=STORAGE_MB,
            architecture=function_architecture(scope),
            environment={
                **_record_variables(configuration),
                **_own_variables(names, GATEWAY_LOGS if has_gateway else ("", "")),
                **expected.variables(),
                "EVIDENCE_BUCKET": evidence_bucket.bucket_name,
                **({"CLOUDTRAIL": trail_source} if trail_source else {}),
                **(_entry_table_variables(names) if entry_tables else {}),
            },
            statements=[permission.statement() for permission in permissions],
            findings=wildcard_findings(scope, permissions),
        )
        self.signing_key = SigningKey(
            self, "SigningKey", signer=self.role, retain=log_settings.retain
        ).key
        self.function.add_environment("SIGNING_KEY", self.signing_key.key_id)
        if budget_table is not None:
            self.function.add_environment("BUDGETS_TABLE", budget_table.table_name)
        if hourly:
            self._schedule(configuration)

    def _schedule(self, configuration: LoggingConfiguration) -> None:
        schedule = ScheduledInvocation(
            self,
            "Schedule",
            function=self.function,
            rate=RATE,
            description="Verifies the records of the last hour",
        )
        schedule.node.add_dependency(configuration)


def verification_alarms(
    stage_name: str,
    *,
    has_gateway: bool = True,
    has_budgets: bool = False,
    has_trail: bool = False,
    has_entry_table: bool = False,
) -> list[AlarmDefinition]:
    """Return the alarms on each kind of finding, and on hours that were not verified in time."""
    findings = {
        **(FINDINGS if has_gateway else WITHOUT_GATEWAY),
        **(BUDGET_FINDINGS if has_budgets else {}),
        **(TRAIL_FINDINGS if has_trail else {}),
    }
    log_group = f"/claude-on-bedrock/{stage_name}/{LOG_NAME}"
    not_delivered = (
        "The log bucket lacks audit log entries that the log group has. Their request ids are in "
        f"log group {log_group} and in the evidence."
    )
    meanings = {
        **({NOT_DELIVERED: not_delivered} if has_entry_table else {}),
        **{
            name: f"{meaning} The request ids are in log group {log_group} and in the evidence."
            for name, meaning in findings.items()
        },
        **{
            name: f"{meaning} The hour and the reason are in log group {log_group}."
            for name, meaning in EVIDENCE_FINDINGS.items()
        },
    }
    return [
        *(
            AlarmDefinition(name, verification_metric(name, stage_name=stage_name), 1, meaning)
            for name, meaning in meanings.items()
        ),
        AlarmDefinition(
            "VerificationOverdue",
            runs_metric("verification", stage_name=stage_name),
            1,
            f"Hourly verification is overdue by {OVERDUE_HOURS} hours. See log group {log_group}.",
            periods=OVERDUE_HOURS,
            on_missing_data=True,
        ),
    ]


def _query_permissions(
    names: StageNames, tables: Sequence[str], bucket_arn: str
) -> list[Permission]:
    """Return what running the query of a large hour takes, where the stage has the tables."""
    if not tables:
        return []
    return query_permissions(names, tables=tables, bucket_arn=bucket_arn, actions=RUN_ACTIONS)


def _budget_permissions(
    names: StageNames, table: dynamodb.ITable | None, key_arn: str
) -> list[Permission]:
    """Return what reading the table of budgets takes, where the stage has one."""
    if table is None:
        return []
    return read_permissions(table.table_arn, key_arn, names.stack.region)


def _record_variables(configuration: LoggingConfiguration) -> dict[str, str]:
    return {
        "LOG_GROUP": configuration.log_group_name,
        "LOG_BUCKET": configuration.bucket_name,
        "LOGGING_CONFIGURATION": configuration.configuration,
    }


def _entry_table_variables(names: StageNames) -> dict[str, str]:
    return {
        "AUDIT_ENTRY_TABLE": "true",
        "ATHENA_WORKGROUP": names.workgroup,
        "ATHENA_DATABASE": names.database,
    }


def _own_variables(names: StageNames, gateway_logs: Sequence[str]) -> dict[str, str]:
    prefix = f"/claude-on-bedrock/{names.stage}"
    audit_log, access_log = (log and f"{prefix}/{log}" for log in gateway_logs)
    return {
        "STAGE": names.stage,
        "AUDIT_LOG_GROUP": audit_log,
        "ACCESS_LOG_GROUP": access_log,
        "HASH_LOG_GROUP": f"{prefix}/{LOG_NAME}",
        "ALARM_TOPIC": names.alarm_topic(),
        "POWERTOOLS_SERVICE_NAME": "verification",
        "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    }


def _read_permissions(
    names: StageNames, log_group_name: str, bucket_arns: Sequence[str], own_logs: Sequence[str]
) -> list[Permission]:
    """Allow reading the records, the stage's `own_logs`, and evidence."""
    log_group = names.arn("logs", f"log-group:{log_group_name}")
    buckets = list(dict.fromkeys(bucket_arns))
    return [
        Permission(
            "ReadRecordsAndAuditLogs",
            ("logs:FilterLogEvents",),
            [log_group, f"{log_group}:*", *names.logs(own_logs)],
            reason="CloudWatch and Lambda choose the names of a log group's streams",
        ),
        Permission("ListRecordAndEvidenceObjects", ("s3:ListBucket",), buckets),
        Permission(
            "ReadRecordAndEvidenceObjects",
            ("s3:GetObject",),
            [f"{bucket}/*" for bucket in buckets],
            reason="a record may refer to any object of the bucket, which holds nothing else",
        ),
    ]


def _evidence_permissions(names: StageNames, bucket_arn: str, key_arn: str) -> list[Permission]:
    """Allow adding evidence, and the use of the stage's key for it and for records. Where the stage
    has adopted another's logging, the owner of the other's key has to allow its use."""
    return [
        Permission(
            "PutEvidence",
            ("s3:PutObject",),
            [f"{bucket_arn}/{EVIDENCE}/*"],
            reason="a file of evidence is named for its hour; the bucket refuses to overwrite one",
        ),
        Permission(
            "DecryptRecordsAndEncryptEvidence",
            ("kms:Decrypt", "kms:GenerateDataKey"),
            [key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{names.stack.region}.amazonaws.com"}
            },
        ),
    ]


def _report_permissions(names: StageNames) -> list[Permission]:
    """Allow sending the daily report to the alarm topic. A later stack makes the topic and its key:
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""
    topic = names.alarm_topic()
    return [
        Permission("PublishDailyReport", ("sns:Publish",), [topic]),
        Permission(
            "EncryptDailyReport",
            ("kms:GenerateDataKey", "kms:Decrypt"),
            [names.arn("kms", "key/*")],
            reason="the alarm topic's key is made by a later stack; SNS names the topic whose "
            "messages it encrypts in the encryption context, and only this one's is allowed",
            conditions={
                "StringEquals": {
                    "kms:ViaService": f"sns.{names.stack.region}.amazonaws.com",
                    "kms:EncryptionContext:aws:sns:topicArn": topic,
                }
            },
        ),
    ]


def deny_overwriting_evidence(bucket: s3.IBucket) -> iam.PolicyStatement:
    """Return a statement of the bucket's policy that lets nobody overwrite evidence.

    A copy and the parts of a large upload cannot send the condition, and are refused too:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    return iam.PolicyStatement(
        sid="DenyOverwritingEvidence",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["s3:PutObject"],
        resources=[bucket.arn_for_objects(f"{EVIDENCE}/*")],
        conditions={"Null": {"s3:if-none-match": "true"}},
    )
