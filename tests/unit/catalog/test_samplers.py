"""Which values of a sampler a model takes, against the words of AWS's model cards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.catalog import MODELS, capabilities
from claude_bedrock.catalog.samplers import in_words, takes

FABLE_5 = "claude-fable-5"
FABLE_5_1 = ("claude-fable-5-1", "claude-fable-5-2")
SAMPLERS = {model.name: capabilities.of(model).samplers for model in MODELS}
values = st.floats(0, 1) | st.sampled_from([0, 1, 0.99, 0.9900001])


@given(values)
def test_fable_5_takes_a_top_p_from_0_99_up_to_1(value: float) -> None:
    assert takes(SAMPLERS[FABLE_5].top_p, value) == (0.99 <= value < 1)


@pytest.mark.parametrize("name", FABLE_5_1)
@given(values)
def test_the_later_fables_take_0_99_alone_and_nothing_beside_it(name: str, value: float) -> None:
    assert takes(SAMPLERS[name].top_p, value) == (value == 0.99)
    assert not SAMPLERS[name].both


@pytest.mark.parametrize("name", [FABLE_5, *FABLE_5_1])
@given(values)
def test_no_fable_takes_another_temperature_than_1_or_any_top_k(name: str, value: float) -> None:
    assert takes(SAMPLERS[name].temperature, value) == (value == 1)
    assert not takes(SAMPLERS[name].top_k, value)


@given(st.none() | st.booleans() | st.text() | st.lists(st.integers()) | st.floats(allow_nan=True))
def test_any_value_is_evaluated_and_none_but_a_number_is_taken(value: object) -> None:
    for allowed in (SAMPLERS[FABLE_5].top_p, SAMPLERS[FABLE_5_1[0]].top_p):
        if takes(allowed, value):
            assert isinstance(value, float)
        assert takes(None, value)


def test_the_words_are_the_cards() -> None:
    assert in_words(SAMPLERS[FABLE_5].top_p) == "at least 0.99 and below 1"
    assert in_words(SAMPLERS[FABLE_5_1[0]].top_p) == "0.99"
    assert in_words(SAMPLERS[FABLE_5].top_k) == ""


def test_a_default_effort_is_one_of_the_models_own() -> None:
    for model in MODELS:
        row = capabilities.of(model)
        assert (row.effort == "none") == (not row.efforts) == (row.default_effort is None)
        assert row.default_effort is None or row.default_effort in row.efforts
    by_name = {model.name: capabilities.of(model) for model in MODELS}
    assert by_name["claude-opus-5-5"].default_effort == "medium"
    assert by_name["claude-haiku-5-5"].default_effort == "medium"
    assert by_name["claude-fable-5-2"].default_effort == "high"
    assert "between_tools" in by_name["claude-sonnet-5-5"].thinking
