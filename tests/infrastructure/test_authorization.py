"""Every action, condition key and ARN in a policy is one that AWS knows."""

from __future__ import annotations

import pytest

from stacks.settings import load_stage
from tools.docs.access.assembly import Assembly
from tools.docs.access.authorization import UNLISTED, Reference, services, statements
from tools.synthesis import CONTEXT, Synthesis

MODEL = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6"


def test_aws_knows_what_the_policies_name(any_stage: Synthesis) -> None:
    stage = load_stage(CONTEXT["stages"], any_stage.stage)
    all_statements = list(statements(Assembly(any_stage.folder, stage.region)))
    reference = Reference(services(statement for _, statement in all_statements))
    assert len(all_statements) > 20
    assert [
        f"{path}: {mistake}"
        for path, statement in all_statements
        for mistake in reference.mistakes(statement)
    ] == []


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference(["bedrock", "iam", "kms", "nonesuch", "s3", "xray"])


def test_an_action_counts_as_unlisted_only_as_long_as_it_is(reference: Reference) -> None:
    assert reference.listed(UNLISTED) == set()
    assert reference.listed(["bedrock:InvokeModel"]) == {"bedrock:InvokeModel"}


@pytest.mark.parametrize(
    ("action", "resource", "condition", "expected"),
    [
        ("bedrock:Converse", "*", "", "bedrock:Converse is no action"),
        ("bedrock:Converse*", "*", "", "bedrock:Converse* is no action"),
        ("nonesuch:Get", "*", "", "nonesuch:Get is no action"),
        (
            "bedrock:InvokeModel",
            MODEL,
            "bedrock:ModelArnn",
            "bedrock:ModelArnn is a condition key of none of its actions",
        ),
        (
            "bedrock:CountTokens",
            MODEL,
            "bedrock:InferenceProfileArn",
            "bedrock:InferenceProfileArn is a condition key of none of its actions",
        ),
        (
            "bedrock:InvokeModel",
            MODEL,
            "aws:RequestedRegions",
            "aws:RequestedRegions is a condition key of none of its actions",
        ),
        (
            "bedrock:PutModelInvocationLoggingConfiguration",
            MODEL,
            "",
            f"{MODEL} is a resource of none of its actions",
        ),
        ("bedrock:CountTokens", PROFILE, "", f"{PROFILE} is a resource of none of its actions"),
        (
            "bedrock:InvokeModel",
            MODEL.replace("::", ":123456789012:"),
            "",
            f"{MODEL.replace('::', ':123456789012:')} is a resource of none of its actions",
        ),
        (
            "s3:ListBucket",
            "arn:aws:s3:::records/*",
            "",
            "arn:aws:s3:::records/* is a resource of none of its actions",
        ),
    ],
)
def test_what_aws_does_not_know_is_reported(
    reference: Reference, action: str, resource: str, condition: str, expected: str
) -> None:
    statement = {"Action": action, "Resource": resource}
    conditions = {"Condition": {"StringEquals": {condition: "x"}}} if condition else {}
    assert expected in list(reference.mistakes(statement | conditions))


def test_an_action_that_takes_none_of_the_resources_is_reported(reference: Reference) -> None:
    statement = {"Action": ["bedrock:InvokeModel", "bedrock:CountTokens"], "Resource": [PROFILE]}
    assert list(reference.mistakes(statement)) == [
        "bedrock:CountTokens takes none of its resources"
    ]


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "bedrock:Invoke*", "Resource": ["arn:aws:bedrock:*::foundation-model/*"]},
        {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::records/AWSLogs/*"},
        {"Action": "xray:PutTraceSegments", "Resource": "*"},
        {"Action": "*", "Resource": "*"},
        {
            "Action": "kms:Decrypt",
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "x"}},
        },
        {
            "Action": "iam:CreateRole",
            "Resource": "arn:aws:iam::123456789012:role/x",
            "Condition": {"StringEquals": {"AWS:RequestTag/team": "a"}},
        },
    ],
)
def test_what_aws_knows_is_no_mistake(reference: Reference, statement: dict[str, object]) -> None:
    assert list(reference.mistakes(statement)) == []
