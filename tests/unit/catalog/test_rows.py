"""Every row of the catalog is whole, and says only what it may."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, ROUTES, Model
from claude_bedrock.catalog.newer_models import FIRST_PARTY_ONLY

COMMERCIAL = ("us-", "ca-", "eu-", "ap-")
each_row = pytest.mark.parametrize("model", MODELS, ids=[model.name for model in MODELS])


@each_row
def test_ids_are_in_anthropics_and_bedrocks_form(model: Model) -> None:
    assert model.name.startswith("claude-")
    assert model.base_id.startswith("anthropic.claude-")
    assert model.display_name.startswith("Claude ")


@each_row
def test_the_source_is_a_public_page_of_aws_or_anthropic(model: Model) -> None:
    url = urlsplit(model.source)

    assert url.scheme == "https"
    assert url.hostname in {"docs.aws.amazon.com", "platform.claude.com"}


@each_row
def test_routes_are_known_and_named_once(model: Model) -> None:
    routes = catalog.routes(model)

    assert set(routes) <= set(ROUTES)
    assert len(set(routes)) == len(routes)


@each_row
def test_a_geography_lists_commercial_regions_and_answers_at_home_too(model: Model) -> None:
    for profile in model.profiles:
        for source, destinations in profile.regions.items():
            assert source in destinations
            assert len(set(destinations)) == len(destinations)
            assert all(r.startswith(COMMERCIAL) for r in (source, *destinations))


@each_row
def test_only_global_leaves_its_regions_open(model: Model) -> None:
    assert all(bool(p.regions) == (p.route != "global") for p in model.profiles)


@each_row
def test_dates_are_iso_and_in_order(model: Model) -> None:
    legacy, extended, end = model.life[:3]
    dates = [d for d in (model.released, legacy, extended, end) if d is not None]

    assert dates == sorted(dates)
    assert [date.fromisoformat(d).isoformat() for d in dates] == dates


@each_row
def test_what_a_card_promises_is_a_year_at_least(model: Model) -> None:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/model-lifecycle.html"""
    promised = model.life.no_end_before
    if promised is not None and model.released is not None:
        assert model.life.end_of_life is None
        shortest = date.fromisoformat(model.released) + timedelta(days=350)
        assert shortest <= date.fromisoformat(promised)


@each_row
def test_the_source_was_read_after_the_release(model: Model) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert (model.released or "") <= model.source_date <= tomorrow.isoformat()


@each_row
def test_a_model_on_its_way_out_names_one_that_stays(model: Model) -> None:
    assert (model.successor is not None) == _has_an_end(model)
    if model.successor is not None:
        successor = catalog.find(model.successor)
        assert successor is not None
        assert successor.name == model.successor
        assert not _has_an_end(successor), f"name another successor of {model.name}"


def _has_an_end(model: Model) -> bool:
    life = model.life
    return life.retired or any((life.legacy, life.extended_access, life.end_of_life))


@each_row
def test_prices_stand_in_anthropics_proportions(model: Model) -> None:
    price = model.price

    assert price.input < price.output
    assert price.cache_write_5m == pytest.approx(1.25 * price.input, rel=0.05)
    assert price.cache_write_1h == pytest.approx(2 * price.input)
    assert 0 < price.cache_read < price.input


@each_row
def test_a_long_prompt_costs_more_than_a_short_one(model: Model) -> None:
    if model.long_prompt is not None:
        assert 0 < model.long_prompt.above_tokens < model.context_tokens
        assert model.long_prompt.price > model.price


@each_row
def test_output_fits_the_context(model: Model) -> None:
    assert 0 < model.max_output_tokens < model.context_tokens


@each_row
def test_what_is_unconfirmed_is_a_field_or_a_profile_of_the_row(model: Model) -> None:
    profiles = {f"profiles.{route}" for route in catalog.routes(model)}

    assert set(model.unconfirmed) <= set(Model._fields) | profiles


@each_row
def test_no_profile_on_record_means_by_invitation(model: Model) -> None:
    assert (not model.profiles) == model.invitation_only


def test_no_two_models_answer_to_one_name() -> None:
    spellings = [s for m in MODELS for s in (m.name, m.base_id, *m.aliases)]

    assert len(spellings) == len(set(spellings))


def test_the_cards_of_november_2026_are_on_record() -> None:
    """Of https://docs.aws.amazon.com/bedrock/latest/userguide/model-cards.html."""
    released = {model.name: model.released for model in MODELS}
    promised = {model.name: model.life.no_end_before for model in MODELS}

    assert released["claude-fable-5-2"] == "2026-11-09"
    assert released["claude-fable-5-1"] == "2026-09-01"
    assert released["claude-opus-4-6"] == "2026-02-05"
    assert promised["claude-fable-5-2"] == "2027-11-09"
    assert promised["claude-haiku-5-5"] == "2027-10-07"
    assert promised["claude-opus-5-5"] == "2027-09-22"
    assert promised["claude-opus-4-7"] == "2027-04-16"


def test_no_model_of_anthropics_own_api_alone_is_among_bedrocks() -> None:
    assert FIRST_PARTY_ONLY.keys().isdisjoint(released.name for released in MODELS)
