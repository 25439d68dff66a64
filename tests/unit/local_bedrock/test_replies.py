"""Replies fit the request, and a stream's events add up to the message."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.catalog import MODELS, Model
from local.bedrock import directives, message, replies, schema, signatures
from local.bedrock.converse import reply as converse_reply
from local.bedrock.message import Answer, Timing
from local.bedrock.replies import Reply
from local.bedrock.tokens import Usage

CLOCK = {"name": "clock", "input_schema": {"type": "object"}}
BOOK = {
    "name": "book",
    "input_schema": {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "count": {"type": "integer"},
            "kind": {"enum": ["paper", "film"]},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["title", "count", "kind", "tags"],
    },
}
BOOKED = {"title": "example", "count": 1, "kind": "paper", "tags": ["example"]}
BUDGET = {"type": "enabled", "budget_tokens": 2048}


def model(name: str) -> Model:
    return next(model for model in MODELS if model.name == name)


def reply(text: str = "hi", name: str = "claude-sonnet-4-5", **fields: Any) -> Reply:  # noqa: ANN401
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": text}],
        **fields,
    }
    request = schema.parse(json.dumps(body).encode())
    prompt_directives = directives.read(replies.last_user_text(request))
    return replies.compose(request, model(name), prompt_directives, "salt")


def blocks(of: Reply) -> list[dict[str, Any]]:
    return [part.block for part in of.parts]


def test_turns_of_the_users_in_a_row_are_one_message() -> None:
    """Claude Code sends its environment behind the prompt, as a turn that becomes the user's."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "noon"}
    environment = {"role": "user", "content": "# Environment"}
    asked = [{"role": "user", "content": "[[tool: clock {}]] now"}, environment]
    answered = [
        *asked,
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
        environment,
    ]
    tools = [{"name": "clock", "input_schema": {"type": "object"}}]

    assert reply(messages=asked, tools=tools).stop_reason == "tool_use"
    (text,) = blocks(reply(messages=answered, tools=tools))
    assert text["text"].endswith("The tool answered: noon")


def assembled(events: Iterable[bytes]) -> dict[str, Any]:
    """What a client makes of a stream: the message built up from its deltas."""
    built: dict[str, Any] = {}
    partial = ""
    for event in map(json.loads, events):
        if event["type"] == "message_start":
            built = event["message"]
        elif event["type"] == "content_block_start":
            assert event["index"] == len(built["content"])
            built["content"].append(event["content_block"])
            partial = ""
        elif event["type"] == "content_block_delta":
            block, delta = built["content"][event["index"]], event["delta"]
            field = delta["type"].removesuffix("_delta")
            if field == "input_json":
                partial += delta["partial_json"]
                block["input"] = json.loads(partial) if partial.endswith("}") else {}
            else:
                block[field] += delta[field]
        elif event["type"] == "message_delta":
            built |= event["delta"]
            built["usage"] |= event["usage"]
    return built


@given(
    text=st.text(min_size=1, max_size=400).map(lambda t: t.replace("[[", "")),
    max_tokens=st.integers(1, 200),
    stops=st.lists(st.text(min_size=1, max_size=3), max_size=2),
)
def test_the_events_of_a_stream_add_up_to_the_message(
    text: str, max_tokens: int, stops: list[str]
) -> None:
    made = reply(text or "x", max_tokens=max_tokens, stop_sequences=stops)
    answer = Answer("msg_1", "claude", made, Usage(1, output=made.output_tokens))
    assert assembled(message.events(answer)) == json.loads(message.serialize(answer))
    assert made.output_tokens <= max_tokens


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "[[tool: clock]][[tool: book {}]]", "tools": [CLOCK, BOOK], "thinking": BUDGET},
        {"text": "think", "thinking": BUDGET},
        {"text": "[[reply: events=40]]"},
    ],
)
def test_so_do_those_of_tools_thinking_and_long_replies(fields: dict[str, Any]) -> None:
    made = reply(**fields)
    answer = Answer("msg_1", "claude", made, Usage(1, output=made.output_tokens))
    assert assembled(message.events(answer)) == json.loads(message.serialize(answer))


def test_the_last_event_carries_bedrocks_counts() -> None:
    answer = Answer("msg_1", "claude", reply(), Usage(7, 5, 3, 2, 11))
    assert json.loads(message.last_event(answer, Timing(40, 30))) == {
        "type": "message_stop",
        "amazon-bedrock-invocationMetrics": {
            "inputTokenCount": 7,
            "outputTokenCount": 11,
            "invocationLatency": 40,
            "firstByteLatency": 30,
            "cacheReadInputTokenCount": 5,
            "cacheWriteInputTokenCount": 5,
        },
    }


def test_max_tokens_cuts_the_reply() -> None:
    made = reply(max_tokens=3)
    assert blocks(made) == [{"type": "text", "text": "This is the "}]
    assert (made.stop_reason, made.output_tokens) == ("max_tokens", 3)


def test_the_first_stop_sequence_ends_the_reply() -> None:
    made = reply(stop_sequences=["Claude", "local"])
    assert blocks(made) == [{"type": "text", "text": "This is the "}]
    assert (made.stop_reason, made.stop_sequence) == ("stop_sequence", "local")


def test_a_reply_of_many_events_has_that_many() -> None:
    made = reply("[[reply: events=500]]")
    assert len(made.parts[0].deltas) == 500
    assert made.parts[0].block["text"].endswith("499 500 ")


@pytest.mark.parametrize(
    ("directive", "content"),
    [
        ("[[reply: refusal]]", []),
        ("[[reply: refusal events=3]]", [{"type": "text", "text": "1 2 3 "}]),
    ],
)
def test_a_reply_may_end_as_a_refusal(directive: str, content: list[Any]) -> None:
    made = reply(directive, "claude-fable-5-1")
    answer = Answer("m", "claude", made, Usage(3, output=made.output_tokens))
    whole = json.loads(message.serialize(answer))
    assert (whole["content"], whole["stop_reason"]) == (content, "refusal")
    assert whole["stop_details"]["type"] == "refusal"
    assert (whole["usage"]["output_tokens"] == 0) == (not content)
    streamed = assembled(message.events(answer))
    assert (streamed["content"], streamed["stop_details"]) == (content, whole["stop_details"])
    in_converse = converse_reply.build_response(answer, 7, {})
    assert in_converse["stopReason"] == "content_filtered"


def test_a_tool_is_called_when_the_prompt_has_its_directive() -> None:
    made = reply('[[tool: clock {"zone": "UTC"}]]', tools=[CLOCK])
    [call] = blocks(made)
    assert (call["name"], call["input"], made.stop_reason) == ("clock", {"zone": "UTC"}, "tool_use")
    assert call["id"].startswith("toolu_bdrk_")


def test_two_calls_have_two_ids_and_may_be_forbidden() -> None:
    prompt, tools = "[[tool: clock]] [[tool: clock]]", [CLOCK]
    both = blocks(reply(prompt, tools=tools))
    assert len({call["id"] for call in both}) == 2
    single = {"type": "auto", "disable_parallel_tool_use": True}
    assert len(blocks(reply(prompt, tools=tools, tool_choice=single))) == 1


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "book"}])
def test_a_forced_tool_gets_input_that_fits_its_schema(choice: dict[str, str]) -> None:
    [call] = blocks(reply(tools=[BOOK, CLOCK], tool_choice=choice))
    assert (call["name"], call["input"]) == ("book", BOOKED)


@pytest.mark.parametrize(
    "fields", [{"tools": [CLOCK], "tool_choice": {"type": "none"}}, {"tools": [BOOK]}, {}]
)
def test_a_tool_that_is_not_offered_is_not_called(fields: dict[str, Any]) -> None:
    assert reply("[[tool: clock]]", **fields).stop_reason == "end_turn"


def test_a_tools_result_is_answered_in_text() -> None:
    call = {"type": "tool_use", "id": "t", "name": "clock", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "noon"}
    turns = [
        {"role": "user", "content": "[[tool: clock]]"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    [block] = blocks(reply(messages=turns, tools=[CLOCK]))
    assert block["text"].endswith("The tool answered: noon")


@pytest.mark.parametrize(
    ("name", "fields", "kinds"),
    [
        ("claude-sonnet-4-5", {}, ["text"]),
        ("claude-sonnet-4-5", {"thinking": BUDGET}, ["thinking", "text"]),
        ("claude-sonnet-5", {}, ["thinking", "text"]),
        ("claude-sonnet-5", {"thinking": {"type": "disabled"}}, ["text"]),
        ("claude-opus-4-7", {}, ["text"]),
        ("claude-opus-5", {}, ["thinking", "text"]),
    ],
)
def test_a_model_thinks_on_request_or_always(
    name: str, fields: dict[str, Any], kinds: list[str]
) -> None:
    assert [block["type"] for block in blocks(reply(name=name, **fields))] == kinds


def test_omitted_thinking_is_signed_but_empty() -> None:
    mode = {"type": "adaptive", "display": "omitted"}
    thought = blocks(reply(name="claude-opus-4-7", thinking=mode))[0]
    assert thought["thinking"] == ""
    assert signatures.read(thought["signature"])


@pytest.mark.parametrize(
    ("name", "mode", "shown"),
    [
        ("claude-opus-4-6", {"type": "adaptive"}, True),
        ("claude-opus-4-7", {"type": "adaptive"}, False),
        ("claude-opus-4-7", {"type": "adaptive", "display": "summarized"}, True),
        ("claude-opus-5-5", None, False),
    ],
)
def test_from_4_7_on_thinking_is_omitted_unless_a_request_asks_for_it(
    name: str, mode: dict[str, Any] | None, shown: bool
) -> None:
    thought = blocks(reply(name=name, thinking=mode))[0]
    assert (thought["type"], bool(thought["thinking"])) == ("thinking", shown)


def test_structured_output_fits_its_schema() -> None:
    form = {"type": "json_schema", "schema": BOOK["input_schema"]}
    [block] = blocks(reply(output_config={"format": form}))
    assert json.loads(block["text"]) == BOOKED


def test_a_message_has_the_members_of_a_real_one() -> None:
    made = reply("think", thinking=BUDGET)
    identity = message.identity("4f2a")
    answer = Answer(identity, "claude", made, Usage(1, output=made.output_tokens))
    complete = json.loads(message.serialize(answer))
    (delta,) = (
        event
        for event in map(json.loads, message.events(answer))
        if event["type"] == "message_delta"
    )
    assert re.fullmatch(r"msg_bdrk_[a-z2-7]{52}", identity)
    assert delta["delta"] == {
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "stop_details": None,
    }
    assert delta["usage"] == complete["usage"]
    assert complete["usage"]["service_tier"] == "standard"
    assert 0 < complete["usage"]["output_tokens_details"]["thinking_tokens"] < made.output_tokens
