"""A difference is found where there is one, whole and alone, and its row takes it away."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, Life, Model, Profile, comparison
from claude_bedrock.catalog.comparison import ANYWHERE, Change
from claude_bedrock.cli.models import account_models
from tests.unit.catalog.account_answers import (
    REGION,
    TODAY,
    Answers,
    answers,
    midnight,
    model_answer,
    profile_answer,
)

REGIONS = ("us-east-1", "eu-central-1", "eu-west-2", "ap-northeast-1", "ap-southeast-2")


def differences(
    answers: Answers, region: str, models: tuple[Model, ...] = MODELS
) -> list[comparison.Difference]:
    return comparison.differences(models, comparison.read(*answers), region=region, today=TODAY)


def evaluated(row: str) -> Any:  # noqa: ANN401 - Python
    return eval(row, {"Life": Life, "Profile": Profile, "Model": Model})  # noqa: S307 - ours


def pasted(model: Model, row: str) -> Model:
    """The model with the arguments that a row has to paste."""
    arguments = evaluated(f"dict({row}\n)")
    return model._replace(**arguments)


@pytest.mark.parametrize("region", REGIONS)
def test_the_catalog_as_an_account_reports_it_is_no_difference(region: str) -> None:
    assert differences(answers(region), region) == []


@pytest.mark.parametrize("region", REGIONS)
def test_dates_that_an_account_leaves_out_are_none(region: str) -> None:
    outcome = answers(region)
    for model in outcome.models:
        model["modelLifecycle"] = {"status": model["modelLifecycle"]["status"]}
    assert differences(outcome, region) == []


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, Answers, str, Change]:
    """A Region, its answers with one thing changed, the base id it is of, and the change."""
    region = draw(st.sampled_from(REGIONS))
    outcome = answers(region)
    kind = draw(st.sampled_from([date, model_removed, profile_removed, profile_new, destination]))
    base_id, change = kind(draw, outcome, region)
    return region, outcome, base_id, change


def date(draw: st.DrawFn, answers: Answers, _region: str) -> tuple[str, Change]:
    answer = draw(st.sampled_from(answers.models))
    field, name = draw(st.sampled_from([*comparison._DATES.items()]))
    day = draw(st.dates(min_value=datetime(2024, 1, 1, tzinfo=UTC).date())).isoformat()
    model = named(answer["modelId"])
    was = model.released if field == "released" else getattr(model.life, field)
    if was == day:
        day = "2031-01-01"
    dates: dict[str, Any] = {} if field == "released" else {field: day}
    life = model.life._replace(**dates)
    legacy = catalog.is_legacy(model._replace(life=life), TODAY)
    answer["modelLifecycle"] |= {name: midnight(day), "status": "LEGACY" if legacy else "ACTIVE"}
    return model.base_id, Change(field if field == "released" else f"life.{field}", was, day)


def model_removed(draw: st.DrawFn, answers: Answers, region: str) -> tuple[str, Change]:
    base_id = draw(st.sampled_from(answers.models))["modelId"]
    answers.models[:] = [model for model in answers.models if model["modelId"] != base_id]
    answers.profiles[:] = [
        profile
        for profile in answers.profiles
        if not profile["inferenceProfileId"].endswith(f".{base_id}")
    ]
    return base_id, Change("model", f"callable from {region}", None)


def profile_removed(draw: st.DrawFn, answers: Answers, region: str) -> tuple[str, Change]:
    removed = draw(st.sampled_from(answers.profiles))
    answers.profiles.remove(removed)
    route, _, base_id = removed["inferenceProfileId"].partition(".")
    return base_id, Change(f"profiles.{route}", words(base_id, route, region), None)


def profile_new(draw: st.DrawFn, answers: Answers, region: str) -> tuple[str, Change]:
    base_id = draw(st.sampled_from(answers.models))["modelId"]
    there = [catalog.reach(named(base_id), route, region) for route in catalog.ROUTES]
    free = [r for r, to in zip(catalog.ROUTES, there, strict=True) if to is None]
    route = draw(st.sampled_from([*free, "ca"]))
    to = () if route == "global" else (region, "xx-new-1")
    answers.profiles.append(profile_answer(route, base_id, to))
    return base_id, Change(f"profiles.{route}", None, " ".join(sorted(to)) or ANYWHERE)


def destination(draw: st.DrawFn, answers: Answers, region: str) -> tuple[str, Change]:
    geographic = [p for p in answers.profiles if not p["inferenceProfileId"].startswith("global.")]
    if not geographic:
        return profile_new(draw, answers, region)
    profile = draw(st.sampled_from(geographic))
    route, _, base_id = profile["inferenceProfileId"].partition(".")
    if draw(st.booleans()):
        profile["models"].pop()
    else:
        arn = f"arn:aws:bedrock:xx-new-1::foundation-model/{base_id}"
        profile["models"].append({"modelArn": arn})
    to = sorted(model["modelArn"].split(":")[3] for model in profile["models"])
    return base_id, Change(f"profiles.{route}", words(base_id, route, region), " ".join(to))


def named(base_id: str) -> Model:
    (model,) = [model for model in MODELS if model.base_id == base_id]
    return model


def words(base_id: str, route: str, region: str) -> str:
    reached = catalog.reach(named(base_id), route, region)
    assert reached is not None
    return " ".join(sorted(reached)) or ANYWHERE


@given(changed())
def test_one_change_is_detected_alone_and_its_row_takes_it_away(
    case: tuple[str, Answers, str, Change],
) -> None:
    region, outcome, base_id, change = case
    (difference,) = differences(outcome, region)

    assert (difference.model, difference.changes) == (named(base_id).name, (change,))
    corrected = tuple(
        pasted(model, difference.row) if model.base_id == base_id else model for model in MODELS
    )
    assert differences(outcome, region, corrected) == []


def answer_of(answers: Answers, name: str) -> dict[str, Any]:
    model = catalog.find(name)
    assert model
    return next(item for item in answers.models if item["modelId"] == model.base_id)


def test_a_model_without_recordings_gets_a_row_that_lists_what_is_missing() -> None:
    outcome = answers(REGION)
    new = "anthropic.claude-sonnet-6"
    life = {"status": "ACTIVE", "endOfLifeTime": midnight("2028-02-01")}
    outcome.models.append({"modelId": new, "modelName": "Claude Sonnet 6", "modelLifecycle": life})
    outcome.profiles.append(profile_answer("eu", new, ("eu-west-1", REGION)))

    (difference,) = differences(outcome, REGION)

    assert difference.model == new
    assert difference.changes == (
        Change("model", None, "Claude Sonnet 6"),
        Change("life.end_of_life", None, "2028-02-01"),
        Change("profiles.eu", None, "eu-central-1 eu-west-1"),
    )
    (row,) = evaluated(f"({difference.row})")
    assert (row.name, row.base_id, row.price) == ("claude-sonnet-6", new, ...)
    assert row.profiles == (Profile("eu", {REGION: ("eu-central-1", "eu-west-1")}),)


def test_a_model_that_an_account_reports_as_removed_need_not_be_recorded() -> None:
    outcome = answers(REGION)
    life = {"status": "LEGACY", "endOfLifeTime": midnight(TODAY)}
    outcome.models.append({"modelId": "anthropic.claude-v2", "modelLifecycle": life})
    assert differences(outcome, REGION) == []


@pytest.mark.parametrize("base_id", ["anthropic.claude-sonnet-6", "anthropic.claude-opus-4-8"])
def test_a_variant_of_provisioned_throughput_is_no_model(base_id: str) -> None:
    outcome = answers(REGION)
    outcome.models.append(
        {"modelId": f"{base_id}:200k", "inferenceTypesSupported": ["PROVISIONED"]}
    )
    assert differences(outcome, REGION) == []


@pytest.mark.parametrize(
    ("name", "status", "was"),
    [("claude-opus-4-8", "LEGACY", "ACTIVE"), ("claude-opus-4-1", "ACTIVE", "LEGACY")],
)
def test_a_state_without_dates_is_a_difference_of_its_own(name: str, status: str, was: str) -> None:
    outcome = answers("us-east-1")
    answer_of(outcome, name)["modelLifecycle"] = {"status": status}

    (difference,) = differences(outcome, "us-east-1")

    assert (difference.model, difference.changes) == (name, (Change("life", was, status),))
    corrected = tuple(
        pasted(model, difference.row) if model.name == name else model for model in MODELS
    )
    assert differences(outcome, "us-east-1", corrected) == []


def test_a_retired_model_that_an_account_still_has_is_one() -> None:
    outcome = answers("us-east-1")
    opus = catalog.find("claude-opus-4")
    assert opus
    outcome.models.append(
        {"modelId": opus.base_id, "modelName": "x", "modelLifecycle": {"status": "LEGACY"}}
    )
    outcome.profiles.append(
        profile_answer("us", opus.base_id, opus.profiles[0].regions["us-east-1"])
    )

    (difference,) = differences(outcome, "us-east-1")

    assert difference.changes == (Change("life", "RETIRED", "LEGACY"),)
    assert difference.row == f"life=Life(legacy='{TODAY}'),"


def test_an_account_is_read_page_by_page_and_profile_by_profile() -> None:
    outcome = answers(REGION)
    profiles = [
        *outcome.profiles,
        profile_answer("us", "amazon.nova-lite-v1:0", ()),
    ]
    bedrock: Any = boto3.client(
        "bedrock", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(bedrock) as stub:
        models = {"modelSummaries": outcome.models}
        stub.add_response("list_foundation_models", models, {"byProvider": "anthropic"})
        for page, token in ((profiles[:3], None), (profiles[3:], "t")):
            answer = {"inferenceProfileSummaries": page}
            request = {"typeEquals": "SYSTEM_DEFINED", **({"nextToken": token} if token else {})}
            more: dict[str, Any] = {} if token else {"nextToken": "t"}
            stub.add_response("list_inference_profiles", {**answer, **more}, request)
        for profile in outcome.profiles:
            request = {"inferenceProfileIdentifier": profile["inferenceProfileId"]}
            stub.add_response("get_inference_profile", profile, request)

        message = account_models.claude_models(bedrock)
        stub.assert_no_pending_responses()

    assert message == comparison.read(*outcome)


def outdated(answers: Answers, region: str = REGION, *, models: tuple[str, ...] = ()) -> list[str]:
    message = comparison.read(*answers)
    return list(comparison.outdated(differences(answers, region), message, models))


def test_a_model_that_is_new_in_the_account_is_reported() -> None:
    outcome = answers(REGION)
    new = {**model_answer(MODELS[0]), "modelId": "anthropic.claude-opus-6", "modelName": "Opus 6"}
    outcome.models.append(new)
    assert outdated(outcome) == ["anthropic.claude-opus-6: not in the catalog"]
    new["modelLifecycle"] = {"status": "LEGACY"}
    assert outdated(outcome) == []


def test_an_end_of_life_date_is_reported_for_every_model() -> None:
    outcome = answers("us-east-1")
    (opus,) = [model for model in outcome.models if "opus-4-1" in model["modelId"]]
    opus["modelLifecycle"]["endOfLifeTime"] = midnight("2027-02-08")
    (line,) = outdated(outcome, "us-east-1")
    assert line == "claude-opus-4-1: life.end_of_life 2027-01-08, account 2027-02-08"


def test_what_was_removed_is_reported_for_the_stages_models_only() -> None:
    outcome = answers(REGION)
    removed = "eu.anthropic.claude-opus-4-8"
    outcome.profiles[:] = [
        profile for profile in outcome.profiles if profile["inferenceProfileId"] != removed
    ]
    assert outdated(outcome, models=("claude-haiku-4-5",)) == []
    (line,) = outdated(outcome, models=("claude-opus-4-8",))
    assert line.startswith("claude-opus-4-8: profiles.eu ")


def test_what_no_page_confirms_is_no_news_where_it_is_missing() -> None:
    outcome = answers(REGION)
    removed = "eu.anthropic.claude-opus-5"
    outcome.profiles[:] = [
        profile for profile in outcome.profiles if profile["inferenceProfileId"] != removed
    ]
    assert differences(outcome, REGION)
    assert outdated(outcome, models=("claude-opus-5",)) == []


@pytest.mark.parametrize("region", REGIONS)
def test_an_account_that_has_what_the_catalog_has_yields_no_finding(region: str) -> None:
    assert outdated(answers(region), region, models=tuple(model.name for model in MODELS)) == []
