"""Members keep their bytes; what is no JSON object is refused in a sentence."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.json_object import Edits, NotAnObject, edited, join, members, parsed

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
    parsed = members(text)
    assert {name: member.value for name, member in parsed.items()} == content
    assert all(member.text in text for member in parsed.values())
    assert json.loads(join({name: member.text for name, member in parsed.items()})) == content


def test_a_value_has_the_bytes_it_was_written_with() -> None:
    written = '{"b": 1.0,  "a" :1e3}'
    assert members(f' {{"x" : {written} }} ')["x"].text == written


def test_an_integer_of_any_length_has_all_its_digits() -> None:
    digits = "9" * 5000
    assert members(f'{{"a":{digits},"b":[-{digits}]}}')["a"].text == digits
    assert edited(f'{{"a":{digits},"b":1}}', {"b": "2"}) == f'{{"a":{digits},"b":2}}'
    assert parsed(f'{{"a":{digits},"b":1}}'.encode())["b"] == 1


def test_a_byte_order_mark_is_ignored() -> None:
    assert members('\ufeff {"a":1}')["a"].text == "1"
    with pytest.raises(NotAnObject, match="must be a JSON object"):
        members("\ufeff[]")


def test_of_a_duplicate_name_the_last_counts() -> None:
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
        parsed = members("{" + text)
    except NotAnObject:
        return
    assert {name: member.value for name, member in parsed.items()} == json.loads("{" + text)


def test_an_edit_leaves_every_other_byte() -> None:
    text = '{ "a" : [ 1.0 , {"b":1e3,  "c" : "\\u00e9"} ,3 ] , "d":{}}'
    edits: Edits = {"a": {1: {"b": None}, 2: "[ ]"}, "e": None}
    assert edited(text, edits) == '{ "a" : [ 1.0 , {  "c" : "\\u00e9"} ,[ ] ] , "d":{}}'


def test_a_text_for_a_name_that_is_not_there_is_added() -> None:
    assert edited('{ "a" : 1 }', {"b": "[2]", "c": None, "d": {"e": "3"}}) == '{ "a" : 1 ,"b":[2]}'
    assert edited("{ }", {"é": '""'}) == '{"\\u00e9":"" }'
    assert edited('{"a":1}', {"a": None, "b": "2"}) == '{"b":2}'
    assert edited("[]", {0: "1"}) == "[]"


def test_what_is_taken_out_takes_its_comma() -> None:
    assert edited("[1,2,3]", {0: None, 2: None}) == "[2]"
    assert edited('{"a":1}', {"a": None}) == "{}"
    assert edited("[]", {0: None}) == "[]"


def test_an_edit_of_a_duplicate_name_leaves_one_or_none() -> None:
    assert edited('{"a":1,"a":{"b":2}}', {"a": {"b": None}}) == '{"a":{}}'
    assert edited('{"a":1,"b":2,"a":3}', {"a": None}) == '{"b":2}'


@given(st.data(), st.sampled_from([None, 2]), st.booleans())
def test_edits_change_the_text_as_named(
    data: st.DataObject, indent: int | None, ascii_only: bool
) -> None:
    content = data.draw(st.dictionaries(st.text(), VALUES, min_size=1) | st.lists(VALUES))
    text = json.dumps(content, indent=indent, ensure_ascii=ascii_only)
    edits = data.draw(_edits_of(content))
    assert json.loads(edited(text, edits)) == _done(content, edits)


def _edits_of(content: Any) -> st.SearchStrategy[dict[str | int, Any]]:  # noqa: ANN401
    keys = range(len(content)) if isinstance(content, list) else content
    options = {}
    for key in keys:
        below = content[key]
        nested = [_edits_of(below)] if isinstance(below, dict | list) else []
        options[key] = st.one_of(st.none(), st.just('"new"'), *nested)
    return st.fixed_dictionaries({}, optional=options)


def _done(content: Any, edits: dict[str | int, Any]) -> Any:  # noqa: ANN401
    pairs = enumerate(content) if isinstance(content, list) else content.items()
    parsed = {
        key: _one_done(value, edits[key]) if key in edits else value
        for key, value in pairs
        if key not in edits or edits[key] is not None
    }
    return list(parsed.values()) if isinstance(content, list) else parsed


def _one_done(value: Any, edit: Any) -> Any:  # noqa: ANN401
    return json.loads(edit) if isinstance(edit, str) else _done(value, edit)
