"""Service tier, latency and media types: what Bedrock has, and Claude does not."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.bedrock.log_destinations import Client
from tests.unit.local_bedrock.conftest import SONNET, body_of

NO_TIER = "The provided service tier is not supported for this model"
NO_LATENCY = "Latency performance configuration is not supported for anthropic.claude-sonnet-4-5"
MESSAGES = [{"role": "user", "content": [{"text": "hi"}]}]


@pytest.mark.parametrize(
    ("tier", "latency", "words"),
    [
        ("flex", "standard", NO_TIER),
        ("priority", "standard", NO_TIER),
        ("reserved", "standard", "Reservation not found"),
        ("cheapest", "standard", "service tier provided is invalid"),
        ("default", "optimized", NO_LATENCY),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_claude_is_served_at_the_standard_tier_and_latency_alone(
    bedrock: Client, tier: str, latency: str, words: str, streamed: bool
) -> None:
    suffix = ("_with_response_stream", "_stream") if streamed else ("", "")
    invoke = getattr(bedrock, f"invoke_model{suffix[0]}")
    converse = getattr(bedrock, f"converse{suffix[1]}")
    fields: Any = {"serviceTier": {"type": tier}, "performanceConfig": {"latency": latency}}
    with pytest.raises(ClientError, match=f"ValidationException.*: {words}"):
        invoke(
            modelId=SONNET,
            body=body_of("hi"),
            serviceTier=tier,
            performanceConfigLatency=latency,
        )
    with pytest.raises(ClientError, match=f"ValidationException.*: {words}"):
        converse(modelId=SONNET, messages=MESSAGES, **fields)


def test_the_standard_is_named_in_the_answer(bedrock: Client) -> None:
    answer = bedrock.invoke_model(
        modelId=SONNET,
        body=body_of("hi"),
        serviceTier="default",
        performanceConfigLatency="standard",
    )
    assert (answer["serviceTier"], answer["performanceConfigLatency"]) == ("default", "standard")
    assert json.loads(answer["body"].read())["type"] == "message"


@pytest.mark.parametrize(
    ("types", "word"),
    [
        ({"contentType": "text/plain"}, "Content"),
        ({"contentType": "application/json; charset=utf-8"}, "Content"),
        ({"contentType": "application/x-www-form-urlencoded"}, "Content"),
        ({"accept": "text/plain"}, "Accept"),
        ({"accept": "text/event-stream"}, "Accept"),
    ],
)
def test_a_body_and_its_answer_are_json(bedrock: Client, types: dict[str, str], word: str) -> None:
    words = f"The provided {word} Type is invalid or not supported for this model"
    with pytest.raises(ClientError, match=f"ValidationException.*: {words}"):
        bedrock.invoke_model(modelId=SONNET, body=body_of("hi"), **types)
    with pytest.raises(ClientError, match=f"ValidationException.*: {words}"):
        bedrock.invoke_model_with_response_stream(modelId=SONNET, body=body_of("hi"), **types)


@pytest.mark.parametrize("accept", ["*/*", "application/*", "Application/JSON; q=1, text/plain"])
def test_json_may_be_named_in_several_ways(bedrock: Client, accept: str) -> None:
    answer = bedrock.invoke_model(
        modelId=SONNET, body=body_of("hi"), contentType="application/json", accept=accept
    )
    assert answer["contentType"] == "application/json"


def test_no_more_than_the_models_maximum_is_taken(bedrock: Client) -> None:
    call = {"modelId": SONNET, "messages": MESSAGES}
    words = "exceeds the model limit of 64000. Try again with a maximum tokens value that is lower"
    with pytest.raises(ClientError, match=f": The maximum tokens you requested {words}"):
        bedrock.converse(**call, inferenceConfig={"maxTokens": 64_001})
    answer = bedrock.converse(**call, inferenceConfig={"maxTokens": 64_000})
    assert answer["stopReason"] == "end_turn"
    body = body_of("hi", max_tokens=64_000)
    assert bedrock.invoke_model(modelId=SONNET, body=body)["contentType"] == "application/json"
