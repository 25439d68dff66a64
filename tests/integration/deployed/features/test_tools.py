"""Tools: a round trip, arguments as they stream, structured output, and the counting of tokens."""

import json
from itertools import pairwise
from typing import Any

import anthropic
import pytest
from botocore.exceptions import ClientError
from jsonschema import Draft202012Validator

from tests.integration.deployed.features.conftest import Format, Json
from tests.integration.deployed.features.request_fields import (
    HAIKU,
    SCHEMA,
    conversed,
    message_request,
    text_of,
)

CITIES = "-".join(["Zürich"] * 20)
PROMPT = f'[[tool: weather {{"city": "{CITIES}"}}]]'
TOOL = {"name": "weather", "description": "Weather of a city", "input_schema": SCHEMA}
SPEC = {"toolSpec": {"name": "weather", "inputSchema": {"json": SCHEMA}}}
FINE = "fine-grained-tool-streaming-2025-05-14"


def test_a_tool_is_called_and_its_result_is_heard(form: Format) -> None:
    called = form.ask(**message_request(PROMPT, tools=[TOOL])).message
    (use,) = [block for block in called["content"] if block["type"] == "tool_use"]
    result = {"type": "tool_result", "tool_use_id": use["id"], "content": "It rains."}
    response = form.ask(
        **message_request(
            PROMPT,
            tools=[TOOL],
            messages=[
                {"role": "user", "content": PROMPT},
                {"role": "assistant", "content": called["content"]},
                {"role": "user", "content": [result]},
            ],
        )
    )

    assert (called["stop_reason"], use["input"]) == ("tool_use", {"city": CITIES})
    assert "It rains." in response.text


def test_a_tool_is_called_and_its_result_is_heard_in_converse(bedrock: Any) -> None:  # noqa: ANN401
    tools = {"toolConfig": {"tools": [SPEC]}}
    fields = conversed({"text": PROMPT}, **tools)
    called = bedrock.converse(**fields)
    turn = called["output"]["message"]
    (use,) = [block["toolUse"] for block in turn["content"] if "toolUse" in block]
    result = {"toolUseId": use["toolUseId"], "content": [{"text": "It rains."}]}
    heard = {"role": "user", "content": [{"toolResult": result}]}
    response = bedrock.converse(**{**fields, "messages": [*fields["messages"], turn, heard]})

    assert (called["stopReason"], use["input"]) == ("tool_use", {"city": CITIES})
    assert "It rains." in text_of(response)


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "weather"}])
def test_a_tool_may_be_forced(form: Format, choice: Json) -> None:
    free, forced = (
        form.ask(**message_request("Hi", tools=[TOOL], **more)).message["stop_reason"]
        for more in ({}, {"tool_choice": choice})
    )

    assert (free, forced) == ("end_turn", "tool_use")


def test_arguments_stream_in_pieces(form: Format) -> None:
    events = form.stream(**message_request(PROMPT, tools=[TOOL], betas=[FINE]))
    pieces = [
        event["delta"]["partial_json"]
        for event in events
        if event["type"] == "content_block_delta" and "partial_json" in event["delta"]
    ]

    assert len(pieces) > 3
    assert json.loads("".join(pieces)) == {"city": CITIES}


def test_fine_grained_streaming_is_sent_to_bedrock_as_each_model_knows_it(
    messages: anthropic.Anthropic,
) -> None:
    eager = {**TOOL, "eager_input_streaming": True}
    changes = {}
    for model in (HAIKU, "claude-opus-4-8"):
        fields = message_request(PROMPT, model=model, tools=[eager])
        with messages.beta.messages.with_streaming_response.create(**fields, stream=True) as answer:
            changes[model] = answer.headers.get("x-gateway-adapted")
            assert "input_json_delta" in answer.read().decode()

    assert changes[HAIKU] == f"beta:{FINE}:added, field:tools.eager_input_streaming"
    assert changes["claude-opus-4-8"] == "field:tools.eager_input_streaming"


def test_arguments_stream_in_pieces_in_converse(bedrock: Any) -> None:  # noqa: ANN401
    request = conversed({"text": PROMPT}, toolConfig={"tools": [SPEC]})
    fields = {"anthropic_beta": [FINE]}
    events = bedrock.converse_stream(**request, additionalModelRequestFields=fields)["stream"]
    deltas = [
        event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event
    ]
    pieces = [delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta]

    assert len(pieces) > 3
    assert json.loads("".join(pieces)) == {"city": CITIES}


def test_output_has_the_structure_that_was_requested(form: Format) -> None:
    output = {"format": {"type": "json_schema", "schema": SCHEMA}}
    response = form.ask(**message_request("Where?", output_config=output))

    Draft202012Validator(SCHEMA).validate(json.loads(response.text))


def test_output_has_the_structure_that_was_requested_in_converse(bedrock: Any) -> None:  # noqa: ANN401
    schema = {"jsonSchema": {"name": "place", "schema": json.dumps(SCHEMA)}}
    output = {"textFormat": {"type": "json_schema", "structure": schema}}
    answer = bedrock.converse(**conversed({"text": "Where?"}, outputConfig=output))

    Draft202012Validator(SCHEMA).validate(json.loads(text_of(answer)))


def test_tokens_are_counted_as_an_inference_counts_them(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
) -> None:
    fields = message_request("How many?", system="Count.", tools=[TOOL])
    used = messages.beta.messages.create(**fields).usage.input_tokens
    fields.pop("max_tokens")
    count: Any = messages.beta.messages.count_tokens
    conversation = {
        "messages": conversed({"text": "How many?"})["messages"],
        "system": [{"text": "Count."}],
        "toolConfig": {
            "tools": [{"toolSpec": {**SPEC["toolSpec"], "description": TOOL["description"]}}]
        },
    }
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, **fields}
    del body["model"]
    counted = [
        count(**fields).input_tokens,
        bedrock.count_tokens(modelId=HAIKU, input={"converse": conversation})["inputTokens"],
        bedrock.count_tokens(modelId=HAIKU, input={"invokeModel": {"body": json.dumps(body)}})[
            "inputTokens"
        ],
    ]

    assert counted == [used] * 3


def test_where_none_are_counted_that_is_reported_at_once(
    messages: anthropic.Anthropic,
    bedrock: Any,  # noqa: ANN401
) -> None:
    fields = message_request("How many?", model="claude-opus-5-5")
    fields.pop("max_tokens")
    count: Any = messages.beta.messages.count_tokens
    with pytest.raises(anthropic.InternalServerError) as error:
        count(**fields)
    conversation = {"converse": {"messages": conversed({"text": "How many?"})["messages"]}}
    with pytest.raises(ClientError, match="ValidationException"):
        bedrock.count_tokens(modelId="claude-opus-5-5", input=conversation)

    assert (error.value.status_code, error.value.response.headers["x-should-retry"]) == (
        501,
        "false",
    )


def test_events_come_in_anthropics_order(form: Format) -> None:
    names = [event["type"] for event in form.stream(**message_request(PROMPT, tools=[TOOL]))]
    kinds = [name for name, following in pairwise([*names, ""]) if name != following]

    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
