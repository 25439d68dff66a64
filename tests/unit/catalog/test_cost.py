"""What a call costs, beside an arithmetic of its own."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, Model
from claude_bedrock.catalog.cost import Usage, cost, of_answer, rates, unpublished

TODAY = "2026-11-25"


def named(name: str) -> Model:
    (result,) = [model for model in MODELS if model.name == name]
    return result


SONNET, HAIKU_5_5, OPUS_4_1 = map(
    named, ("claude-sonnet-4-5", "claude-haiku-5-5", "claude-opus-4-1")
)
tokens = st.integers(0, 2_000_000)
usages = st.builds(Usage, tokens, tokens, tokens, tokens, tokens)
callable_models = st.sampled_from([model for model in MODELS if model.profiles])


@st.composite
def calls(draw: st.DrawFn) -> tuple[Model, str, Usage]:
    model = draw(callable_models)
    return model, draw(st.sampled_from(catalog.routes(model))), draw(usages)


def by_hand(model: Model, route: str, usage: Usage) -> Fraction:
    """The same by fractions, with the conditions written out."""
    price = model.price
    prompt = usage.input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
    if model.long_prompt is not None and prompt > model.long_prompt.above_tokens:
        price = model.long_prompt.price
    total = (
        usage.input * Fraction(str(price.input))
        + usage.output * Fraction(str(price.output))
        + usage.cache_write_5m * Fraction(str(price.cache_write_5m))
        + usage.cache_write_1h * Fraction(str(price.cache_write_1h))
        + usage.cache_read * Fraction(str(price.cache_read))
    )
    premium = Fraction(1) if route == "global" else Fraction(str(model.geography_premium))
    return total * premium / 1_000_000


@given(calls())
def test_a_cost_is_exact(call: tuple[Model, str, Usage]) -> None:
    assert Fraction(cost(*call)) == by_hand(*call)


@given(calls(), st.sampled_from(Usage._fields), tokens)
def test_more_tokens_never_cost_less(call: tuple[Model, str, Usage], field: str, more: int) -> None:
    model, route, usage = call
    grown = usage._replace(**{field: getattr(usage, field) + more})
    assert cost(model, route, grown) >= cost(model, route, usage)


def test_a_million_tokens_of_each_kind_cost_the_list_price() -> None:
    million = Usage(*[1_000_000] * 5)
    assert cost(SONNET, "global", million) == Decimal("28.05")  # 3 + 15 + 3.75 + 6 + 0.30
    assert cost(SONNET, "eu", million) == Decimal("30.855")
    assert cost(OPUS_4_1, "us", Usage(1_000_000)) == 15  # no premium before Sonnet 4.5


def test_a_day_before_a_change_of_price_has_the_former_price() -> None:
    reads = Usage(cache_read=1_000_000)
    sonnet = named("claude-sonnet-5-5")
    assert cost(sonnet, "global", reads, day="2026-10-06") == Decimal("0.20")
    assert cost(sonnet, "global", reads, day="2026-10-07") == Decimal("0.10")
    assert cost(sonnet, "global", reads) == Decimal("0.10")
    counts = {"input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": 1_000_000}
    assert of_answer(sonnet, "global", counts, day="2026-10-06").dollars == Decimal("0.20")


@pytest.mark.parametrize("field", ["input", "cache_read", "cache_write_5m", "cache_write_1h"])
def test_one_token_above_the_limit_bills_the_complete_request_higher(field: str) -> None:
    at_limit = Usage(output=10)._replace(**{field: 100_000})
    above = at_limit._replace(**{field: 100_001})
    of_output = Usage(output=10)
    assert rates(HAIKU_5_5, "us", prompt_tokens=at_limit.prompt).output == Decimal("0.55")
    assert rates(HAIKU_5_5, "us", prompt_tokens=above.prompt).output == Decimal("2.75")
    assert cost(HAIKU_5_5, "global", above) > 4 * cost(HAIKU_5_5, "global", at_limit)
    assert cost(HAIKU_5_5, "global", of_output) == Decimal("0.000005")


def test_a_route_the_model_does_not_have_has_no_price() -> None:
    with pytest.raises(catalog.NoProfile, match="no apac profile"):
        cost(SONNET, "apac", Usage(1))


def test_an_answers_usage_is_read_with_its_split() -> None:
    counts = {
        "input_tokens": 1_000_000,
        "output_tokens": 0,
        "cache_read_input_tokens": 1_000_000,
        "cache_creation_input_tokens": 2_000_000,
        "cache_creation": {
            "ephemeral_5m_input_tokens": 1_000_000,
            "ephemeral_1h_input_tokens": 1_000_000,
        },
    }
    assert of_answer(SONNET, "global", counts, day=TODAY) == (Decimal("13.05"), ())


@pytest.mark.parametrize(
    ("counts", "dollars", "assumed"),
    [
        (
            {"input_tokens": 0, "output_tokens": 0, "cache_creation_input_tokens": 1_000_000},
            "3.75",
            ("cache writes at the 5-minute rate",),
        ),
        ({"input_tokens": 1_000_000, "output_tokens": None}, "3", ("no output_tokens",)),
        (
            {"input_tokens": 1_000_000, "output_tokens": 0, "service_tier": "priority"},
            "3",
            ("the standard tier's rates",),
        ),
    ],
)
def test_what_an_answer_does_not_report_is_listed(
    counts: dict[str, object], dollars: str, assumed: tuple[str, ...]
) -> None:
    assert of_answer(SONNET, "global", counts, day=TODAY) == (Decimal(dollars), assumed)


def test_extended_access_may_cost_more() -> None:
    counts = {"input_tokens": 1, "output_tokens": 1}
    assert not of_answer(OPUS_4_1, "us", counts, day="2026-10-07").assumed
    assert of_answer(OPUS_4_1, "us", counts, day="2026-10-08").assumed


def test_a_price_that_aws_does_not_publish_is_named_wherever_it_counts() -> None:
    fable = named("claude-fable-5-2")
    (message,) = of_answer(fable, "us", {"input_tokens": 1, "output_tokens": 1}, day=TODAY).assumed
    assert message == unpublished(fable)
    assert "Anthropic's API" in message
    assert not unpublished(SONNET)
