"""Alone knows when somebody looks whether the record is still kept, and may ask what for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.iam.permission import Permission
from stacks.components.iam.stage_names import AUDIT_LOGS

EVERY = cdk.Duration.minutes(15)
TIMEOUT = cdk.Duration.minutes(2)
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
KEY_CALLS = ("DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy")


class Sentinel(Construct):
    """Runs `function` every quarter of an hour, and at once when CloudTrail tells of a call that
    may change what the record is kept by. CloudTrail tells EventBridge only where the account has a
    trail that logs management events; without one, the quarter of an hour is what there is:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        log_groups: Sequence[str],
        buckets: Sequence[str],
        key_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._function = function
        events.Rule(
            self,
            "Clock",
            description="Has it looked whether the record is still kept",
            schedule=events.Schedule.rate(EVERY),
            targets=[targets.LambdaFunction(function)],
        )
        self._at("Configuration", "bedrock", CONFIGURATION_CALLS, {})
        self._at("LogGroups", "logs", LOG_GROUP_CALLS, self._about_any_of(log_groups))
        self._at(
            "Buckets", "s3", BUCKET_CALLS, {"requestParameters": {"bucketName": list(buckets)}}
        )
        self._at("Key", "kms", KEY_CALLS, {"resources": {"ARN": [key_arn]}})

    def _about_any_of(self, log_groups: Sequence[str]) -> Mapping[str, object]:
        """Newer calls take a log group's name or ARN as its identifier; EventBridge's `$or`:
        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
        """
        stack = cdk.Stack.of(self)
        arn = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group"
        names = list(log_groups)
        arns = [f"{arn}:{name}{end}" for name in names for end in ("", ":*")]
        return {
            "$or": [
                {"requestParameters": {"logGroupName": names}},
                {"requestParameters": {"logGroupIdentifier": [*names, *arns]}},
            ]
        }

    def _at(
        self, construct_id: str, service: str, calls: Sequence[str], about: Mapping[str, object]
    ) -> None:
        events.Rule(
            self,
            construct_id,
            description=f"Has it looked at the record when {service} was told to change it",
            event_pattern=events.EventPattern(
                source=[f"aws.{service}"],
                detail_type=["AWS API Call via CloudTrail"],
                detail={
                    "eventSource": [f"{service}.amazonaws.com"],
                    "eventName": list(calls),
                    **about,
                },
            ),
            targets=[targets.LambdaFunction(self._function)],
        )


def log_groups(stage_name: str) -> list[str]:
    """The stage's own that are watched beside Bedrock's: those of the endpoint, and the
    verification's."""
    return [f"/claude-on-bedrock/{stage_name}/{one}" for one in (*AUDIT_LOGS, "verification")]


def environment(
    *,
    stage_name: str,
    configuration: str,
    retention_days: int,
    bucket: str,
    key_arn: str,
    object_lock: str | None,
    restores_by: str,
    protected: bool,
    gateway_stack: str,
    delivery_role_arn: str,
    verifier_role_arn: str,
    data_retention: str | None,
    models: Sequence[str],
) -> dict[str, str]:
    """What the function reads. `configuration` (JSON) is what the stage set or adopted;
    `restores_by` the function that sets it again, or empty. `protected` is whether its log groups
    are protected from deletion, `gateway_stack` the name of the stack that some of them are of."""
    return {
        "STAGE": stage_name,
        "LOGGING_CONFIGURATION": configuration,
        "RETENTION_DAYS": str(retention_days),
        "LOG_BUCKET": bucket,
        "KEY_ARN": key_arn,
        "OBJECT_LOCK": object_lock or "",
        "RESTORES_BY": restores_by,
        "LOGS_PROTECTED": "true" if protected else "false",
        "GATEWAY_STACK": gateway_stack,
        "DELIVERY_ROLE_ARN": delivery_role_arn,
        "VERIFIER_ROLE_ARN": verifier_role_arn,
        "DATA_RETENTION": data_retention or "",
        "MODELS": ",".join(models),
        "POWERTOOLS_SERVICE_NAME": "sentinel",
        "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
    }


def asking(
    *,
    bucket_arn: str,
    adopted_bucket_arns: Sequence[str],
    key_arn: str,
    delivery_role_arn: str,
    gateway_stack_arn: str,
) -> list[Permission]:
    """How the record is kept, and nothing of what is in it."""
    return [
        Permission(
            "WhatKnowsNoResources",
            (
                *("bedrock:GetModelInvocationLoggingConfiguration", "logs:DescribeLogGroups"),
                "bedrock:GetAccountDataRetention",
                *("bedrock:ListFoundationModels", "bedrock:ListInferenceProfiles"),
            ),
            ["*"],
            because="the one logging configuration of an account and Region, its data-retention "
            "mode, and the lists of log groups, models and profiles, have no ARN; nor have X-Ray's "
            "two actions: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-"
            "contextkeys.html",
        ),
        Permission(
            "HowBucketsAreKept",
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
        Permission("HowTheKeyIsKept", ("kms:DescribeKey", "kms:GetKeyPolicy"), [key_arn]),
        Permission(
            "ReadDeliveryRole",
            ("iam:GetRole", "iam:SimulatePrincipalPolicy"),
            [delivery_role_arn],
        ),
        Permission(
            "ReadGatewayStack",
            ("cloudformation:DescribeStacks",),
            [gateway_stack_arn],
            because="the ARN of a stack ends in an id that CloudFormation chooses",
        ),
    ]


def restoring(configurer_arn: str) -> Permission:
    """Asks the one function whose role may change the configuration; what it sets is its own."""
    return Permission("HasItSetAgain", ("lambda:InvokeFunction",), [configurer_arn])
