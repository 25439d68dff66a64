"""The alarms of a stage on API Gateway, the gateway function and the delivery of records.

Alarms on scheduled functions are defined beside these, in stacks/components/record and api.
"""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.components.observability.alarm import AlarmDefinition, add_alarm
from stacks.components.observability.metrics import (
    DELIVERIES,
    api_metric,
    delivery_metric,
    function_metric,
    gateway_metric,
    replication_metric,
    slow_first_bytes,
)

SLOW_FIRST_BYTE_MS = 20_000
NEAR_LIMIT = 0.8  # of the gateway's reserved concurrency
# ACM begins to renew a certificate 60 days before its end, where it can:
# https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
EXPIRES_SOON_DAYS = 30


class Alarms(Construct):
    """The alarms of one stage; each of them publishes to `topic`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        definitions: Iterable[AlarmDefinition],
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        for definition in definitions:
            add_alarm(self, definition, topic)


def response_alarms(
    stage_name: str, *, api_name: str, api_stage: apigateway.IStage, caller_sessions: bool
) -> list[AlarmDefinition]:
    """Return the alarms on failed and slow responses."""
    audit_log = f"/claude-on-bedrock/{stage_name}/gateway"
    session_errors = AlarmDefinition(
        "CallerSessionErrors",
        gateway_metric("CallerSessionErrors", stage_name=stage_name),
        1,
        "AWS STS opened no session for a caller, whose call was refused. The audit log entries' "
        f"error_cause says why: see log group {audit_log}.",
    )
    return [
        *([session_errors] if caller_sessions else []),
        AlarmDefinition(
            "ServerErrors",
            api_metric(api_stage, api_name=api_name, name="5XXError"),
            5,
            "Clients receive 5xx responses. The audit log entries' outcome says why: see log group "
            f"{audit_log}.",
        ),
        AlarmDefinition(
            "UpstreamErrors",
            gateway_metric("UpstreamErrors", stage_name=stage_name),
            5,
            "Bedrock fails, breaks off streams, or denies access to the gateway's role. The audit "
            f"log entries' error_cause says which: see log group {audit_log}.",
        ),
        AlarmDefinition(
            "BedrockThrottles",
            gateway_metric("BedrockThrottles", stage_name=stage_name),
            10,
            "Bedrock throttles the account. Check its quotas for these models.",
        ),
        AlarmDefinition(
            "HighTimeToFirstByte",
            slow_first_bytes(stage_name=stage_name),
            SLOW_FIRST_BYTE_MS,
            f"One request in twenty waits {SLOW_FIRST_BYTE_MS // 1000} seconds or longer for its "
            "first byte. Check Bedrock's latency.",
            periods=3,
        ),
    ]


def function_alarms(
    gateway: lambda_.IFunction,
    authorizer: lambda_.IFunction | None,
    *,
    stage_name: str,
    reserved_concurrency: int | None,
) -> list[AlarmDefinition]:
    """Return the alarms on the functions of the request path. The authorizer's errors are no
    symptom: by an error it reports, as it must, that a key is missing."""
    definitions = [
        AlarmDefinition(
            "FunctionErrors",
            function_metric(gateway, "Errors"),
            1,
            "The gateway function failed or timed out. See log group "
            f"/claude-on-bedrock/{stage_name}/gateway.",
        ),
        *(
            AlarmDefinition(
                f"{name}Throttles",
                function_metric(function, "Throttles"),
                1,
                "Lambda throttled the function: requests failed. Check the account's concurrency.",
            )
            for name, function in (("Function", gateway), ("Authorizer", authorizer))
            if function is not None
        ),
    ]
    # Of 1 there is no near: each call uses all of it, and FunctionThrottles tells of the next one.
    if reserved_concurrency and reserved_concurrency > 1:
        near_limit = AlarmDefinition(
            "ReservedConcurrencyNearLimit",
            function_metric(gateway, "ConcurrentExecutions", statistic="Maximum"),
            reserved_concurrency * NEAR_LIMIT,
            f"The gateway uses {NEAR_LIMIT:.0%} of its reserved concurrency; beyond it, Lambda "
            "throttles requests. Raise reserved_concurrency, or find who sends more.",
        )
        definitions.append(near_limit)
    return definitions


def archive_alarms(archive_bucket: str, *, source_bucket: str, rule: str) -> list[AlarmDefinition]:
    """Return the alarm on objects that S3 could not replicate into the archive."""
    return [
        AlarmDefinition(
            "ArchiveReplicationFailed",
            replication_metric(source_bucket, archive_bucket, rule),
            1,
            "S3 could not replicate objects of the log bucket into the archive: records or "
            "evidence are missing there.",
        )
    ]


def certificate_alarms(certificate: acm.ICertificate) -> list[AlarmDefinition]:
    """Return the alarm on the end of the certificate of the endpoint's own name."""
    return [
        AlarmDefinition(
            "CertificateExpiring",
            certificate.metric_days_to_expiry(),
            EXPIRES_SOON_DAYS,
            f"The certificate of the endpoint's name ends in less than {EXPIRES_SOON_DAYS} days; "
            "from then on clients refuse the endpoint. ACM has not renewed it, or cannot.",
            runs_out=True,
        )
    ]


def budget_alarms(stage_name: str) -> list[AlarmDefinition]:
    """Return the alarms on what is spent, and on the table that counts it."""
    audit_log = f"/claude-on-bedrock/{stage_name}/gateway"
    return [
        AlarmDefinition(
            "BudgetThresholdReached",
            gateway_metric("BudgetAlerts", stage_name=stage_name),
            1,
            "The spending of a budget has passed a percentage of its alert_at. "
            f"`claude-bedrock budgets` lists them all; the callers are in log group {audit_log}.",
        ),
        AlarmDefinition(
            "BudgetExceeded",
            gateway_metric("BudgetRefusals", stage_name=stage_name),
            1,
            "Calls were refused with 429, since a budget is used up. `claude-bedrock budgets` "
            f"lists them all; the callers are in log group {audit_log}.",
        ),
        AlarmDefinition(
            "BudgetTableErrors",
            gateway_metric("BudgetTableErrors", stage_name=stage_name),
            1,
            "The table of budgets did not answer: calls were refused with 503 (or went on, with "
            "budgets_fail open), or are charged in full. The audit log entries' budgets_cause says "
            f"why: see log group {audit_log}.",
        ),
    ]


def delivery_alarms() -> list[AlarmDefinition]:
    """Return the alarms on records that Bedrock could not deliver."""
    return [
        AlarmDefinition(
            f"{delivery}Failure",
            delivery_metric(delivery, "Failure"),
            1,
            "Bedrock could not deliver a record of a call, so it may be lost. Check the KMS key, "
            "the bucket and the delivery role.",
        )
        for delivery in DELIVERIES
    ]
