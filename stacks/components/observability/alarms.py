"""Alone knows which symptoms wake somebody, and from what threshold on."""

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.components.observability.alarm import silence_alarm, symptom_alarm
from stacks.components.observability.metrics import (
    DELIVERIES,
    QUARTER_HOUR,
    api_metric,
    canary_metric,
    delivery_metric,
    function_metric,
    gateway_metric,
    runs_metric,
    sentinel_metric,
    verification_metric,
)

SLOW_FIRST_BYTE_MS = 20_000
NEAR_LIMIT = 0.8  # of the gateway's reserved concurrency
SILENT_HOURS = 3
# A run that waits for the record may end in the next hour.
SILENT_CANARY_HOURS = 2
DRIFT = {
    "InvocationLoggingDisabled": "Invocation logging is off in this Region: calls leave no record.",
    "LoggingDestinationChanged": "Records of calls go elsewhere than the stage set up.",
    "LogDataTypeDisabled": "Calls are recorded without all of what was asked and answered.",
    "RetentionShortened": "A log group of the record keeps less than the stage's number of days.",
    "LogBucketDrifted": "The record's bucket keeps less than it has to, or its policy is another.",
    "KmsKeyUnusable": "The key that encrypts the record is off, about to be deleted, or closed.",
    "LogGroupDrifted": "A log group of the record is not encrypted, protected or whole as set up.",
    "DataRetentionLoosened": "AWS may keep content for longer than the stage lets it.",
    "DeliveryRoleDrifted": "The role by which Bedrock delivers records may no longer do so.",
    "CatalogOutdated": "Low severity: the catalog of models differs from the account's.",
}
"""Each metric of a kind of drift, and what it means."""
FINDINGS = {
    "InvocationRecordMissing": "Bedrock took calls of the gateway, and their record is missing.",
    "GatewayBypassed": "Somebody called Bedrock past the gateway.",
    "PromptOrCompletionMissing": "Calls are on record without what was asked or answered.",
    "CallerMismatch": "Calls are on record under another caller's name.",
    "DataResidencyViolation": "Calls were answered in a Region where this stage's may not be.",
    "AuditEntryLost": "Calls of the gateway are on record, and their audit entry is missing.",
    "ModelMismatch": "Calls are on record under another model than the gateway called.",
    "IdentityMismatch": "Calls of the gateway are on record under another identity than its role.",
    "ContentMismatch": "Records of one call differ from each other.",
    "UnreadableRecord": "A record or an audit entry cannot be read.",
}
"""Each metric of a kind of finding, and what it means."""
EVIDENCE = {
    "EvidenceChanged": "Sealed evidence is gone or changed: the log group verification says which.",
    "UnverifiedHours": "An hour was sealed as not verified: the log group verification says why.",
}
"""Each metric of what is wrong with the evidence itself, and what it means."""


class Alarms(Construct):
    """The alarms of one stage; each of them tells `topic`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage_name: str,
        api_name: str,
        api_stage: apigateway.IStage,
        gateway: lambda_.IFunction,
        authorizer: lambda_.IFunction | None,
        key_expiry: lambda_.IFunction | None,
        reserved_concurrency: int | None,
        verified_hourly: bool,
        has_canary: bool,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        self._on_answers(stage_name, api_metric(api_stage, api_name=api_name, name="5XXError"))
        self._on_functions(gateway, authorizer)
        if reserved_concurrency:
            self._add(
                "ReservedConcurrencyNearLimit",
                function_metric(gateway, "ConcurrentExecutions", statistic="Maximum"),
                reserved_concurrency * NEAR_LIMIT,
                "The gateway runs nearly as often at once as it may: soon Lambda turns calls away.",
            )
        if key_expiry:
            self._add(
                "ApiKeyExpiryErrors",
                function_metric(key_expiry, "Errors"),
                1,
                "Keys that have ended may still be good: look at the log group key-expiry.",
            )
        self._on_deliveries()
        self._on_drift(stage_name)
        if verified_hourly:
            self._on_verification(stage_name)
        if has_canary:
            self._on_canary(stage_name)

    def _on_answers(self, stage_name: str, server_errors: cloudwatch.Metric) -> None:
        self._add(
            "ServerErrors",
            server_errors,
            5,
            "Clients get 5xx answers: look at the gateway's audit lines for the outcome.",
        )
        self._add(
            "UpstreamErrors",
            gateway_metric("UpstreamErrors", stage_name=stage_name),
            5,
            "Bedrock fails, breaks streams off, or refuses the gateway's role: the audit lines' "
            "error_cause says which.",
        )
        self._add(
            "BedrockThrottles",
            gateway_metric("BedrockThrottles", stage_name=stage_name),
            10,
            "Bedrock throttles the account: look at its quotas for these models.",
        )
        self._add(
            "HighTimeToFirstByte",
            gateway_metric("FirstByteLatency", stage_name=stage_name, statistic="p95"),
            SLOW_FIRST_BYTE_MS,
            "One request in twenty waits long for its first byte: look at Bedrock's latency.",
            periods=3,
        )

    def _on_functions(
        self, gateway: lambda_.IFunction, authorizer: lambda_.IFunction | None
    ) -> None:
        # Not the authorizer's errors: by one it says, as it must, that a key is missing.
        self._add(
            "FunctionErrors",
            function_metric(gateway, "Errors"),
            1,
            "The gateway function failed or ran out of time: look at its log group.",
        )
        for name, function in (("Function", gateway), ("Authorizer", authorizer)):
            if function is None:
                continue
            self._add(
                f"{name}Throttles",
                function_metric(function, "Throttles"),
                1,
                "Lambda turned calls away: look at the account's concurrency.",
            )

    def _on_deliveries(self) -> None:
        for delivery in DELIVERIES:
            self._add(
                f"{delivery}Failure",
                delivery_metric(delivery, "Failure"),
                1,
                "Bedrock could not deliver a record of a call: check key, bucket and role now.",
            )

    def _on_drift(self, stage_name: str) -> None:
        for name, meaning in DRIFT.items():
            self._add(
                name,
                sentinel_metric(name, stage_name=stage_name, period=QUARTER_HOUR),
                1,
                f"{meaning} What exactly: the log group sentinel. Who: CloudTrail.",
            )
        silence_alarm(
            self,
            "DriftDetectorNotRunning",
            metric=runs_metric("sentinel", stage_name=stage_name),
            periods=1,
            meaning="Nobody looks whether the record is kept: look at the log group sentinel.",
            topic=self._topic,
        )

    def _on_verification(self, stage_name: str) -> None:
        for name, meaning in FINDINGS.items():
            self._add(
                name,
                verification_metric(name, stage_name=stage_name),
                1,
                f"{meaning} Which calls: the log group verification, and the evidence.",
            )
        for name, meaning in EVIDENCE.items():
            self._add(name, verification_metric(name, stage_name=stage_name), 1, meaning)
        silence_alarm(
            self,
            "VerificationOverdue",
            metric=runs_metric("verification", stage_name=stage_name),
            periods=SILENT_HOURS,
            meaning="No hour has been verified for some: look at the log group verification.",
            topic=self._topic,
        )

    def _on_canary(self, stage_name: str) -> None:
        self._add(
            "CanaryFailures",
            canary_metric("CanaryFailures", stage_name=stage_name),
            1,
            "The endpoint did not answer, or its answer is not on record. At which step: the log "
            "group canary.",
        )
        silence_alarm(
            self,
            "CanaryNotRunning",
            metric=runs_metric("canary", stage_name=stage_name),
            periods=SILENT_CANARY_HOURS,
            meaning="The endpoint is no longer called by the canary: look at the log group canary.",
            topic=self._topic,
        )

    def _add(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        at_least: float,
        meaning: str,
        periods: int = 1,
    ) -> None:
        symptom_alarm(
            self,
            construct_id,
            metric=metric,
            at_least=at_least,
            periods=periods,
            meaning=meaning,
            topic=self._topic,
        )
