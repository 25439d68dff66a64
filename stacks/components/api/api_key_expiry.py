"""Alone knows how a key that was replaced comes to its end: a function looks every few minutes."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

EVERY = cdk.Duration.minutes(5)  # API Gateway itself knows no end of a key
PURPOSE = "Has keys switched off whose end has come"
TIMEOUT = cdk.Duration.minutes(1)


def environment(stage_name: str) -> dict[str, str]:
    """What the function reads: how the names of the stage's keys begin in API Gateway."""
    return {"KEY_NAME_PREFIX": f"claude-on-bedrock-{stage_name}-"}


def statements(stack: cdk.Stack, stage_name: str) -> list[iam.PolicyStatement]:
    """What the function calls. A key's id is API Gateway's to choose, so the tag says which keys:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
    """
    keys = _keys(stack)
    return [
        iam.PolicyStatement(sid="ListsKeys", actions=["apigateway:GET"], resources=[keys]),
        iam.PolicyStatement(
            sid="SwitchesKeysOfTheStageOff",
            actions=["apigateway:PATCH"],
            resources=[f"{keys}/*"],
            conditions={"StringEquals": {"aws:ResourceTag/claude-on-bedrock": stage_name}},
        ),
    ]


def findings(stack: cdk.Stack) -> Mapping[str, str]:
    """The answer to what a checker finds in the statements."""
    reason = (
        "ids of keys are API Gateway's to choose: the statement's condition leaves those that "
        "carry the stage's tag"
    )
    return {f"IAM5[Resource::{_keys(stack)}/*]": reason}


def _keys(stack: cdk.Stack) -> str:
    return f"arn:{stack.partition}:apigateway:{stack.region}::/apikeys"
