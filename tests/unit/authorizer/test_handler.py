"""The key is found in either header, in any case; without one the caller is turned away."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authorizer import handler
from claude_bedrock.cli.keys import key_format

METHOD_ARN = "arn:aws:execute-api:eu-west-1:111122223333:abcdef1234/dev/POST/v1/messages"
KEY = "k3yV4lu3-of.40-characters_or_so"
TOKENS = st.text("abcXYZ0189-._~+/=", min_size=1)


def event(headers: dict[str, str] | None, *lines: tuple[str, str]) -> dict[str, Any]:
    """What API Gateway sends a REQUEST authorizer, as far as it matters here: with `lines`, as it
    does for these header lines."""
    grouped: dict[str, list[str]] = {}
    for name, value in lines:
        grouped.setdefault(name, []).append(value)
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "resource": "/v1/messages",
        "path": "/v1/messages",
        "httpMethod": "POST",
        "headers": dict(lines) or headers,
        "multiValueHeaders": grouped or None,
        "queryStringParameters": {"beta": "true"},
        "requestContext": {"stage": "dev", "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"},
    }


def mixed_case(word: str) -> st.SearchStrategy[str]:
    return st.tuples(*(st.sampled_from([c.lower(), c.upper()]) for c in word)).map("".join)


def read(*lines: tuple[str, str]) -> str:
    """The key found in a request of these header lines."""
    key = handler.handle(event(None, *lines), None)["usageIdentifierKey"]
    assert isinstance(key, str)
    return key


@given(mixed_case("x-api-key"), TOKENS)
def test_x_api_key_is_read_in_any_case(name: str, token: str) -> None:
    assert read(("Accept", "*/*"), (name, token)) == token


@given(mixed_case("authorization"), mixed_case("bearer"), TOKENS)
def test_bearer_is_read_in_any_case(name: str, scheme: str, token: str) -> None:
    assert read((name, f"{scheme} {token}")) == token


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"x-api-key": KEY}, "x-api-key"),
        ({"Authorization": f"Bearer {KEY}"}, "authorization"),
        ({"authorization": "Bearer other", "X-Api-Key": KEY}, "x-api-key"),
        ({"authorization": f"Bearer {KEY}", "x-api-key": " "}, "authorization"),
    ],
)
def test_a_refusal_can_name_the_header_that_was_read(headers: dict[str, str], named: str) -> None:
    answer = handler.handle(event(headers), None)
    assert (answer["usageIdentifierKey"], answer["context"]["keyHeader"]) == (KEY, named)


def test_x_api_key_wins_over_authorization() -> None:
    assert read(("authorization", "Bearer other"), ("x-api-key", KEY)) == KEY


def test_an_empty_x_api_key_leaves_the_word_to_authorization() -> None:
    assert read(("x-api-key", " "), ("authorization", f"Bearer  {KEY} ")) == KEY


@pytest.mark.parametrize(
    "lines",
    [
        [("x-api-key", KEY), ("x-api-key", KEY)],
        [("x-api-key", KEY), ("X-Api-Key", KEY)],
        [("x-api-key", ""), ("x-api-key", KEY)],
        [("x-api-key", f"{KEY}, {KEY}")],
        [("authorization", f"Bearer {KEY}"), ("authorization", f"bearer {KEY}")],
    ],
)
def test_equal_keys_of_several_lines_are_one(lines: list[tuple[str, str]]) -> None:
    assert read(*lines) == KEY


@pytest.mark.parametrize(
    "lines",
    [
        [("x-api-key", "other"), ("x-api-key", KEY)],
        [("x-api-key", KEY), ("X-Api-Key", "other")],
        [("x-api-key", f"{KEY}, other")],
        [("authorization", "Bearer other"), ("authorization", f"Bearer {KEY}")],
        [("authorization", "Basic b3RoZXI="), ("authorization", f"Bearer {KEY}")],
    ],
)
def test_of_different_keys_in_one_header_none_is_picked(lines: list[tuple[str, str]]) -> None:
    with pytest.raises(handler.Unauthorized):
        handler.handle(event(None, *lines), None)


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"accept": "application/json"},
        {"x-api-key": ""},
        {"authorization": ""},
        {"authorization": KEY},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {KEY} {KEY}"},
        {"authorization": f"Basic {KEY}"},
        {"authorization": f"Bearer{KEY}"},
        {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20261123/eu-west-1/bedrock/aws4"},
    ],
)
def test_without_a_key_the_error_is_the_word_api_gateway_answers_401_to(
    headers: dict[str, str] | None,
) -> None:
    with pytest.raises(handler.Unauthorized) as refusal:
        handler.handle(event(headers), None)

    assert str(refusal.value) == "Unauthorized"


def test_the_key_is_handed_on_and_only_the_method_called_is_opened() -> None:
    answer = handler.handle(event({"X-Api-Key": KEY}), None)

    assert answer["usageIdentifierKey"] == KEY
    assert answer["principalId"] == "api-key"
    [statement] = answer["policyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": METHOD_ARN,
    }


def test_the_key_is_used_for_the_lookup_and_appears_nowhere() -> None:
    answer = handler.handle(event({"authorization": f"bearer {KEY}"}), None)

    assert answer.pop("usageIdentifierKey") == KEY
    assert KEY not in str(answer)


def test_the_name_in_a_key_is_handed_on_and_its_secret_is_not() -> None:
    value = key_format.make("search.Zoo-1_a")

    answer = handler.handle(event({"x-api-key": value}), None)

    assert answer.pop("usageIdentifierKey") == value
    assert answer["context"]["keyName"] == "search.Zoo-1_a"
    assert value[-40:] not in str(answer)


@given(st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=41))
def test_every_name_comes_back_out_of_its_key(name: str) -> None:
    assert handler.key_name(key_format.make(name)) == name


@given(
    st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=20),
    st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=18),
)
def test_every_plan_comes_back_out_of_its_key(name: str, plan: str) -> None:
    value = key_format.make(name, plan)
    assert (handler.key_name(value), handler.key_plan(value)) == (name, plan)


def test_a_key_of_the_default_plan_is_written_as_before() -> None:
    value = key_format.make("search")
    assert (value[:12], len(value)) == ("cobksearchZ0", 52)
    assert handler.handle(event({"x-api-key": value}), None)["context"]["plan"] == "default"


@pytest.mark.parametrize(
    "value",
    [
        KEY,
        "A" * 40,
        "cobkZ0" + "a" * 40,  # no name
        "cobkadminZ0" + "a" * 39,
        "cobkadminZ0" + "a" * 41 + "!",
        "cobkadZxminZ0" + "a" * 40,  # no such escape
        "cobkadmin" + "a" * 40,
        "xcobkadminZ0" + "a" * 40,
        "cobkadminZpZ0" + "a" * 40,  # no plan
        "cobkadminZpaZpbZ0" + "a" * 40,
    ],
)
def test_a_value_of_another_form_has_no_name(value: str) -> None:
    assert (handler.key_name(value), handler.key_plan(value)) == ("", "default")
