"""The guard denies each unlogged door and each other route, and nothing that the stage needs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, Model, deny_policy, invoke_policies
from claude_bedrock.catalog.deny_policy import DenyPolicyInputs
from claude_bedrock.catalog.inference_actions import DENIED_ACTIONS
from claude_bedrock.catalog.invoke_policies import InvocationScope, Statement
from claude_bedrock.catalog.model import SERVICE_TIERS
from claude_bedrock.catalog.role_names import RoleNames
from tests.unit.catalog.judgment import judged

ACCOUNT = "111122223333"
REGION = "eu-central-1"
LOGGING = f"arn:aws:iam::{ACCOUNT}:role/claude-on-bedrock-prod-{REGION}-logging"
RETENTION = f"arn:aws:iam::{ACCOUNT}:role/claude-on-bedrock-prod-{REGION}-data-retention"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
EVERYTHING: Statement = {"Sid": "Admin", "Effect": "Allow", "Action": "*", "Resource": "*"}
SERVED = [m for m in MODELS if m.profiles and not catalog.is_retired(m, "2026-11-23")]
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"


def inputs(*routes: str, **settings: Any) -> DenyPolicyInputs:  # noqa: ANN401 - fields of DenyPolicyInputs
    guardrail = settings.pop("guardrail", None)
    location = InvocationScope(routes or ("eu",), REGION, ACCOUNT, guardrail=guardrail)
    return DenyPolicyInputs("prod", location, **settings)


def verdict(
    stage: DenyPolicyInputs, action: str, resource: str = "*", context: dict[str, str] | None = None
) -> str:
    """What becomes of an administrator's call under the guard."""
    context = {"aws:RequestedRegion": REGION, "aws:PrincipalArn": ADMIN} | (context or {})
    return judged([EVERYTHING, *deny_policy.deny_statements(stage)], action, resource, context)


def profile(name: str, region: str = REGION) -> str:
    return f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{name}"


def through(name: str) -> dict[str, str]:
    return {"bedrock:InferenceProfileArn": profile(name)}


@pytest.mark.parametrize("action", invoke_policies.INVOKE)
@pytest.mark.parametrize(
    ("resource", "context"),
    [
        (profile(f"us.{HAIKU}"), {}),
        (profile(f"global.{HAIKU}"), {}),
        (profile(f"eu.{HAIKU}", "eu-west-1"), {}),
        (profile("eu.amazon.nova-pro-v1:0"), {}),
        (f"arn:aws:bedrock:{REGION}:444455556666:inference-profile/eu.{HAIKU}", {}),
        (f"arn:aws:bedrock:{REGION}::foundation-model/{HAIKU}", {}),
        (f"arn:aws:bedrock:{REGION}::foundation-model/{HAIKU}", through(f"us.{HAIKU}")),
        ("arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0", through("eu.x")),
        (
            f"arn:aws:bedrock:::foundation-model/{HAIKU}",
            through(f"global.{HAIKU}") | {"aws:RequestedRegion": "unspecified"},
        ),
        (
            f"arn:aws:bedrock:::foundation-model/{HAIKU}",
            through(f"eu.{HAIKU}") | {"aws:RequestedRegion": "unspecified"},
        ),
        (f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/a1b2", {}),
        (f"arn:aws:bedrock:{REGION}:{ACCOUNT}:async-invoke/a1b2", {}),
        (f"arn:aws:bedrock:{REGION}:{ACCOUNT}:provisioned-model/a1b2", {}),
        (f"arn:aws:bedrock:{REGION}:{ACCOUNT}:imported-model/a1b2", {}),
        (f"arn:aws:bedrock:{REGION}:{ACCOUNT}:custom-model-deployment/a1b2", {}),
        (f"arn:aws:bedrock:{REGION}:{ACCOUNT}:prompt-router/a1b2", {}),
        (f"arn:aws:bedrock:{REGION}:{ACCOUNT}:project/a1b2", {}),
        (f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/a1b2", {}),
    ],
)
def test_nothing_but_claude_by_the_stages_route_can_be_invoked(
    action: str, resource: str, context: dict[str, str]
) -> None:
    assert verdict(inputs("eu"), action, resource, context) == "deny"


STAGES = st.builds(
    DenyPolicyInputs,
    stage=st.just("prod"),
    scope=st.builds(
        InvocationScope,
        st.permutations(catalog.ROUTES).flatmap(
            lambda order: st.integers(1, 3).map(lambda many: tuple(order[:many]))
        ),
        st.just(REGION),
        st.just(ACCOUNT),
        st.just("aws"),
        guardrail=st.sampled_from([None, ("abc123", "1"), ("abc123", "DRAFT")]),
    ),
    short_term_bearer_tokens=st.booleans(),
    data_retention=st.sampled_from([None, "none", "aws_review"]),
    team_profiles=st.booleans(),
    signed_callers=st.booleans(),
    service_tiers=st.sampled_from([("default",), SERVICE_TIERS]),
    team_guardrails=st.just({}),
    role_prefix=st.just(""),
    role_path=st.just("/"),
)


@given(stage=STAGES, name=st.sampled_from([m.name for m in SERVED]))
def test_the_guard_leaves_what_the_stage_allows_and_the_boundary_too(
    stage: DenyPolicyInputs, name: str
) -> None:
    model = catalog.find(name)
    assert model is not None
    routes = stage.scope.routes
    reached = [route for route in routes if catalog.reach(model, route, REGION) is not None]
    here = {"aws:RequestedRegion": REGION}
    with_guardrail = {invoke_policies.GUARDRAIL: stage.scope.guardrail_version_arn or "none"}
    for route in reached:
        door = profile(f"{route}.{model.base_id}")
        behind = here | with_guardrail | {invoke_policies.PROFILE: door}
        for policy in (
            [EVERYTHING, *deny_policy.deny_statements(stage)],
            deny_policy.boundary_statements(stage),
        ):
            for action in invoke_policies.INVOKE:
                assert judged(policy, action, door, here) == "allow"
                for resource, context in _requests_behind(model, route, behind):
                    assert judged(policy, action, resource, context) == "allow"
    assert len(deny_policy.service_control_policy(deny_policy.deny_statements(stage))) <= 5120
    if not stage.functions_in_vpc:  # the synthesis refuses such a stage where it is too large
        assert invoke_policies.characters(deny_policy.boundary_statements(stage)) <= 6144
    sids = [
        boundary_statement["Sid"] for boundary_statement in deny_policy.boundary_statements(stage)
    ]
    assert len(set(sids)) == len(sids)


def _requests_behind(
    model: Model, route: str, context: dict[str, str]
) -> list[tuple[str, dict[str, str]]]:
    """What Bedrock asks about the models behind a profile."""
    regions = invoke_policies.profile_destinations(model, route, REGION) or (REGION,)
    request = [(f"arn:aws:bedrock:{r}::foundation-model/{model.base_id}", context) for r in regions]
    if route == "global":
        nowhere = f"arn:aws:bedrock:::foundation-model/{model.base_id}"
        request.append((nowhere, context | {"aws:RequestedRegion": "unspecified"}))
    return request


@pytest.mark.parametrize(
    "action",
    [
        *DENIED_ACTIONS,
        "bedrock-mantle:PutAccountDataRetention",
        "bedrock-mantle:CallWithBearerToken",
        "bedrock:CallWithBearerToken",
        "bedrock:PutModelInvocationLoggingConfiguration",
        "bedrock:DeleteModelInvocationLoggingConfiguration",
        "bedrock:PutAccountDataRetention",
        *deny_policy.DATA_RETENTION_OVERRIDES,
        *deny_policy.ENFORCED_GUARDRAIL_CHANGES,
    ],
)
def test_unlogged_doors_and_the_accounts_settings_are_shut(action: str) -> None:
    assert verdict(inputs(), action) == "deny"
    assert judged(deny_policy.boundary_statements(inputs()), action, "*", {}) == "deny"


@pytest.mark.parametrize(
    "action",
    ["bedrock:CountTokens", "bedrock:GetInferenceProfile", "s3:GetObject", "sts:AssumeRole"],
)
def test_what_is_nobodys_danger_is_left_alone(action: str) -> None:
    assert verdict(inputs(), action) == "allow"


@pytest.mark.parametrize("action", invoke_policies.INVOKE)
@pytest.mark.parametrize(
    ("tiers", "tier", "expected"),
    [
        (("default",), None, "allow"),
        (("default",), "default", "allow"),
        (("default",), "priority", "deny"),
        (("default",), "yet to come", "deny"),
        (("default", "flex"), "flex", "allow"),
        (("default", "flex"), "reserved", "deny"),
    ],
)
def test_a_call_may_name_the_stages_service_tiers_only(
    action: str, tiers: tuple[str, ...], tier: str | None, expected: str
) -> None:
    stage = inputs(service_tiers=tiers)
    named = {invoke_policies.SERVICE_TIER: tier} if tier else {}
    assert verdict(stage, action, profile(f"eu.{HAIKU}"), named) == expected


@pytest.mark.parametrize("action", invoke_policies.INVOKE)
@pytest.mark.parametrize(
    ("project", "expected"), [(None, "allow"), ("default", "allow"), ("proj_1", "deny")]
)
def test_a_call_may_be_in_no_project_but_the_default_one(
    action: str, project: str | None, expected: str
) -> None:
    arn = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:project/{project}"
    named = {"bedrock:ProjectArn": arn} if project else {}
    assert verdict(inputs(), action, profile(f"eu.{HAIKU}"), named) == expected


def test_each_setting_of_the_account_is_its_roles_and_no_others() -> None:
    for action, role, other in (
        ("bedrock:PutModelInvocationLoggingConfiguration", LOGGING, RETENTION),
        ("bedrock:DeleteModelInvocationLoggingConfiguration", LOGGING, RETENTION),
        ("bedrock:PutAccountDataRetention", RETENTION, LOGGING),
    ):
        assert verdict(inputs(), action, context={"aws:PrincipalArn": role}) == "allow"
        for stranger in (other, f"{role}-2", role.replace(ACCOUNT, "444455556666")):
            assert verdict(inputs(), action, context={"aws:PrincipalArn": stranger}) == "deny"


def test_a_stage_that_sets_data_retention_has_no_other_set_even_by_its_own_role() -> None:
    stage = inputs(data_retention="none")
    action, principal = "bedrock:PutAccountDataRetention", {"aws:PrincipalArn": RETENTION}

    assert (
        verdict(stage, action, context=principal | {"bedrock:DataRetentionMode": "none"}) == "allow"
    )
    for mode in ("default", "inherit", "aws_review", "provider_data_share"):
        assert (
            verdict(stage, action, context=principal | {"bedrock:DataRetentionMode": mode})
            == "deny"
        )
    assert verdict(stage, action, context=principal) == "deny"
    assert verdict(stage, action, context={"bedrock:DataRetentionMode": "none"}) == "deny"


@pytest.mark.parametrize(
    ("let", "kind", "expected"),
    [
        (False, "SHORT_TERM", "deny"),
        (False, "LONG_TERM", "deny"),
        (True, "SHORT_TERM", "allow"),
        (True, "LONG_TERM", "deny"),
        (True, "MEDIUM_TERM", "deny"),
        (True, None, "deny"),
    ],
)
def test_only_short_term_keys_and_only_where_let_pass(
    let: bool, kind: str | None, expected: str
) -> None:
    stage = inputs(short_term_bearer_tokens=let)
    context = {"bedrock:BearerTokenType": kind} if kind else {}

    assert verdict(stage, "bedrock:CallWithBearerToken", context=context) == expected
    assert verdict(stage, "bedrock-mantle:CallWithBearerToken", context=context) == "deny"


def test_team_profiles_are_called_where_there_are_teams_and_copy_no_other_route() -> None:
    team = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:application-inference-profile/a1b2"
    model = f"arn:aws:bedrock:eu-west-1::foundation-model/{HAIKU}"
    stage, action = inputs(team_profiles=True), "bedrock:CreateInferenceProfile"

    assert verdict(stage, "bedrock:InvokeModel", team) == "allow"
    assert verdict(stage, "bedrock:InvokeModel", model, {invoke_policies.PROFILE: team}) == "allow"
    assert verdict(stage, action, profile(f"eu.{HAIKU}")) == "allow"
    assert verdict(stage, action, profile(f"global.{HAIKU}")) == "deny"
    assert (
        verdict(inputs(), "bedrock:InvokeModel", model, {invoke_policies.PROFILE: team}) == "deny"
    )


def test_a_guardrail_is_required_for_every_invocation() -> None:
    model = f"arn:aws:bedrock:eu-west-1::foundation-model/{HAIKU}"
    guardrail = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:guardrail/abc123"
    stage, call = inputs(guardrail=("abc123", "2")), through(f"eu.{HAIKU}")

    def invoked(context: dict[str, str]) -> str:
        return verdict(stage, "bedrock:InvokeModelWithResponseStream", model, call | context)

    assert invoked({invoke_policies.GUARDRAIL: f"{guardrail}:2"}) == "allow"
    assert invoked({invoke_policies.GUARDRAIL: f"{guardrail}:1"}) == "deny"
    assert invoked({invoke_policies.GUARDRAIL: guardrail}) == "deny"
    assert invoked({}) == "deny"
    boundary = deny_policy.boundary_statements(stage)
    assert judged(boundary, "bedrock:ApplyGuardrail", guardrail, {}) == "allow"
    assert judged(boundary, "bedrock:ApplyGuardrail", f"{guardrail}x", {}) == "neither"


def test_a_teams_callers_are_denied_every_model_without_the_teams_guardrail() -> None:
    model = f"arn:aws:bedrock:eu-west-1::foundation-model/{HAIKU}"
    guardrail = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:guardrail/abc123"
    teams = {"search": ("abc123", "2"), "web": ("abc123", "2"), "ops": ("def456", "DRAFT")}
    stage, call = inputs(team_guardrails=teams, caller_sessions=True), through(f"eu.{HAIKU}")

    def invoked(team: str, name: str = "") -> str:
        context = call | ({deny_policy.TEAM: team} if team else {})
        context |= {invoke_policies.GUARDRAIL: name} if name else {}
        return verdict(stage, "bedrock:InvokeModel", model, context)

    assert [invoked(team, f"{guardrail}:2") for team in ("search", "web")] == ["allow"] * 2
    assert [invoked(team) for team in ("search", "web", "ops")] == ["deny"] * 3
    assert invoked("search", f"{guardrail}:3") == "deny"
    assert invoked("ops", f"{guardrail}:2") == "deny"
    assert [invoked(""), invoked("sales")] == ["allow"] * 2
    boundary = deny_policy.boundary_statements(stage)
    assert judged(boundary, "bedrock:ApplyGuardrail", guardrail, {}) == "allow"
    assert judged(boundary, "bedrock:ApplyGuardrail", f"{guardrail}x", {}) == "neither"
    sids = [statement["Sid"] for statement in boundary]
    assert len(set(sids)) == len(sids)


def test_the_boundary_bounds_to_calling_claude_and_reporting_it() -> None:
    stage = inputs(signed_callers=True)
    boundary = deny_policy.boundary_statements(stage)
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/claude-on-bedrock/prod"
    apis = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3"

    assert judged(boundary, "logs:PutLogEvents", f"{log}/gateway:log-stream:x", {}) == "allow"
    assert judged(boundary, "logs:PutLogEvents", f"{log}/invocations:*", {}) == "neither"
    assert judged(boundary, "xray:PutTraceSegments", "*", {}) == "allow"
    assert judged(boundary, "execute-api:Invoke", f"{apis}/prod/POST/v1/messages", {}) == "allow"
    assert judged(boundary, "execute-api:Invoke", f"{apis}/dev/POST/v1/messages", {}) == "neither"
    for action in ("iam:PutRolePolicy", "s3:GetObject", "bedrock:CreateAgent", "kms:Decrypt"):
        assert judged(boundary, action, "*", {}) == "neither"
    unsigned = deny_policy.boundary_statements(inputs())
    assert judged(unsigned, "execute-api:Invoke", f"{apis}/prod/GET/", {}) == "neither"


def test_a_service_control_policy_is_the_denials_and_no_longer_than_aws_takes() -> None:
    denials = deny_policy.deny_statements(inputs("global", "us", "eu", data_retention="none"))
    text = deny_policy.service_control_policy(denials)

    assert json.loads(text) == {"Version": "2012-10-17", "Statement": denials}
    assert {denial["Effect"] for denial in denials} == {"Deny"}
    with pytest.raises(deny_policy.TooLongError, match="5120"):
        deny_policy.service_control_policy(denials * 3)


@pytest.mark.parametrize(
    "stage",
    [
        inputs(signed_callers=True, guardrail=("abc", "1")),
        inputs(guardrail=("abc", "1"), team_guardrails={"search": ("def", "1")}),
        inputs("global", "us", team_profiles=True, caller_sessions=True),
        inputs(counts_spending=True),
    ],
)
def test_the_limits_deny_what_the_boundary_does_not_allow(stage: DenyPolicyInputs) -> None:
    boundary, limits = deny_policy.boundary_statements(stage), deny_policy.limit_statements(stage)
    logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/claude-on-bedrock/prod"
    via = {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}
    model = f"arn:aws:bedrock:{REGION}::foundation-model"
    requests: list[tuple[str, str, dict[str, str]]] = [
        *(("bedrock:InvokeModel", profile(f"{route}.{HAIKU}"), {}) for route in ("eu", "us")),
        ("bedrock:CountTokens", f"{model}/{HAIKU}", {}),
        ("bedrock:CountTokens", f"{model}/amazon.nova-pro-v1:0", {}),
        ("logs:PutLogEvents", f"{logs}/gateway:log-stream:x", {}),
        ("logs:PutLogEvents", f"{logs}/invocations:log-stream:x", {}),
        ("xray:PutTraceSegments", "*", {}),
        ("execute-api:Invoke", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a/prod/POST/v1", {}),
        *(
            ("bedrock:ApplyGuardrail", f"arn:aws:bedrock:{REGION}:{ACCOUNT}:guardrail/{name}", {})
            for name in ("abc", "def", "ghi")
        ),
        *(
            ("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1", context)
            for context in (via, {"kms:ViaService": f"s3.{REGION}.amazonaws.com"})
        ),
        *((action, "*", {}) for action in ("iam:PutRolePolicy", "s3:GetObject", "sts:AssumeRole")),
    ]
    denials = deny_policy.deny_statements(stage)

    for action, resource, context in requests:
        held = judged([EVERYTHING, *limits, *denials], action, resource, context)
        assert (held == "allow") is (judged(boundary, action, resource, context) == "allow"), action


def test_no_role_name_is_longer_than_iam_takes() -> None:
    for purpose in (deny_policy.LOGGING_ROLE, deny_policy.DATA_RETENTION_ROLE, "application"):
        assert len(RoleNames("s" * 16, "ap-northeast-1").name(purpose)) <= 64
