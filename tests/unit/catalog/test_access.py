"""The IAM statements open the chosen models by the chosen routes, judged as IAM judges them."""

import json
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, Model, invoke_policies
from claude_bedrock.catalog.invoke_policies import InvocationScope, Statement
from tests.unit.catalog.judgment import judged

ACCOUNT = "111122223333"
SERVED = [m for m in MODELS if m.profiles and not catalog.is_retired(m, "2026-11-23")]
REGIONS = sorted(
    {
        region
        for model in SERVED
        for profile in model.profiles
        for source, destinations in profile.regions.items()
        for region in (source, *destinations)
    }
)
EIGHT = (
    "claude-sonnet-4-5",
    "claude-haiku-4-5",
    "claude-opus-4-5",
    "claude-opus-4-6",
    "claude-sonnet-4-6",
    "claude-opus-4-8",
    "claude-sonnet-5",
    "claude-opus-5-5",
)


def named(*names: str) -> list[Model]:
    result = [catalog.find(name) for name in names]
    return [model for model in result if model is not None]


def scope(*routes: str, region: str) -> InvocationScope:
    return InvocationScope(routes, region, ACCOUNT)


def statements(models: Sequence[Model], route: str, region: str) -> list[Statement]:
    return invoke_policies.invoke_statements(models, scope(route, region=region))


def profile_arn(model: Model, route: str, region: str) -> str:
    return f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{route}.{model.base_id}"


def model_arn(model: Model, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model.base_id}"


def allowed(
    policy: Iterable[Statement],
    resource: str,
    context: dict[str, str],
    action: str = "bedrock:InvokeModel",
) -> bool:
    return judged(policy, action, resource, context) == "allow"


@pytest.mark.parametrize(
    ("name", "route", "region", "destinations"),
    [
        ("claude-sonnet-4-5", "us", "us-east-1", {"us-east-1", "us-east-2", "us-west-2"}),
        (
            "claude-opus-4-5",
            "us",
            "ca-central-1",
            {"ca-central-1", "us-east-1", "us-east-2", "us-west-2"},
        ),
        ("claude-haiku-4-5", "jp", "ap-northeast-1", {"ap-northeast-1", "ap-northeast-3"}),
        (
            "claude-sonnet-4-5",
            "au",
            "ap-southeast-6",
            {"ap-southeast-2", "ap-southeast-4", "ap-southeast-6"},
        ),
        ("claude-sonnet-4-5", "global", "sa-east-1", set()),
    ],
)
def test_destinations_are_those_aws_documents(
    name: str, route: str, region: str, destinations: set[str]
) -> None:
    [model] = named(name)

    assert set(invoke_policies.profile_destinations(model, route, region)) == destinations


@pytest.mark.parametrize(
    ("name", "route", "region", "has"),
    [
        ("claude-opus-4-1", "eu", "eu-west-1", "us from us-east-1, us-east-2, us-west-2"),
        ("claude-opus-4-1", "us", "eu-west-1", "us from us-east-1, us-east-2, us-west-2"),
        ("claude-fable-5-1", "global", "us-gov-west-1", "global from any commercial Region"),
        ("claude-mythos-5", "global", "us-east-1", "no profile on record"),
    ],
)
def test_a_missing_profile_is_refused_with_model_route_region_and_what_there_is(
    name: str, route: str, region: str, has: str
) -> None:
    [model] = named(name)

    with pytest.raises(catalog.NoProfile) as refusal:
        invoke_policies.profile_destinations(model, route, region)

    text = str(refusal.value)
    assert name in text
    assert f"no {route} profile callable from {region}" in text
    assert has in text


@pytest.mark.parametrize("model", SERVED, ids=[m.name for m in SERVED])
def test_each_geography_opens_profile_and_every_destination_through_it(model: Model) -> None:
    for profile in model.profiles:
        for region, destinations in profile.regions.items():
            policy = statements([model], profile.route, region)
            door = profile_arn(model, profile.route, region)
            through = {"bedrock:InferenceProfileArn": door}
            for action in invoke_policies.INVOKE:
                assert allowed(policy, door, {}, action)
                assert all(
                    allowed(policy, model_arn(model, d), through, action) for d in destinations
                )


def test_a_bare_model_is_closed() -> None:
    [model] = named("claude-sonnet-4-5")

    for route in ("us", "global"):
        policy = statements([model], route, "us-east-1")
        for region in ("us-east-1", "us-east-2", ""):
            context = {"aws:RequestedRegion": region or "unspecified"}
            assert not allowed(policy, model_arn(model, region), context)


def test_no_other_model_route_region_or_account_is_open() -> None:
    chosen, other = named("claude-sonnet-4-5", "claude-haiku-4-5")
    policy = statements([chosen], "eu", "eu-west-1")
    through = {"bedrock:InferenceProfileArn": profile_arn(chosen, "eu", "eu-west-1")}

    assert allowed(policy, model_arn(chosen, "eu-west-3"), through)
    assert not allowed(policy, profile_arn(other, "eu", "eu-west-1"), {})
    assert not allowed(policy, model_arn(other, "eu-west-3"), through)
    assert not allowed(policy, profile_arn(chosen, "global", "eu-west-1"), {})
    assert not allowed(policy, profile_arn(chosen, "eu", "eu-west-3"), {})
    assert not allowed(policy, model_arn(chosen, "us-east-1"), through)
    elsewhere = {"bedrock:InferenceProfileArn": profile_arn(chosen, "global", "eu-west-1")}
    assert not allowed(policy, model_arn(chosen, "eu-west-3"), elsewhere)


def test_a_model_is_never_opened_in_a_region_only_another_reaches() -> None:
    near, far = named("claude-sonnet-4-5", "claude-opus-5")
    policy = statements([near, far], "us", "us-east-1")
    through = {"bedrock:InferenceProfileArn": profile_arn(near, "us", "us-east-1")}

    assert not allowed(policy, model_arn(near, "ca-west-1"), through)


def test_global_has_three_resources_and_one_without_a_region() -> None:
    [model] = named("claude-opus-4-5")
    policy = statements([model], "global", "eu-west-1")
    door = profile_arn(model, "global", "eu-west-1")
    here = {"aws:RequestedRegion": "eu-west-1"}
    anywhere = {"aws:RequestedRegion": "unspecified"}
    through = {"bedrock:InferenceProfileArn": door}
    no_region = f"arn:aws:bedrock:::foundation-model/{model.base_id}"

    assert len(policy) == 3
    assert allowed(policy, door, here)
    assert allowed(policy, model_arn(model, "eu-west-1"), here | through)
    assert allowed(policy, no_region, anywhere | through)
    assert not allowed(policy, no_region, here | through)
    assert not allowed(policy, door, {"aws:RequestedRegion": "us-east-1"})


def test_account_and_partition_may_be_tokens() -> None:
    [model] = named("claude-sonnet-4-5")

    policy = invoke_policies.invoke_statements(
        [model], InvocationScope(("global",), "us-east-1", "${Token[A.0]}", "${Token[P.1]}")
    )

    [door] = policy[0]["Resource"]
    assert door.startswith("arn:${Token[P.1]}:bedrock:us-east-1:${Token[A.0]}:inference-profile/")
    assert policy[2]["Resource"][0].startswith("arn:${Token[P.1]}:bedrock:::foundation-model/")


def test_a_model_without_the_profile_gets_no_statement_at_all() -> None:
    for route, region in (("us", "eu-west-1"), ("global", "cn-north-1")):
        with pytest.raises(catalog.NoProfile):
            statements(SERVED, route, region)


def test_count_tokens_is_opened_on_the_bare_model_where_bedrock_has_it() -> None:
    counting, uncounted = named("claude-sonnet-4-5", "claude-opus-4-5")
    policy = statements([counting, uncounted], "us", "us-west-2")
    action = "bedrock:CountTokens"

    assert allowed(policy, model_arn(counting, "us-west-2"), {}, action)
    assert not allowed(policy, model_arn(counting, "us-east-1"), {}, action)
    assert not allowed(policy, model_arn(uncounted, "us-west-2"), {}, action)
    assert not allowed(policy, model_arn(counting, "us-west-2"), {})


def test_nothing_is_named_by_a_star() -> None:
    for route in ("us", "global"):
        models = [m for m in SERVED if route in catalog.routes(m)]
        assert "*" not in json.dumps(statements(models, route, "us-east-1"))


@pytest.mark.parametrize("route", ["us", "global"])
def test_eight_models_fit_one_managed_policy(route: str) -> None:
    policies = invoke_policies.invoke_policies(named(*EIGHT), scope(route, region="us-west-1"))

    assert policies == [statements(named(*EIGHT), route, "us-west-1")]


def test_more_models_than_one_policy_holds_are_split_by_model() -> None:
    models = [m for m in SERVED if "us" in catalog.routes(m)]

    policies = invoke_policies.invoke_policies(models, scope("us", region="us-east-1"))

    assert len(policies) == 2
    for policy in policies:
        assert len(invoke_policies.document_text(policy)) <= 6144
    together = [statement for policy in policies for statement in policy]
    for model in models:
        door = profile_arn(model, "us", "us-east-1")
        through = {"bedrock:InferenceProfileArn": door}
        reach = invoke_policies.profile_destinations(model, "us", "us-east-1")
        assert allowed(together, door, {})
        assert all(allowed(together, model_arn(model, region), through) for region in reach)


def test_a_token_is_measured_as_the_account_it_will_be() -> None:
    models = [m for m in SERVED if "us" in catalog.routes(m)]
    written_out = invoke_policies.invoke_policies(models, scope("us", "global", region="us-east-1"))
    token = InvocationScope(("us", "global"), "us-east-1", "${Token[AWS.AccountId.4]}" * 9)

    assert len(invoke_policies.invoke_policies(models, token)) == len(written_out)


def test_a_fallback_is_opened_only_to_the_models_that_have_it() -> None:
    both, single = named("claude-sonnet-4-5", "claude-opus-4-5")
    tokyo = "ap-northeast-1"
    policy = invoke_policies.invoke_statements([both, single], scope("global", "jp", region=tokyo))
    here = {"aws:RequestedRegion": tokyo}

    assert allowed(policy, profile_arn(both, "global", tokyo), here)
    assert allowed(policy, profile_arn(single, "global", tokyo), here)
    assert allowed(policy, profile_arn(both, "jp", tokyo), here)
    assert not allowed(policy, profile_arn(single, "jp", tokyo), here)
    for statement in policy:
        assert statement["Resource"], statement["Sid"]


@given(
    names=st.sets(st.sampled_from([m.name for m in SERVED]), min_size=1),
    routes=st.permutations(catalog.ROUTES).flatmap(
        lambda order: st.integers(1, 3).map(lambda many: tuple(order[:many]))
    ),
    region=st.sampled_from(REGIONS),
)
def test_exactly_the_named_models_are_open_by_exactly_the_named_routes(
    names: set[str], routes: tuple[str, ...], region: str
) -> None:
    selected = [m for m in SERVED if m.name in names]
    chosen = [m for m in selected if catalog.reach(m, routes[0], region) is not None]
    policies = invoke_policies.invoke_policies(chosen, scope(*routes, region=region))
    policy = [statement for item in policies for statement in item]
    here = {"aws:RequestedRegion": region}

    for part in policies:
        assert len(invoke_policies.document_text(part)) <= 6144
        assert len({statement["Sid"] for statement in part}) == len(part)
    for model in SERVED:
        for route in catalog.ROUTES:
            reached = catalog.reach(model, route, region) if route in routes else None
            is_open = model in chosen and reached is not None
            door = f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{route}.{model.base_id}"
            assert allowed(policy, door, here) == is_open
            through = here | {"bedrock:InferenceProfileArn": door}
            for there in REGIONS:
                expected = is_open and there in ({region} if reached == () else reached or ())
                assert allowed(policy, model_arn(model, there), through) == expected
                assert not allowed(policy, model_arn(model, there), here)


def test_a_guardrail_is_required_for_every_model_and_may_be_applied() -> None:
    [model] = named("claude-sonnet-4-5")
    guardrail = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:guardrail/abc123"
    for route, region in (("us", "us-east-1"), ("global", "")):
        for version, named_as in (("2", f"{guardrail}:2"), ("DRAFT", guardrail)):
            where = InvocationScope((route,), "us-east-1", ACCOUNT, guardrail=("abc123", version))
            policy = invoke_policies.invoke_statements([model], where)
            call = {
                "bedrock:InferenceProfileArn": profile_arn(model, route, "us-east-1"),
                "aws:RequestedRegion": region or "unspecified",
            }
            resource = model_arn(model, region)
            with_it = call | {"bedrock:GuardrailIdentifier": named_as}
            other = call | {"bedrock:GuardrailIdentifier": f"{guardrail}:3"}

            assert allowed(policy, resource, with_it)
            assert not allowed(policy, resource, call)
            assert not allowed(policy, resource, other)
            assert allowed(policy, guardrail, {}, "bedrock:ApplyGuardrail")
