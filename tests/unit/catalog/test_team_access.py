"""A team's statements open its own profiles and what is behind them, judged as IAM judges them."""

import json
from itertools import product

import pytest

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, Model, invoke_policies, team_policies
from claude_bedrock.catalog.invoke_policies import InvocationScope
from claude_bedrock.catalog.team_policies import ApplicationProfile
from tests.unit.catalog.judgment import judged

ACCOUNT = "111122223333"
ACTIONS = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
SONNET = next(model for model in MODELS if model.name == "claude-sonnet-4-5")
HAIKU = next(model for model in MODELS if model.name == "claude-haiku-4-5")
GLOBAL = InvocationScope(("global",), "us-east-1", ACCOUNT)
EU = InvocationScope(("eu",), "eu-central-1", ACCOUNT)
KEY = "bedrock:InferenceProfileArn"


def own(scope: InvocationScope, profile_id: str) -> str:
    return scope.arn(f"application-inference-profile/{profile_id}")


def copied(scope: InvocationScope, model: Model, route: str) -> str:
    return scope.arn(f"inference-profile/{catalog.profile_id(model, route)}")


def verdict(scope: InvocationScope, resource: str, **context: str) -> set[str]:
    statements = team_policies.invoke_statements(
        [ApplicationProfile(SONNET, scope.routes[0], "sonnetofours")], scope
    )
    condition = {name.replace("_", ":"): value for name, value in context.items()}
    return {judged(statements, action, resource, condition) for action in ACTIONS}


@pytest.mark.parametrize(
    "key", [own(EU, "sonnetofours"), copied(EU, SONNET, "eu")], ids=["own", "copied"]
)
def test_a_geographys_models_are_open_through_the_profile_whichever_arn_bedrock_names(
    key: str,
) -> None:
    here = {"aws_RequestedRegion": EU.region}
    assert verdict(EU, own(EU, "sonnetofours"), **here) == {"allow"}
    reached = invoke_policies.profile_destinations(SONNET, "eu", EU.region)
    assert len(reached) > 1
    for region in reached:
        model = EU.model_arn(SONNET.base_id, region=region)
        assert verdict(EU, model, aws_RequestedRegion=region, bedrock_InferenceProfileArn=key) == {
            "allow"
        }


@pytest.mark.parametrize(
    "key", [own(GLOBAL, "sonnetofours"), copied(GLOBAL, SONNET, "global")], ids=["own", "copied"]
)
def test_global_is_open_from_the_region_and_where_bedrock_names_none(key: str) -> None:
    here, anywhere = GLOBAL.region, "unspecified"
    profile = own(GLOBAL, "sonnetofours")
    assert verdict(GLOBAL, profile, aws_RequestedRegion=here) == {"allow"}
    for region, request in ((here, here), ("", anywhere)):
        model = GLOBAL.model_arn(SONNET.base_id, region=region)
        assert verdict(
            GLOBAL, model, aws_RequestedRegion=request, bedrock_InferenceProfileArn=key
        ) == {"allow"}
    elsewhere = GLOBAL.model_arn(SONNET.base_id, region="eu-west-1")
    assert verdict(
        GLOBAL, elsewhere, aws_RequestedRegion="eu-west-1", bedrock_InferenceProfileArn=key
    ) == {"neither"}


@pytest.mark.parametrize("location", [GLOBAL, EU], ids=["global", "eu"])
def test_nothing_else_is_open(location: InvocationScope) -> None:
    route = location.routes[0]
    model = location.model_arn(SONNET.base_id, region=location.region)
    other = location.model_arn(HAIKU.base_id, region=location.region)
    here = {"aws_RequestedRegion": location.region}
    configured, anothers = own(location, "sonnetofours"), own(location, "sonnetoftheirs")
    assert verdict(location, model, **here) == {"neither"}
    assert verdict(location, anothers, **here) == {"neither"}
    assert verdict(location, copied(location, SONNET, route), **here) == {"neither"}
    assert verdict(location, model, **here, bedrock_InferenceProfileArn=anothers) == {"neither"}
    assert verdict(location, other, **here, bedrock_InferenceProfileArn=configured) == {"neither"}


def test_where_the_stage_has_a_guardrail_the_models_require_it() -> None:
    location = EU._replace(guardrail=("abc", "3"))
    profile = ApplicationProfile(SONNET, "eu", "sonnetofours")
    statements = team_policies.invoke_statements([profile], location)
    model = location.model_arn(SONNET.base_id, region=location.region)
    context = {"aws:RequestedRegion": location.region, KEY: own(location, "sonnetofours")}
    with_guardrail = context | {"bedrock:GuardrailIdentifier": location.arn("guardrail/abc:3")}
    assert judged(statements, ACTIONS[0], model, context) == "neither"
    assert judged(statements, ACTIONS[0], model, with_guardrail) == "allow"
    applied = judged(statements, "bedrock:ApplyGuardrail", location.arn("guardrail/abc"), {})
    assert applied == "allow"


def test_a_policy_lets_a_client_read_what_is_behind_a_profile_only_where_set() -> None:
    profile = ApplicationProfile(SONNET, "eu", "sonnetofours")
    action, arn = "bedrock:GetInferenceProfile", own(EU, "sonnetofours")
    (plain,) = team_policies.invoke_policies([profile], EU)
    (described,) = team_policies.invoke_policies([profile], EU, described=True)
    assert judged(plain, action, arn, {}) == "neither"
    assert judged(described, action, arn, {}) == "allow"


@pytest.mark.parametrize("location", [GLOBAL, EU], ids=["global", "eu"])
@pytest.mark.parametrize("described", [False, True])
def test_policies_are_within_the_limit_and_lose_no_profile(
    location: InvocationScope, described: bool
) -> None:
    route = location.routes[0]
    models = [item for item in MODELS if catalog.reach(item, route, location.region) is not None]
    profiles = [
        ApplicationProfile(model, route, f"{number:06}{model_number:06}")
        for (model_number, model), number in product(enumerate(models), range(4))
    ]
    token = "${Token[A.very.long.token.that.stands.for.twelve.digits.4711]}"
    documents = team_policies.invoke_policies(
        profiles, location._replace(account=token), described=described
    )
    written = [
        json.dumps({"Version": "2012-10-17", "Statement": document}) for document in documents
    ]
    compact = [document.replace(token, ACCOUNT).replace(" ", "") for document in written]
    assert len(compact) > 1
    assert all(len(document) <= 6144 for document in compact)
    for profile in profiles:
        assert any(own(location, profile.id) in document for document in compact)


def test_a_model_without_the_route_has_no_statement() -> None:
    with pytest.raises(catalog.NoProfile, match="has no us profile callable from eu-central-1"):
        team_policies.invoke_statements([ApplicationProfile(SONNET, "us", "a")], EU)
