"""Any spelling of a model leads to one profile, and each refusal says what to do instead."""

from collections.abc import Callable, Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, ROUTES, Model, Resolved
from tests.unit.catalog.called_from import CALLED_FROM

TODAY = "2026-11-23"
EVERY_NAME = frozenset(model.name for model in MODELS)
SERVED = [m for m in MODELS if m.profiles and not catalog.is_retired(m, TODAY)]

SEED = {
    "anthropic.claude-sonnet-4-5-20250929-v1:0": None,
    "anthropic.claude-sonnet-4-20250514-v1:0": "claude-sonnet-4-6",
    "anthropic.claude-3-7-sonnet-20250219-v1:0": "claude-sonnet-4-6",
    "anthropic.claude-opus-4-5-20251101-v1:0": None,
    "anthropic.claude-opus-4-1-20250805-v1:0": None,
    "anthropic.claude-opus-4-20250514-v1:0": "claude-opus-4-8",
    "anthropic.claude-3-opus-20240229-v1:0": "claude-opus-4-8",
    "anthropic.claude-haiku-4-5-20251001-v1:0": None,
    "anthropic.claude-3-5-haiku-20241022-v1:0": "claude-haiku-4-5",
    "anthropic.claude-3-haiku-20240307-v1:0": "claude-haiku-4-5",
}


def spellings(model: Model, route: str) -> list[str]:
    """Every way a client may write the model for a stage on `route`."""
    profile = f"{route}.{model.base_id}"
    return [
        model.name,
        *model.aliases,
        model.base_id,
        profile,
        f"arn:aws:bedrock:us-east-1::foundation-model/{model.base_id}",
        f"arn:aws:bedrock:::foundation-model/{model.base_id}",
        f"arn:aws:bedrock:eu-west-1:111122223333:inference-profile/{profile}",
        f"arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:inference-profile/{profile}",
    ]


def resolve(
    requested: str, *, allowed: Collection[str] = EVERY_NAME, routes: str = "us", today: str = TODAY
) -> Resolved:
    """By `routes`, a space between, from a Region that has the first of them."""
    named = routes.split()
    region = CALLED_FROM[named[0]]
    return catalog.resolve(requested, allowed=allowed, routes=named, region=region, today=today)


@st.composite
def requests(draw: st.DrawFn) -> tuple[Model, str, str]:
    model = draw(st.sampled_from(SERVED))
    route = draw(st.sampled_from(catalog.routes(model)))
    return model, route, draw(st.sampled_from(spellings(model, route)))


@given(requests())
def test_every_spelling_leads_to_the_stages_profile(request: tuple[Model, str, str]) -> None:
    model, route, requested = request

    resolved = resolve(requested, routes=route)

    assert resolved.model is model
    assert resolved.profile_ids == (f"{route}.{model.base_id}",)
    assert catalog.find(requested) is model


@given(requests(), st.sampled_from(ROUTES))
def test_a_profile_of_another_route_is_never_swapped_for_the_stages(
    request: tuple[Model, str, str], other: str
) -> None:
    model, route, _ = request
    profile = f"{other}.{model.base_id}"
    arn = f"arn:aws:bedrock:us-east-1:111122223333:inference-profile/{profile}"

    for requested in (profile, arn):
        if other == route:
            continue
        with pytest.raises(catalog.GeographyNotAllowed) as refusal:
            resolve(requested, routes=route)
        assert route in str(refusal.value)
        assert model.name in str(refusal.value)


@given(requests(), st.sets(st.sampled_from(ROUTES), min_size=1))
def test_routes_are_tried_in_the_stages_order_where_the_model_has_them(
    request: tuple[Model, str, str], others: set[str]
) -> None:
    model, route, _ = request
    routes = [route, *sorted(others - {route})]
    region = CALLED_FROM[route]
    had = [item for item in routes if catalog.reach(model, item, region) is not None]

    resolved = resolve(model.name, routes=" ".join(routes))

    assert resolved.profile_ids == tuple(f"{route}.{model.base_id}" for route in had)
    named = resolve(f"{had[-1]}.{model.base_id}", routes=" ".join(routes))
    assert named.profile_ids == (f"{had[-1]}.{model.base_id}",)


def test_a_retired_model_is_reported_with_its_successor_and_the_date() -> None:
    with pytest.raises(catalog.RetiredModel) as refusal:
        resolve("claude-sonnet-4")
    assert str(refusal.value) == (
        "Claude Sonnet 4 (claude-sonnet-4) was retired on Amazon Bedrock on 2026-10-14; "
        "use claude-sonnet-4-6 instead."
    )


@given(st.text())
def test_any_text_resolves_or_is_refused_with_a_sentence(requested: str) -> None:
    try:
        resolve(requested, routes="global")
    except catalog.ResolutionError as refusal:
        assert str(refusal).endswith(".")


@pytest.mark.parametrize(("base_id", "successor"), SEED.items())
def test_each_model_of_the_first_guide_is_served_or_names_its_successor(
    base_id: str, successor: str | None
) -> None:
    if successor is None:
        resolved = resolve(base_id, routes="us")
        assert resolved.profile_ids == (f"us.{base_id}",)
        return
    with pytest.raises(catalog.RetiredModel) as refusal:
        resolve(base_id, routes="us")
    assert refusal.value.model.base_id == base_id
    assert refusal.value.successor == successor
    assert successor in str(refusal.value)


@pytest.mark.parametrize("successor", sorted({s for s in SEED.values() if s}))
def test_a_successor_is_itself_served(successor: str) -> None:
    resolved = resolve(successor, allowed={successor}, routes="us")

    assert resolved.model.name == successor


def test_opus_4_1_is_served_until_the_day_it_ends() -> None:
    opus = catalog.find("claude-opus-4-1")
    assert opus is not None

    assert catalog.is_legacy(opus, "2027-01-07")
    assert not catalog.is_retired(opus, "2027-01-07")
    assert catalog.is_retired(opus, "2027-01-08")
    with pytest.raises(catalog.RetiredModel, match="claude-opus-4-8"):
        resolve("claude-opus-4-1", routes="us", today="2027-01-08")


@pytest.mark.parametrize(
    "requested",
    [
        "",
        "gpt-5",
        "claude-sonnet-4-5-20250930",
        "claude-sonnet-4-5-20250929-v2:0",
        "claude-sonnet-4-5:thinking",
        "claude-sonnet-4-5:online",
        "claude-opus-5-fast",
        "meta/claude-sonnet-4-5",
        "claude-sonnet-haiku-4-5",
        "claude-4-5",
        "sonnet",
        "us.claude-sonnet-4-5",
        "us-gov.anthropic.claude-opus-4-8",
        "global.global.anthropic.claude-opus-4-8",
        "arn:aws:bedrock:us-east-1::foundation-model/us.anthropic.claude-opus-4-8",
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/anthropic.claude-opus-4-8",
        "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123",
        "arn:aws:sagemaker:us-east-1::foundation-model/anthropic.claude-opus-4-8",
        "arn:aws:bedrock",
    ],
)
def test_a_name_that_is_nobodys_is_unknown(requested: str) -> None:
    with pytest.raises(catalog.UnknownModel):
        resolve(requested, routes="us")
    assert catalog.find(requested) is None


def test_what_is_unknown_is_answered_with_what_is_offered() -> None:
    with pytest.raises(catalog.UnknownModel) as refusal:
        resolve("gpt-5", allowed={"claude-opus-4-8"}, routes="us")

    assert str(refusal.value) == "There is no model 'gpt-5' here. Offered: claude-opus-4-8."


def test_no_refusal_repeats_an_arn_or_an_account() -> None:
    unknown = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123"
    elsewhere = (
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-opus-4-8"
    )

    for requested in (unknown, elsewhere):
        with pytest.raises(catalog.ResolutionError) as refusal:
            resolve(requested, routes="eu")
        assert "arn:" not in str(refusal.value)
        assert "111122223333" not in str(refusal.value)


def test_a_model_the_stage_does_not_allow_is_refused_by_any_spelling() -> None:
    model = catalog.find("claude-opus-4-8")
    assert model is not None

    for requested in spellings(model, "us"):
        with pytest.raises(catalog.ModelNotAllowed, match="Offered: claude-sonnet-4-6"):
            resolve(requested, allowed={"claude-sonnet-4-6"}, routes="us")


def test_a_model_without_the_stages_profile_lists_those_it_has() -> None:
    with pytest.raises(catalog.GeographyNotAllowed, match=r"has no eu profile here; it has us\."):
        resolve("claude-opus-4-1", routes="eu")


def test_an_invitation_only_model_is_known_but_not_served() -> None:
    assert catalog.find("claude-mythos-5-1") is not None
    with pytest.raises(catalog.GeographyNotAllowed, match="it has none"):
        resolve("claude-mythos-5-1", routes="global")


def test_a_profile_the_model_does_not_have_is_not_found() -> None:
    assert catalog.find("jp.anthropic.claude-opus-4-1-20250805-v1:0") is None


def test_profile_id_of_a_missing_route_names_the_routes_there_are() -> None:
    haiku = catalog.find("claude-haiku-4-5")
    assert haiku is not None

    assert catalog.profile_id(haiku, "jp") == "jp.anthropic.claude-haiku-4-5-20251001-v1:0"
    with pytest.raises(catalog.NoProfile, match="has no apac profile here; it has global, us, eu"):
        catalog.profile_id(haiku, "apac")


@pytest.mark.parametrize(
    ("requested", "name"),
    [
        ("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("bedrock/converse/us-west-2/anthropic.claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("bedrock/invoke/us.anthropic.claude-opus-4-8", "claude-opus-4-8"),
        ("us.anthropic.claude-opus-4-8-v1:0", "claude-opus-4-8"),
        ("us.anthropic.claude-opus-4-6-v1:0", "claude-opus-4-6"),
        ("us.anthropic.claude-haiku-4-5", "claude-haiku-4-5"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("openrouter/anthropic/claude-opus-4.5:beta", "claude-opus-4-5"),
        ("anthropic:claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("vertex_ai/claude-opus-4-8@default", "claude-opus-4-8"),
        ("claude-sonnet-4-5-latest", "claude-sonnet-4-5"),
        ("claude-4.5-sonnet", "claude-sonnet-4-5"),
        ("claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("CLAUDE-SONNET-4-6[1M]", "claude-sonnet-4-6"),
        ("Claude-Sonnet-4-5", "claude-sonnet-4-5"),
        (" claude-haiku-4-5\r\n", "claude-haiku-4-5"),
        ("databricks-claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("Claude Sonnet 4.5", "claude-sonnet-4-5"),
        ("bedrock/arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-8",
         "claude-opus-4-8"),
        ("us.anthropic.claude-opus-4-8[1m]", "claude-opus-4-8"),
        ("ARN:aws:bedrock:us-east-1::foundation-model/anthropic.claude-opus-4-8",
         "claude-opus-4-8"),
    ],
)  # fmt: skip
def test_names_as_clients_write_them_mean_their_model(requested: str, name: str) -> None:
    resolved = resolve(requested, routes="us global")

    assert resolved.model.name == name
    assert catalog.find(requested) is resolved.model
    if "us." in requested:
        assert resolved.profile_ids == (f"us.{resolved.model.base_id}",)


@pytest.mark.parametrize(
    ("requested", "suggested"),
    [
        ("claude-sonnet-4-5-20250930", "claude-sonnet-4-5"),
        ("claude-sonet-4-5", "claude-sonnet-4-5"),
        ("claude-3-5-sonnet-20241022", "claude-sonnet-4-6"),
        ("sonnet", "claude-sonnet-4-6"),
        ("us.claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("anthropic/claude-opus-4.8:thinking", "claude-opus-4-8"),
    ],
)
def test_a_wrong_name_is_answered_with_those_near_it(requested: str, suggested: str) -> None:
    offered = {"claude-sonnet-4-5", "claude-sonnet-4-6", "claude-opus-4-8", "claude-3-7-sonnet"}
    with pytest.raises(catalog.UnknownModel) as refusal:
        resolve(requested, allowed=offered)
    question, _, offer = str(refusal.value).partition("? ")
    assert suggested in question.partition("Did you mean ")[2]
    assert offer == "Offered: claude-opus-4-8, claude-sonnet-4-5, claude-sonnet-4-6."


def test_a_model_of_anthropics_own_api_alone_is_named_as_such() -> None:
    with pytest.raises(catalog.UnknownModel, match="not on Amazon Bedrock"):
        resolve("anthropic/claude-mythos-5.2")


def test_a_window_that_the_model_does_not_have_is_refused() -> None:
    with pytest.raises(catalog.WindowTooShort, match=r"200,000 tokens .* without \[1m\]"):
        resolve("claude-haiku-4-5[1m]")


@given(
    st.sampled_from(MODELS),
    st.sampled_from(["", "bedrock/", "bedrock/eu-west-1/", "anthropic/", "anthropic:", "aws/"]),
    st.sampled_from(["", "[1m]", "\n"]),
    st.sampled_from([str, str.upper, str.title]),
    st.sampled_from("-._@"),
)
def test_no_form_of_a_name_means_another_model(
    model: Model, prefix: str, suffix: str, case: Callable[[str], str], separator: str
) -> None:
    names = [model.name, *model.aliases]
    respelled = [name.removeprefix("anthropic.").replace("-", separator) for name in names]
    for written in (*names, *respelled, model.base_id):
        assert catalog.find(f"{prefix}{case(written)}{suffix}") is model
