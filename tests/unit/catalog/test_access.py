"""The IAM statements open the chosen models by the chosen route, judged as IAM judges them."""

import json
from collections.abc import Iterable, Sequence

import pytest

import catalog
from catalog import MODELS, Model, access

ACCOUNT = "111122223333"
SERVED = [m for m in MODELS if m.profiles and not catalog.is_retired(m, "2026-11-23")]
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
    found = [catalog.find(name) for name in names]
    return [model for model in found if model is not None]


def statements(models: Sequence[Model], route: str, region: str) -> list[access.Statement]:
    return access.invoke_statements(
        models, route=route, region=region, account=ACCOUNT, partition="aws"
    )


def profile_arn(model: Model, route: str, region: str) -> str:
    return f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{route}.{model.base_id}"


def model_arn(model: Model, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{model.base_id}"


def allowed(
    policy: Iterable[access.Statement],
    resource: str,
    context: dict[str, str],
    action: str = "bedrock:InvokeModel",
) -> bool:
    """IAM's judgement of one resource: some Allow has the action, the resource, every condition."""
    return any(
        s["Effect"] == "Allow"
        and action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
        and resource in s["Resource"]
        and all(
            context.get(key) in ([value] if isinstance(value, str) else value)
            for key, value in s.get("Condition", {}).get("StringEquals", {}).items()
        )
        for s in policy
    )


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

    assert set(access.profile_destinations(model, route, region)) == destinations


@pytest.mark.parametrize(
    ("name", "route", "region", "has"),
    [
        ("claude-opus-4-1", "eu", "eu-west-1", "us from us-east-1, us-east-2, us-west-2"),
        ("claude-opus-4-1", "us", "eu-west-1", "us from us-east-1, us-east-2, us-west-2"),
        ("claude-fable-5-1", "us", "us-east-1", "global from any commercial Region"),
        ("claude-fable-5-1", "global", "us-gov-west-1", "global from any commercial Region"),
        ("claude-mythos-5", "global", "us-east-1", "no profile on record"),
    ],
)
def test_a_missing_profile_is_refused_with_model_route_region_and_what_there_is(
    name: str, route: str, region: str, has: str
) -> None:
    [model] = named(name)

    with pytest.raises(catalog.NoProfile) as refusal:
        access.profile_destinations(model, route, region)

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
            for action in access.INVOKE:
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
    near, far = named("claude-sonnet-4-5", "claude-opus-4-8")
    policy = statements([near, far], "us", "us-east-1")
    through = {"bedrock:InferenceProfileArn": profile_arn(near, "us", "us-east-1")}

    assert not allowed(policy, model_arn(near, "ca-west-1"), through)


def test_global_asks_three_times_and_once_without_a_region() -> None:
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

    policy = access.invoke_statements(
        [model],
        route="global",
        region="us-east-1",
        account="${Token[A.0]}",
        partition="${Token[P.1]}",
    )

    [door] = policy[0]["Resource"]
    assert door.startswith("arn:${Token[P.1]}:bedrock:us-east-1:${Token[A.0]}:inference-profile/")
    assert policy[2]["Resource"][0].startswith("arn:${Token[P.1]}:bedrock:::foundation-model/")


def test_a_model_without_the_profile_gets_no_statement_at_all() -> None:
    for route, region in (("us", "eu-west-1"), ("global", "cn-north-1")):
        with pytest.raises(catalog.NoProfile):
            statements(SERVED, route, region)


def test_count_tokens_is_opened_on_the_bare_model_where_bedrock_has_it() -> None:
    counting, silent = named("claude-sonnet-4-5", "claude-opus-4-5")
    policy = statements([counting, silent], "us", "us-west-2")
    action = "bedrock:CountTokens"

    assert allowed(policy, model_arn(counting, "us-west-2"), {}, action)
    assert not allowed(policy, model_arn(counting, "us-east-1"), {}, action)
    assert not allowed(policy, model_arn(silent, "us-west-2"), {}, action)
    assert not allowed(policy, model_arn(counting, "us-west-2"), {})


def test_nothing_is_named_by_a_star() -> None:
    for route in ("us", "global"):
        models = [m for m in SERVED if route in catalog.routes(m)]
        assert "*" not in json.dumps(statements(models, route, "us-east-1"))


@pytest.mark.parametrize("route", ["us", "global"])
def test_eight_models_fit_one_managed_policy(route: str) -> None:
    policies = access.invoke_policies(
        named(*EIGHT), route=route, region="us-west-1", account=ACCOUNT, partition="aws"
    )

    assert policies == [statements(named(*EIGHT), route, "us-west-1")]


def test_more_models_than_one_policy_holds_are_dealt_out_whole() -> None:
    models = [m for m in SERVED if "us" in catalog.routes(m)]

    policies = access.invoke_policies(
        models, route="us", region="us-east-1", account=ACCOUNT, partition="aws"
    )

    assert len(policies) == 2
    for policy in policies:
        document = {"Version": "2012-10-17", "Statement": policy}
        assert len(json.dumps(document, separators=(",", ":"))) <= 6144
    together = [statement for policy in policies for statement in policy]
    for model in models:
        door = profile_arn(model, "us", "us-east-1")
        through = {"bedrock:InferenceProfileArn": door}
        reach = access.profile_destinations(model, "us", "us-east-1")
        assert allowed(together, door, {})
        assert all(allowed(together, model_arn(model, region), through) for region in reach)


def test_the_unlogged_endpoint_is_denied_whole() -> None:
    statement = access.deny_mantle_statement()

    assert statement["Effect"] == "Deny"
    assert statement["Action"] == "bedrock-mantle:*"
    assert statement["Resource"] == "*"
