"""A top-level cache marker goes to the block that Anthropic's API would mark."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from tests.unit.gateway.adaptation import BILLING, HI, TOOL, body, sent

MARKER = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
TEXT = {"type": "text", "text": "a \u00e9"}
MARKED = {**TEXT, "cache_control": MARKER}
THINKING = {"type": "thinking", "thinking": "t", "signature": "s"}
CALL = {"type": "tool_use", "id": "t", "name": "clock", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "x"}
EMPTY = {"type": "text", "text": " "}


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"messages": [user({"type": "text", "text": "hi", "cache_control": MARKER})]}),
        ({"messages": [user(TEXT, TEXT)]}, {"messages": [user(TEXT, MARKED)]}),
        ({"messages": [HI, assistant(TEXT, THINKING)]},
         {"messages": [HI, assistant(MARKED, THINKING)]}),
        ({"messages": [user(TEXT), assistant(CALL), user(RESULT, EMPTY)]},
         {"messages": [user(TEXT), assistant(CALL),
                       user({**RESULT, "cache_control": MARKER}, EMPTY)]}),
        ({"messages": [user(EMPTY)], "system": "be brief"},
         {"messages": [user(EMPTY)],
          "system": [{"type": "text", "text": "be brief", "cache_control": MARKER}]}),
        ({"messages": [], "system": [TEXT, {"type": "text", "text": BILLING}]},
         {"system": [MARKED]}),
        ({"messages": [], "tools": [TOOL, {**TOOL, "name": "late", "defer_loading": True}]},
         {"tools": [{**TOOL, "cache_control": MARKER},
                    {**TOOL, "name": "late", "defer_loading": True}]}),
        ({"messages": [user(TEXT), {"role": "system", "content": [TEXT]}]},
         {"messages": [user(TEXT), user(MARKED)]}),
        ({"messages": [user(MARKED), user(MARKED), user(MARKED), user(TEXT)]},
         {"messages": [user(MARKED)] * 4}),
    ],
)  # fmt: skip
def test_the_last_block_that_can_be_marked_is(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    adapted = sent("claude-opus-4-5", cache_control=MARKER, **fields)
    assert {name: body(adapted).get(name) for name in expected} == expected
    assert "cache_control" not in body(adapted)
    assert adapted.changes[-1] == "cache_control:placed"


def test_the_lifetime_goes_along_where_the_model_knows_one() -> None:
    def marker(name: str, **more: str) -> object:
        adapted = sent(name, cache_control={**HOUR, **more})
        return adapted.changes, body(adapted)["messages"][0]["content"][0]["cache_control"]

    assert marker("claude-opus-5") == (("cache_control:placed",), HOUR)
    ttl = ("field:cache_control.ttl", "cache_control:placed")
    assert marker("claude-opus-4-1") == (ttl, MARKER)
    scope = ("field:cache_control.scope", "cache_control:placed")
    assert marker("claude-opus-5", scope="global") == (scope, HOUR)


@pytest.mark.parametrize("messages", [[user(TEXT), user(MARKED)], [user(EMPTY)], []])
def test_it_goes_where_it_is_there_already_or_does_not_fit(messages: list[Any]) -> None:
    adapted = sent("claude-opus-5", messages=messages, cache_control={**MARKER, "ttl": "5m"})
    assert adapted.changes == ("field:cache_control",)
    assert body(adapted)["messages"] == messages


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"messages": [user(MARKED)], "cache_control": HOUR}, ["another `ttl`"]),
        ({"messages": [user(TEXT)], "system": [MARKED] * 2, "cache_control": MARKER,
          "tools": [{**TOOL, "cache_control": MARKER}] * 2}, ["4 cache markers"]),
        ({"messages": [user({**RESULT, "content": [MARKED] * 4}), HI], "cache_control": MARKER},
         ["4 cache markers"]),
        ({"cache_control": "x"}, ["object"]),
    ],
)  # fmt: skip
def test_what_anthropic_refuses_is_refused(fields: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        sent("claude-opus-5", **fields)
    assert refused.value.message.startswith("cache_control: ")
    assert all(part in refused.value.message for part in parts)


BLOCKS = st.lists(st.sampled_from([TEXT, EMPTY, THINKING, CALL, RESULT]), max_size=3)
TURNS = st.lists(st.builds(user, BLOCKS).map(lambda turn: {**turn, "content": turn["content"][0]}))


@given(TURNS, st.sampled_from([None, "", "x"]) | BLOCKS)
def test_nothing_else_changes(messages: list[Any], system: Any) -> None:  # noqa: ANN401
    fields = {"messages": messages} | ({} if system is None else {"system": system})
    adapted = body(sent("claude-opus-5", cache_control=MARKER, **fields))
    plain = json.loads(json.dumps(adapted).replace(', "cache_control": {"type": "ephemeral"}', ""))
    alike = {"type": "text", "text": system}
    assert plain["messages"] == messages
    assert plain.get("system") in (system, [alike])
