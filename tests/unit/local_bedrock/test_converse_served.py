"""Converse as boto3 sees it, whole and streamed, and as the log is told of it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EventStreamError
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError

from claude_bedrock.catalog import MODELS
from local.bedrock import directives, replies
from local.bedrock.converse import reply
from local.bedrock.log_destinations import Client
from local.bedrock.message import Answer
from local.bedrock.tokens import Usage
from tests.unit.local_bedrock.conftest import SONNET, Served, body_of
from tests.unit.local_bedrock.converse_bodies import (
    SPEC,
    TEXT,
    TOOLS,
    Json,
    assistant,
    document,
    parse_question,
    user,
)
from tests.unit.local_bedrock.files import image
from tests.unit.local_bedrock.files import pdf as made

THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
PNG = image()


def request_of(text: str) -> Json:
    return {"modelId": SONNET, "messages": [user({"text": text})]}


def request_id(answer: Json) -> str:
    identity: str = answer["ResponseMetadata"]["RequestId"]
    return identity


def events_of(answer: Json) -> list[tuple[str, Json]]:
    return [(name, fields) for event in answer["stream"] for name, fields in event.items()]


def test_the_answer_is_that_of_invoke_model_in_another_shape(bedrock: Client) -> None:
    invoked = json.loads(bedrock.invoke_model(modelId=SONNET, body=body_of("hi"))["body"].read())
    answer = bedrock.converse(**request_of("hi"))
    assert answer["output"] == {
        "message": {"role": "assistant", "content": [{"text": invoked["content"][0]["text"]}]}
    }
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"] == {
        "inputTokens": 1,
        "outputTokens": invoked["usage"]["output_tokens"],
        "totalTokens": 1 + invoked["usage"]["output_tokens"],
        "cacheReadInputTokens": 0,
        "cacheWriteInputTokens": 0,
    }
    assert answer["metrics"]["latencyMs"] >= 0
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/json"


def test_settings_and_requested_fields_come_back(bedrock: Client) -> None:
    answer = bedrock.converse(
        **request_of("hello"),
        inferenceConfig={"maxTokens": 50, "stopSequences": ["local"]},
        serviceTier={"type": "default"},
        performanceConfig={"latency": "standard"},
        additionalModelResponseFieldPaths=["/stop_sequence", "/usage/input_tokens", "/no/where"],
    )
    assert answer["stopReason"] == "stop_sequence"
    assert answer["additionalModelResponseFields"] == {
        "stop_sequence": "local",
        "usage": {"input_tokens": 2},
    }
    assert answer["serviceTier"] == {"type": "default"}
    assert answer["performanceConfig"] == {"latency": "standard"}


def test_a_tool_is_called_and_its_result_quoted(bedrock: Client) -> None:
    request = request_of('[[tool: clock {"zone": "UTC"}]]')
    first = bedrock.converse(**request, toolConfig=TOOLS)
    assert first["stopReason"] == "tool_use"
    [block] = first["output"]["message"]["content"]
    assert (block["toolUse"]["name"], block["toolUse"]["input"]) == ("clock", {"zone": "UTC"})
    identity = block["toolUse"]["toolUseId"]
    assert identity.startswith("tooluse_")
    result = {"toolResult": {"toolUseId": identity, "content": [{"text": "noon"}]}}
    turns = [*request["messages"], first["output"]["message"], user(result)]
    second = bedrock.converse(modelId=SONNET, messages=turns, toolConfig=TOOLS)
    assert second["output"]["message"]["content"][0]["text"].endswith("The tool answered: noon")


def test_a_stream_has_the_documented_events_and_adds_up_to_the_answer(
    served: Served, bedrock: Client
) -> None:
    request = {**request_of("why?"), "additionalModelRequestFields": THINKING}
    complete = bedrock.converse(**request)
    answer = bedrock.converse_stream(**request)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-type"] == (
        "application/vnd.amazon.eventstream"
    )
    events = events_of(answer)
    kinds = [name for name, _ in events]
    assert kinds[0] == "messageStart"
    assert kinds[-2:] == ["messageStop", "metadata"]
    assert kinds.count("contentBlockStop") == 2
    assert "contentBlockStart" not in kinds
    logged = json.loads(served.invocation(request_id(answer)).output or b"")
    assert logged["output"] == complete["output"]
    assert complete["usage"].items() <= logged["usage"].items()
    assert logged["usage"]["serverToolUsage"] == {}
    assert logged["stopReason"] == "end_turn"


def test_a_streamed_tool_call_is_announced_and_its_input_comes_in_pieces(bedrock: Client) -> None:
    request = request_of('[[tool: clock {"zone": "Europe/Lisbon", "format": "24h"}]]')
    events = events_of(bedrock.converse_stream(**request, toolConfig=TOOLS))
    [start] = [fields for name, fields in events if name == "contentBlockStart"]
    assert start["start"]["toolUse"]["name"] == "clock"
    pieces = [fields["delta"]["toolUse"] for name, fields in events if name == "contentBlockDelta"]
    text = "".join(piece["input"] for piece in pieces)
    assert json.loads(text) == {"zone": "Europe/Lisbon", "format": "24h"}
    assert len(pieces) > 2
    assert ("messageStop", {"stopReason": "tool_use"}) in events


def test_a_cached_prefix_is_shared_with_invoke_model(bedrock: Client) -> None:
    long = "cached prefix of converse " * 800
    point = {"cachePoint": {"type": "default", "ttl": "1h"}}
    system = [{"text": long}, point]
    first = bedrock.converse(**request_of("hi"), system=system)["usage"]
    assert first["cacheDetails"] == [{"ttl": "1h", "inputTokens": 5200}]
    assert (first["cacheWriteInputTokens"], first["cacheReadInputTokens"]) == (5200, 0)
    assert first["totalTokens"] == 5200 + first["inputTokens"] + first["outputTokens"]
    marked = {"type": "text", "text": long, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    body = body_of("hi", system=[marked])
    usage = json.loads(bedrock.invoke_model(modelId=SONNET, body=body)["body"].read())["usage"]
    assert usage["cache_read_input_tokens"] == 5200


def test_of_a_pdf_without_citations_only_the_text_counts(bedrock: Client) -> None:
    pages = made(3)

    def counted(**changed: Any) -> int:  # noqa: ANN401
        pdf = document(source={"bytes": pages}, **changed)
        content = [TEXT, pdf]
        answer = bedrock.converse(modelId=SONNET, messages=[{"role": "user", "content": content}])
        tokens: int = answer["usage"]["inputTokens"]
        return tokens

    assert counted() == counted(citations={"enabled": False}) == 1001
    assert counted(citations={"enabled": True}) == 7001


def test_the_model_writes_as_much_as_it_can_unless_the_request_has_a_limit(bedrock: Client) -> None:
    request = request_of("[[reply: events=300]]")
    assert bedrock.converse(**request)["stopReason"] == "end_turn"
    short = bedrock.converse(**request, inferenceConfig={"maxTokens": 5})
    assert (short["stopReason"], short["usage"]["outputTokens"]) == ("max_tokens", 5)


def test_a_prompt_near_the_window_needs_no_room_that_was_not_requested(bedrock: Client) -> None:
    request = request_of("x" * 4 * 190_000)
    assert bedrock.converse(**request)["usage"]["inputTokens"] == 190_000
    with pytest.raises(bedrock.exceptions.ValidationException, match="exceed context limit"):
        bedrock.converse(**request, inferenceConfig={"maxTokens": 20_000})
    with pytest.raises(bedrock.exceptions.ValidationException, match="Input is too long"):
        bedrock.converse(**request_of("x" * 4 * 200_001))


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            {"guardrailConfig": {"guardrailIdentifier": "a1", "guardrailVersion": "1"}},
            "The guardrail identifier or version provided in the request does not exist.",
        ),
        ({"guardrailConfig": {"guardrailIdentifier": "a1"}}, "must be given together"),
        ({"additionalModelResponseFieldPaths": ["x"]}, "is not a valid JSON Pointer"),
    ],
)
def test_what_converse_cannot_do_is_refused(bedrock: Client, extra: Json, message: str) -> None:
    for operation in (bedrock.converse, bedrock.converse_stream):
        with pytest.raises(bedrock.exceptions.ValidationException, match=message):
            operation(**request_of("hi"), **extra)


@pytest.mark.parametrize("operation", ["converse", "converse_stream"])
@pytest.mark.parametrize("fault", ["throttle", "model_error", "unavailable"])
def test_a_fault_raises_botocores_own_class_and_is_logged(
    served: Served, bedrock: Client, operation: str, fault: str
) -> None:
    name = directives.HTTP_FAULTS[fault][0]
    with pytest.raises(getattr(bedrock.exceptions, name)) as raised:
        getattr(bedrock, operation)(**request_of(f"[[fault: {fault}]]"))
    assert served.invocation(raised.value.response["ResponseMetadata"]["RequestId"]).error == name


def test_an_exception_frame_ends_the_stream_and_the_log_has_what_came_before(
    served: Served, bedrock: Client
) -> None:
    prompt = "[[fault: exception type=throttlingException after=3]] [[reply: events=9]]"
    answer = bedrock.converse_stream(**request_of(prompt))
    events = iter(answer["stream"])
    assert [next(iter(next(events))) for _ in range(3)] == [
        "messageStart",
        "contentBlockDelta",
        "contentBlockDelta",
    ]
    with pytest.raises(EventStreamError, match="throttlingException"):
        next(events)
    answer["stream"].close()
    invocation = served.invocation(request_id(answer))
    assert invocation.error == "ThrottlingException"
    assert json.loads(invocation.output or b"") == {
        "output": {"message": {"role": "assistant", "content": [{"text": "1 2 "}]}}
    }


def test_a_stream_has_no_frame_for_an_exception_that_aws_does_not_list(bedrock: Client) -> None:
    prompt = "[[fault: exception type=modelTimeoutException after=1]]"
    with pytest.raises(bedrock.exceptions.ValidationException, match="has no modelTimeout"):
        bedrock.converse_stream(**request_of(prompt))
    with pytest.raises(bedrock.exceptions.ModelTimeoutException):
        bedrock.converse(**request_of(prompt))


def test_cuts_break_the_connection_before_and_inside_a_stream(bedrock: Client) -> None:
    with pytest.raises(ConnectionClosedError):
        bedrock.converse(**request_of("[[fault: cut after=0]]"))
    answer = bedrock.converse_stream(**request_of("[[fault: cut after=2]]"))
    events = iter(answer["stream"])
    assert len([next(events), next(events)]) == 2
    with pytest.raises(ProtocolError):
        next(events)
    answer["stream"].close()


def test_the_log_has_the_labels_and_stores_images_apart(served: Served, bedrock: Client) -> None:
    image = {"image": {"format": "png", "source": {"bytes": PNG}}}
    messages = [{"role": "user", "content": [TEXT, image]}]
    answer = bedrock.converse(
        modelId=SONNET, messages=messages, requestMetadata={"api_key_name": "dev"}
    )
    invocation = served.invocation(request_id(answer))
    assert (invocation.operation, invocation.model_id, invocation.error) == (
        "Converse",
        SONNET,
        None,
    )
    assert invocation.metadata == {"api_key_name": "dev"}
    assert invocation.usage is not None
    assert invocation.usage.input == 1501
    assert json.loads(invocation.input)["messages"] == [
        user(TEXT, {"image": {"format": "png", "source": {}}})
    ]
    path = ("messages", 0, "content", 1, "image", "source")
    assert invocation.attachments == ((path, "png", PNG),)
    assert json.loads(invocation.output or b"")["output"] == answer["output"]


def test_a_refused_body_is_logged_too(served: Served, client_for: Callable[..., Client]) -> None:
    with pytest.raises(ClientError) as raised:
        client_for().converse(modelId=SONNET, messages=[assistant(TEXT)])
    invocation = served.invocation(raised.value.response["ResponseMetadata"]["RequestId"])
    assert (invocation.error, invocation.output) == ("ValidationException", None)
    assert json.loads(invocation.input)["messages"] == [assistant(TEXT)]


@given(st.text(max_size=400), st.integers(1, 60), st.booleans())
def test_events_add_up_to_the_complete_response(text: str, most: int, calls: bool) -> None:
    question = parse_question(toolConfig=TOOLS, inferenceConfig={"maxTokens": most})
    sonnet = next(model for model in MODELS if model.name == "claude-sonnet-4-5")
    tools = [directives.ToolCall("clock", {"say": text})] * calls
    prompt_directives = directives.Directives(text=text, tools=tools)
    made = replies.compose(question.request, sonnet, prompt_directives, "salt")
    answer = Answer("m", "claude", made, Usage(3, output=made.output_tokens))
    assert reply.assembled(_events(answer)) == reply.build_response(answer, 7, {})


def _events(answer: Answer) -> Iterator[tuple[str, Json]]:
    yield from reply.opening(answer)
    yield from reply.closing(answer, 7, {}, {})


def test_refusals_of_the_model_differ_from_those_of_converse(bedrock: Client) -> None:
    words = "The model returned the following errors: "
    spec = {**SPEC, "inputSchema": {"json": {"type": "object", "anyOf": [{}]}}}
    with pytest.raises(ClientError) as of_model:
        bedrock.converse(**request_of("hi"), toolConfig={"tools": [{"toolSpec": spec}]})
    with pytest.raises(ClientError) as of_converse:
        bedrock.converse(**request_of("hi"), toolConfig={"tools": [{"systemTool": {"name": "a"}}]})
    with pytest.raises(ClientError) as of_field:
        bedrock.converse(**request_of("hi"), additionalModelRequestFields={"user": "x"})

    assert of_model.value.response["Error"]["Message"].startswith(
        f"{words}tools.0.custom.input_schema: input_schema does not support oneOf"
    )
    assert not of_converse.value.response["Error"]["Message"].startswith(words)
    assert of_field.value.response["Error"]["Message"] == (
        f"{words}user: Extra inputs are not permitted"
    )
