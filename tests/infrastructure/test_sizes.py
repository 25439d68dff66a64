"""What AWS takes no larger is refused at synthesis, and the largest blocks that have room fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stacks.rules.sizes import excesses
from tests.infrastructure.variants import ACCOUNT, FULL, Syntheses, variant
from tools.stage_blocks import ABSENT

LONGEST_NAME = "abcdefghijklmnop"
FAR_REGION = "ap-northeast-1"
_TRAIL = {
    "bucket": "t" * 60,
    "prefix": "p" * 200,
    "organization": f"o-{'a' * 32}",
    "accounts": [f"{number:012d}" for number in range(20)],
}


def _roles(count: int) -> list[str]:
    return [f"arn:aws:iam::{ACCOUNT}:role/platform/application-{n:03d}" for n in range(count)]


def _refused(template: Mapping[str, Any]) -> list[str]:
    return [excess.limit.rule for excess in excesses(template)]


def _resource(type_: str, **properties: object) -> dict[str, Any]:
    return {"Resources": {"One": {"Type": type_, "Properties": properties}}}


@pytest.fixture(scope="module")
def syntheses(tmp_path_factory: pytest.TempPathFactory) -> Syntheses:
    return Syntheses(tmp_path_factory.mktemp("syntheses"))


def test_the_longest_names_and_lists_of_a_company_fit(syntheses: Syntheses) -> None:
    plan = {"throttle": {"rate_per_second": 1, "burst": 5}, "models": ["haiku"]}
    trust = {"principals": _roles(24)}
    (_, block) = variant(
        FULL,
        {
            "region": FAR_REGION,
            "callers.plans": {f"plan{number}": plan for number in range(30)},
            "evidence.cloudtrail": _TRAIL,
            "account.roles": {"application": trust, "auditor": trust, "deploy": trust},
        },
    )

    templates = syntheses.of(block, LONGEST_NAME)

    assert {stack: _refused(template) for stack, template in templates.items()} == {
        stack: [] for stack in templates
    }


def test_an_environment_that_lambda_refuses_is_refused_with_its_largest_variables(
    syntheses: Syntheses,
) -> None:
    origins = [f"https://{'a' * 60}.{'b' * 60}.{'c' * 60}.{number}.example" for number in range(20)]
    (_, block) = variant(FULL, {"endpoint.cors_origins": origins, "evidence.canary": ABSENT})

    (violation,) = syntheses.violations(block)

    assert violation.startswith("environments_fit: The environment of Function")
    assert "and AWS takes 4096. The largest variables: CORS_ORIGINS (" in violation


def test_a_quote_in_a_variable_takes_two_bytes() -> None:
    def template(value: str) -> Mapping[str, Any]:
        return _resource("AWS::Lambda::Function", Environment={"Variables": {"A": value}})

    assert _refused(template("x" * 4088)) == []
    assert _refused(template('"' + "x" * 4087)) == ["environments_fit"]


@pytest.mark.parametrize(
    ("type_", "key", "rule", "most"),
    [
        ("AWS::IAM::Role", "AssumeRolePolicyDocument", "trust_policies_fit", 2048),
        ("AWS::IAM::ManagedPolicy", "PolicyDocument", "managed_policies_fit", 6144),
        ("AWS::Events::Rule", "EventPattern", "event_patterns_fit", 2048),
        ("AWS::KMS::Key", "KeyPolicy", "key_policies_fit", 32768),
        ("AWS::S3::BucketPolicy", "PolicyDocument", "bucket_policies_fit", 20480),
        ("AWS::ApiGateway::RestApi", "Policy", "api_policies_fit", 8192),
    ],
)
def test_a_document_is_refused_from_one_character_too_many(
    type_: str, key: str, rule: str, most: int
) -> None:
    room = most - len('{"Sid":""}')

    assert _refused(_resource(type_, **{key: {"Sid": "x" * room}})) == []
    assert _refused(_resource(type_, **{key: {"Sid": "x" * (room + 1)}})) == [rule]


def test_inline_policies_count_together_and_attached_ones_by_number() -> None:
    policies = {
        f"Policy{number}": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyDocument": {"Sid": "x" * 4000}, "Roles": [{"Ref": "Role"}]},
        }
        for number in range(3)
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": ["arn"] * 11}}

    assert _refused({"Resources": {"Role": role, **policies}}) == [
        "inline_policies_fit",
        "attached_policies_fit",
    ]


def test_a_stack_of_too_many_resources_is_refused() -> None:
    topics = {f"Topic{number}": {"Type": "AWS::SNS::Topic"} for number in range(501)}

    assert _refused({"Resources": topics}) == ["stacks_fit"]
