"""Nothing is allowed on `*`, or by `*`, that a name could stand for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from claude_bedrock.catalog import deny_policy
from claude_bedrock.catalog.deny_policy import DenyPolicyInputs
from claude_bedrock.catalog.inference_actions import DENIALS
from claude_bedrock.catalog.invoke_policies import InvocationScope
from tests.infrastructure.rendering import texts
from tools.synthesis import CONTEXT, Synthesis

# Action on any resource: why no name can stand there.
ANY_RESOURCE = {
    "bedrock:GetModelInvocationLoggingConfiguration": "one configuration, no resource type",
    "bedrock:PutModelInvocationLoggingConfiguration": "one configuration, no resource type",
    "bedrock:DeleteModelInvocationLoggingConfiguration": "one configuration, no resource type",
    "bedrock:GetAccountDataRetention": "one mode, no resource type",
    "bedrock:PutAccountDataRetention": "one mode, no resource type",
    "bedrock:GetFoundationModelAvailability": "no resource type",
    "bedrock:GetUseCaseForModelAccess": "one form, no resource type",
    "bedrock:ListEnforcedGuardrailsConfiguration": "one list, no resource type",
    "bedrock:ListFoundationModels": "no resource type",
    "bedrock:ListInferenceProfiles": "no resource type",
    "cloudtrail:LookupEvents": "no resource type",
    "cloudwatch:GetMetricData": "metrics have no ARN",
    "cloudwatch:GetMetricStatistics": "no resource type",
    "cloudwatch:ListMetrics": "metrics have no ARN",
    "lambda:GetAccountSettings": "no resource type",
    "logs:DescribeLogGroups": "no resource type",
    "logs:StopQuery": "no resource type",
    "servicequotas:ListServiceQuotas": "no resource type",
}
ANY_RESOURCE_TO_SET_UP = {
    "aws-marketplace:Subscribe": "no resource type",
    "aws-marketplace:Unsubscribe": "no resource type",
    "aws-marketplace:ViewSubscriptions": "no resource type",
    "bedrock:CreateFoundationModelAgreement": "no resource type",
    "bedrock:DeleteFoundationModelAgreement": "no resource type",
    "bedrock:ListFoundationModelAgreementOffers": "no resource type",
    "bedrock:PutUseCaseForModelAccess": "one form, no resource type",
}
_STACK = (
    "cloudformation:DescribeStackEvents cloudformation:DescribeStackResources "
    "cloudformation:DescribeStacks cloudformation:GetTemplate cloudformation:ListStackResources"
)
_LOG = (
    "logs:DescribeLogStreams logs:FilterLogEvents logs:GetLogEvents logs:GetLogRecord "
    "logs:GetQueryResults logs:StartQuery"
)
# Pattern -> what is allowed on it; the reasons stand beside each in stacks/components. REGION and
# STAGE are the stage's.
PATTERNS = {
    "<BUCKET>/large-data/*": "s3:PutObject",
    "<BUCKET>/evidence/*": "s3:PutObject",
    "<BUCKET>/*": "s3:DeleteObject s3:DeleteObjectVersion s3:GetObject s3:GetObjectVersion",
    **{
        f"arn:aws:cloudformation:REGION:123456789012:stack/claude-on-bedrock-STAGE-{stack}/*": (
            _STACK
        )
        for stack in ("InvocationLogging", "ModelAccess", "Gateway", "Observability")
    },
    "arn:aws:cloudformation:REGION:123456789012:stack/CDKToolkit/*": (
        "cloudformation:DescribeStacks ssm:GetParameter"
    ),
    **{
        f"arn:aws:logs:REGION:123456789012:log-group:/claude-on-bedrock/STAGE/{group}:*": _LOG
        for group in (
            *("invocations", "gateway", "access", "authorizer"),
            *("verification", "drift-detector", "canary", "api-key-expiry"),
        )
    },
    "arn:aws:cloudwatch:REGION:123456789012:alarm:*": (
        "cloudwatch:DescribeAlarmHistory cloudwatch:DescribeAlarms"
    ),
    "arn:aws:kms:REGION:123456789012:key/*": (
        "kms:Decrypt kms:DescribeKey kms:GenerateDataKey kms:GetKeyPolicy"
    ),
    "arn:aws:bedrock:REGION::foundation-model/anthropic.claude-*": "bedrock:GetFoundationModel",
    "arn:aws:apigateway:REGION::/restapis/<API>/*": "apigateway:GET",
    "arn:aws:apigateway:REGION::/usageplans/<PLAN>/keys/*": "apigateway:DELETE apigateway:GET",
    "arn:aws:apigateway:REGION::/apikeys/*": "apigateway:DELETE apigateway:GET apigateway:PATCH",
    "arn:aws:apigateway:REGION::/tags/arn%3Aaws%3Aapigateway%3AREGION%3A%3A%2Fapikeys%2F*": (
        "apigateway:PUT"
    ),
}
TRAIL_PATTERNS = {
    "<TRAIL>/*": "s3:DeleteObject s3:DeleteObjectVersion",
    "<TRAIL>/AWSLogs/123456789012/CloudTrail/*": "s3:GetObject",
}
"""In a stage that makes a trail: its files are read, and deleted with the stage."""
_TRAIL_BUCKET = r"(arn:aws:s3:::)?<[^<>]*(CallTrailBucket|CloudTrailBucketName)[^<>]*>"
# The most that others' policies may give: a boundary gives nothing by itself.
BOUNDARY_PATTERNS = {
    "arn:aws:bedrock:*::foundation-model/anthropic.claude-*": (
        "bedrock:InvokeModel bedrock:InvokeModelWithResponseStream"
    ),
    "arn:aws:bedrock:REGION:123456789012:inference-profile/ROUTE.anthropic.claude-*": (
        "bedrock:InvokeModel bedrock:InvokeModelWithResponseStream"
    ),
    "arn:aws:bedrock:REGION::foundation-model/anthropic.claude-*": "bedrock:CountTokens",
}
BOUNDARY_PATTERNS_WITH_TEAMS = {
    "arn:aws:bedrock:REGION:123456789012:application-inference-profile/*": (
        "bedrock:InvokeModel bedrock:InvokeModelWithResponseStream"
    )
}
WILDCARD_ACTION = {
    action: "a denial: of every action there is and will be"
    for statement in deny_policy.deny_statements(
        DenyPolicyInputs("prod", InvocationScope(("eu",), "eu-west-1", "123456789012", "aws"))
    )
    for action in statement["Action"]
    if "*" in action
}

PROFILE_ID = "a1b2c3d4e5f6"
"""As Bedrock makes them, once the profile is there."""

POLICIES = {
    "AWS::IAM::Policy": "PolicyDocument",
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::IAM::Role": "AssumeRolePolicyDocument",
}


class Statement(NamedTuple):
    holder: str
    type: str
    body: dict[str, Any]

    def allows(self) -> bool:
        return bool(self.body["Effect"] == "Allow")

    def actions(self) -> list[str]:
        return texts(self.body["Action"])

    def resources(self) -> list[str]:
        return texts(self.body.get("Resource", []))

    def services(self) -> list[str]:
        principal = self.body.get("Principal", {})
        return texts(principal.get("Service", [])) if isinstance(principal, dict) else []


def statements(synthesis: Synthesis) -> Iterator[Statement]:
    for resource in synthesis.everything():
        document = resource.properties.get(POLICIES.get(resource.type, ""), {})
        for body in document.get("Statement", []):
            yield Statement(resource.id, resource.type, body)


def identity_statements(synthesis: Synthesis) -> Iterator[Statement]:
    identity = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
    return (statement for statement in statements(synthesis) if statement.type in identity)


def granting_statements(synthesis: Synthesis) -> Iterator[Statement]:
    """The identity statements that give something: a boundary's allow nothing by themselves."""
    held = identity_statements(synthesis)
    return (
        statement
        for statement in held
        if statement.allows() and statement.holder != boundary(synthesis)
    )


def boundary(synthesis: Synthesis) -> str:
    (policy,) = [
        resource.id
        for resource in synthesis.resources("ModelAccess", "AWS::IAM::ManagedPolicy")
        if resource.id.startswith("GuardBoundary")
    ]
    return policy


def managed_by_use(synthesis: Synthesis) -> Iterator[tuple[str, set[str], set[str]]]:
    """Each role: its name in the template, the managed policies it holds, and its boundary."""
    policies = {
        resource.id for resource in synthesis.resources("ModelAccess", "AWS::IAM::ManagedPolicy")
    }

    def named(reference: str) -> set[str]:
        return {policy for policy in policies if policy in reference}

    for role in synthesis.everything():
        if role.type == "AWS::IAM::Role":
            held = texts(role.properties.get("ManagedPolicyArns", []))
            bounds = texts(role.properties.get("PermissionsBoundary", []))
            yield role.id, set().union(*map(named, held)), set().union(*map(named, bounds))


def test_only_listed_actions_are_allowed_on_any_resource(any_stage: Synthesis) -> None:
    allowed = {
        action
        for statement in granting_statements(any_stage)
        if "*" in statement.resources()
        for action in statement.actions()
    }
    stage = any_stage.settings
    to_set_up = set(ANY_RESOURCE_TO_SET_UP) if stage.account.roles.setup else set()
    put = set() if stage.models.data_retention else {"bedrock:PutAccountDataRetention"}
    assert allowed == (set(ANY_RESOURCE) | to_set_up) - put


def test_no_action_is_a_pattern_but_the_listed_denial(any_stage: Synthesis) -> None:
    patterns = {
        (action, statement.body["Effect"])
        for statement in identity_statements(any_stage)
        for action in statement.actions()
        if "*" in action
    }
    assert patterns == {(action, "Deny") for action in WILDCARD_ACTION}


def test_patterns_in_resources_are_the_listed_ones(any_stage: Synthesis) -> None:
    bucket = any_stage.log_bucket().id
    expected = PATTERNS
    if any_stage.settings.evidence.cloudtrail is not None:
        expected = PATTERNS | TRAIL_PATTERNS
    if any_stage.stage == "prod":  # keeps its records: nothing empties the bucket
        expected = PATTERNS | {"<BUCKET>/*": "s3:GetObject s3:GetObjectVersion"}
    merged: dict[str, set[str]] = {}
    for pattern, actions in _patterns(granting_statements(any_stage), any_stage).items():
        name = re.sub(rf"<[^<>]*{bucket}[^<>]*>", "<BUCKET>", pattern)
        name = re.sub(_TRAIL_BUCKET, "<TRAIL>", name)
        merged.setdefault(name, set()).update(actions)
    assert {name: " ".join(sorted(actions)) for name, actions in merged.items()} == expected


BOUNDARY_PATTERNS_WITH_BUDGETS = {
    "arn:aws:dynamodb:REGION:123456789012:table/claude-on-bedrock-STAGE-InvocationLogging-*": (
        "dynamodb:UpdateItem"
    ),
    "arn:aws:kms:REGION:123456789012:key/*": "kms:*",
}
"""CloudFormation and KMS choose these names; the key is used through DynamoDB alone."""


def test_patterns_in_the_boundary_are_the_listed_ones(any_stage: Synthesis) -> None:
    bounds = (
        statement
        for statement in identity_statements(any_stage)
        if statement.allows() and statement.holder == boundary(any_stage)
    )
    stage = any_stage.settings
    route = stage.models.geography
    teams = BOUNDARY_PATTERNS_WITH_TEAMS if stage.callers.teams else {}
    has_table = stage.callers.counts_spending and not stage.callers.caller_sessions
    budgets = BOUNDARY_PATTERNS_WITH_BUDGETS if has_table else {}
    assert {
        pattern.replace(f"/{route}.", "/ROUTE."): " ".join(sorted(actions))
        for pattern, actions in _patterns(bounds, any_stage).items()
    } == BOUNDARY_PATTERNS | teams | budgets


def _patterns(statements_held: Iterator[Statement], synthesis: Synthesis) -> dict[str, set[str]]:
    """Each resource that is a pattern -> the actions on it, `*` alone left out."""
    patterns: dict[str, set[str]] = {}
    region = CONTEXT["stages"][synthesis.stage]["region"]
    written = {"AWS::ApiGateway::RestApi": "<API>", "AWS::ApiGateway::UsagePlan": "<PLAN>"}
    ids = {
        f"<{resource.id}>": name
        for type_, name in written.items()
        for resource in synthesis.resources("Gateway", type_)
    }
    for statement in statements_held:
        for resource in statement.resources():
            if "*" in resource and resource != "*":
                name = resource.replace(region, "REGION")
                name = re.sub(rf"([-/]){synthesis.stage}([-/])", r"\1STAGE\2", name)
                for reference, means in ids.items():
                    name = name.replace(reference, means)
                patterns.setdefault(name, set()).update(statement.actions())
    return patterns


def test_no_role_has_a_policy_of_aws(any_stage: Synthesis) -> None:
    arns = [
        arn
        for stack in ("InvocationLogging", "ModelAccess", "Gateway", "Observability")
        for role in any_stage.resources(stack, "AWS::IAM::Role")
        for arn in texts(role.properties.get("ManagedPolicyArns", []))
    ]
    assert arns
    assert not [arn for arn in arns if ":aws:policy/" in arn]


def test_who_may_call_a_model_is_held_by_the_guard(any_stage: Synthesis) -> None:
    callers = {
        role: (held, bounds)
        for role, held, bounds in managed_by_use(any_stage)
        if any(policy.startswith("Invoke") for policy in held)
    }
    assert {_kind(role) for role in callers} >= {"Application", "Caller"}
    for role, (held, bounds) in callers.items():
        assert [policy for policy in held if policy.startswith("GuardDenials")], role
        # Who subscribes the account needs Marketplace too, which the boundary leaves out.
        assert bounds == (set() if _kind(role) == "Setup" else {boundary(any_stage)}), role


def _kind(role: str) -> str:
    return role.partition("Role")[0]


def test_the_boundary_is_attached_to_no_identity_as_a_policy(any_stage: Synthesis) -> None:
    for role, held, _ in managed_by_use(any_stage):
        assert boundary(any_stage) not in held, role


def test_guard_and_boundary_deny_the_same(any_stage: Synthesis) -> None:
    denials: dict[str, list[dict[str, Any]]] = {}
    for statement in identity_statements(any_stage):
        if statement.holder.startswith("Guard") and not statement.allows():
            denials.setdefault(statement.holder, []).append(statement.body)
    first, other = denials.values()
    assert first == other
    assert DENIALS in [statement["Action"] for statement in first]


def test_models_are_called_by_the_stages_profiles_only(prod: Synthesis) -> None:
    actions = {"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"}
    calls = [
        statement for statement in granting_statements(prod) if actions & set(statement.actions())
    ]
    profiles = [
        arn for statement in calls for arn in statement.resources() if ":inference-profile/" in arn
    ]
    assert profiles
    assert all(
        arn.startswith("arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.")
        for arn in profiles
    )
    for statement in calls:
        models = [arn for arn in statement.resources() if ":foundation-model/" in arn]
        condition = statement.body.get("Condition", {}).get("StringEquals", {})
        assert not models or set(texts(condition["bedrock:InferenceProfileArn"])) <= set(profiles)


def test_managed_policies_fit_their_limit(any_stage: Synthesis) -> None:
    for stack in ("ModelAccess", "Gateway"):
        for policy in any_stage.resources(stack, "AWS::IAM::ManagedPolicy"):
            document = _rendered(policy.properties["PolicyDocument"])
            written = json.dumps(document, separators=(",", ":"))
            assert len(re.sub(r"<[^>]*>", PROFILE_ID, written)) <= 6144


def _rendered(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [_rendered(item) for item in value]
    if isinstance(value, dict):
        if any(key.startswith("Fn::") or key == "Ref" for key in value):
            return texts(value)[0]
        return {key: _rendered(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("service", ["bedrock.amazonaws.com", "cloudwatch.amazonaws.com"])
def test_a_service_is_let_in_for_this_account_only(any_stage: Synthesis, service: str) -> None:
    of_service = [
        statement for statement in statements(any_stage) if service in statement.services()
    ]
    assert of_service
    for statement in of_service:
        condition = statement.body["Condition"]
        assert texts(condition["StringEquals"]["aws:SourceAccount"]) == ["123456789012"]
        (source,) = texts(condition["ArnLike"]["aws:SourceArn"])
        assert source.split(":")[2] == service.split(".", maxsplit=1)[0]
        assert source.split(":")[4] == "123456789012"


def test_a_role_is_passed_only_to_the_service_it_is_for(any_stage: Synthesis) -> None:
    passing = [
        statement for statement in statements(any_stage) if "iam:PassRole" in statement.actions()
    ]
    passed = {
        texts(statement.body["Condition"]["StringEquals"]["iam:PassedToService"])[0]
        for statement in passing
    }
    assert passed == {"bedrock.amazonaws.com", "apigateway.amazonaws.com"}
    assert all("*" not in resource for statement in passing for resource in statement.resources())
