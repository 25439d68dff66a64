"""A caller's name as STS takes it, and back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.caller_sessions.session_name import caller_name, session_name

# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
# https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html, the part of it that is ASCII
TAG_VALUE = re.compile(r"[a-zA-Z0-9\s_.:/=+\-@]{0,256}")

NAMES = st.one_of(
    st.text(min_size=1),
    st.text("aB9_.-@+,=/ ", min_size=1, max_size=90),
    st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True),
)


@given(NAMES)
def test_every_name_fits_and_comes_back(caller: str) -> None:
    name = session_name(caller)
    assert SESSION_NAME.fullmatch(name)
    assert TAG_VALUE.fullmatch(name)
    assert caller_name(name) == (name if "==" in name else caller)


@given(NAMES, NAMES)
def test_two_callers_never_share_a_name(one: str, other: str) -> None:
    assert (session_name(one) == session_name(other)) == (one == other)


@given(st.text())
def test_a_name_that_the_gateway_did_not_give_is_left_as_it_is(name: str) -> None:
    caller = caller_name(name)
    assert caller == name or session_name(caller) == name


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        ("search.web", "search.web"),
        ("ana@example.com", "ana@example.com"),
        ("Deployer/ci", "Deployer=2Fci"),
        ("a=b,c", "a=3Db=2Cc"),
        ("Zoë", "Zo=C3=AB"),
        ("x", "=78"),
        ("k" * 64, "k" * 64),
        ("k" * 65, "k" * 38 + "==f39cdc2584758c99cf81c1f4"),
    ],
)
def test_names_read_as_in_the_docs(caller: str, name: str) -> None:
    assert session_name(caller) == name


def test_an_empty_name_has_no_session() -> None:
    with pytest.raises(ValueError, match="without a name"):
        session_name("")
