"""Members keep their bytes; what is no JSON object is refused in a sentence."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.json_object import NotAnObject, join, members

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text(), VALUES), st.sampled_from([None, 2]), st.booleans())
def test_members_are_what_json_reads_and_join_puts_them_back(
    content: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(content, indent=indent, ensure_ascii=ascii_only)
    found = members(text)
    assert {name: member.value for name, member in found.items()} == content
    assert all(member.text in text for member in found.values())
    assert json.loads(join({name: member.text for name, member in found.items()})) == content


def test_a_value_keeps_the_bytes_it_was_written_with() -> None:
    written = '{"b": 1.0,  "a" :1e3}'
    assert members(f' {{"x" : {written} }} ')["x"].text == written


def test_of_a_name_given_twice_the_last_counts() -> None:
    assert members('{"a":1,"a":2}')["a"].value == 2


@pytest.mark.parametrize(
    "text",
    ["", " ", "{", "{}x", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", '{"a":1 "b":2}', "tru",
     '{"a":NaN}', '{"a":Infinity}', "{'a':1}", "<html>", '{"a":1}{"b":2}'],
)  # fmt: skip
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(NotAnObject, match="not valid JSON"):
        members(text)


@pytest.mark.parametrize("text", ["[]", "1", '"a"', "null"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(NotAnObject, match="must be a JSON object"):
        members(text)


def test_nesting_too_deep_is_refused() -> None:
    with pytest.raises(NotAnObject, match="too deeply"):
        members('{"a":' + "[" * 100_000)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = members("{" + text)
    except NotAnObject:
        return
    assert {name: member.value for name, member in found.items()} == json.loads("{" + text)
