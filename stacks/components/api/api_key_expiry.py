"""The end of an API key's life: a function that disables replaced keys when their time is up."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.observability.alarm import AlarmDefinition
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.observability.metrics import function_metric
from stacks.components.packaging.python_function import PythonFunction
from stacks.components.packaging.schedule import ScheduledInvocation

RATE = cdk.Duration.minutes(5)  # API Gateway itself knows no end of a key


class ApiKeyExpiry(PythonFunction):
    """A function that looks every five minutes for the stage's keys whose end has come, and
    disables them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage_name: str,
        log_settings: LogGroupSettings,
    ) -> None:
        stack = cdk.Stack.of(scope)
        keys = f"arn:{stack.partition}:apigateway:{stack.region}::/apikeys"
        super().__init__(
            scope,
            construct_id,
            description="Disables API keys whose end has come",
            packages=["api_key_expiry"],
            handler="api_key_expiry.handler.handle",
            log_name="api-key-expiry",
            log_settings=log_settings.deleted_with_stack(),
            timeout=cdk.Duration.minutes(1),
            memory_mb=256,
            # How the names of the stage's keys begin in API Gateway.
            environment={"KEY_NAME_PREFIX": f"claude-on-bedrock-{stage_name}-"},
            statements=_statements(keys, stage_name),
            findings={
                f"IAM5[Resource::{keys}/*]": "API Gateway chooses the ids of keys: the statement's "
                "condition leaves those that carry the stage's tag"
            },
        )
        ScheduledInvocation(
            self,
            "Schedule",
            function=self.function,
            rate=RATE,
            description="Disables API keys whose end has come",
        )


def _statements(keys: str, stage_name: str) -> list[iam.PolicyStatement]:
    """Allow listing keys, and disabling those of the stage by their tag:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
    """
    return [
        iam.PolicyStatement(sid="ListApiKeys", actions=["apigateway:GET"], resources=[keys]),
        iam.PolicyStatement(
            sid="DisableApiKeysOfStage",
            actions=["apigateway:PATCH"],
            resources=[f"{keys}/*"],
            conditions={"StringEquals": {"aws:ResourceTag/claude-on-bedrock": stage_name}},
        ),
    ]


def api_key_expiry_alarms(function: lambda_.IFunction, stage_name: str) -> list[AlarmDefinition]:
    """Return the alarm on a failed run of `function`."""
    return [
        AlarmDefinition(
            "ApiKeyExpiryErrors",
            function_metric(function, "Errors"),
            1,
            "The function that disables expired API keys failed, so such keys may still work. "
            f"See log group /claude-on-bedrock/{stage_name}/api-key-expiry.",
        )
    ]
