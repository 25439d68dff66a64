"""A key's value is what API Gateway takes, and no two are alike."""

import re

import pytest

from claude_bedrock.cli.keys import key_format
from claude_bedrock.cli.keys.key_format import UnfitNameError


@pytest.mark.parametrize("name", ["a", "search.nightly-1", "x" * 64, "Z" * 41])
def test_a_value_is_letters_and_digits_of_the_length_api_gateway_takes(name: str) -> None:
    assert re.fullmatch("[A-Za-z0-9]{20,128}", key_format.make(name))


def test_the_secret_is_another_each_time() -> None:
    assert len({key_format.make("search")[-40:] for _ in range(50)}) == 50


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "x" * 65, "a\n"])
def test_a_name_that_no_stage_could_have_is_refused(name: str) -> None:
    with pytest.raises(UnfitNameError, match="1 to 64 letters"):
        key_format.make(name)


def test_a_name_that_does_not_fit_into_a_value_is_refused() -> None:
    with pytest.raises(UnfitNameError, match="too long"):
        key_format.make("." * 42)
    with pytest.raises(UnfitNameError, match="too long beside plan 'batch"):
        key_format.make("x" * 64, "batch" * 6)
