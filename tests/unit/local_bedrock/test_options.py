"""Service tier and latency: what Bedrock has, Claude does not have, and IAM may deny."""

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
