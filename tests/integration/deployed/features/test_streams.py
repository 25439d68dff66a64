"""A native stream of 2,000 events: the bytes that Bedrock sent, all of them, in their order."""

import json
from hashlib import sha256
from typing import Any

import anthropic

from claude_bedrock.cli.logs.call_records import find
from claude_bedrock.records.invocation_records import Records
from local.bedrock import frames
from tests.integration.deployed.deployment import Deployment, eventually
from tests.integration.deployed.features.request_fields import HAIKU, conversed, message_request

EVENTS = 2000
LONG = {
    "messages": message_request(f"[[reply: events={EVENTS}]]")["messages"],
    "max_tokens": 20_000,
}
COUNTED = "".join(f"{number} " for number in range(1, EVENTS + 1))


def test_the_bytes_at_the_client_are_those_that_bedrock_has_on_record(
    deployment: Deployment, records: Records
) -> None:
    answer = deployment.call(
        "POST",
        f"/model/{HAIKU}/invoke-with-response-stream",
        json.dumps({"anthropic_version": "bedrock-2023-05-31", **LONG}).encode(),
        {"content-type": "application/json", "x-api-key": deployment.key},
    )
    in_s3 = eventually(lambda: find(records, answer.headers["request-id"], hours=1).in_s3)
    events = records.body(in_s3.record["output"], "output")
    assert isinstance(events, list)
    sent = b"".join(
        frames.chunk(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
        for event in events
    )

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert len(events) == EVENTS + 5
    assert sha256(answer.body).hexdigest() == sha256(sent).hexdigest()


def test_boto3_gets_every_event_in_order(bedrock: Any) -> None:  # noqa: ANN401
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", **LONG})
    answer = bedrock.invoke_model_with_response_stream(modelId=HAIKU, body=body)
    events = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
    texts = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]

    assert len(texts) == EVENTS
    assert "".join(texts) == COUNTED
    assert events[-1]["type"] == "message_stop"


def test_boto3_gets_every_event_of_converse_in_order(bedrock: Any) -> None:  # noqa: ANN401
    answer = bedrock.converse_stream(**conversed({"text": f"[[reply: events={EVENTS}]]"}))
    events = list(answer["stream"])
    deltas = [
        event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event
    ]

    assert len(deltas) == EVENTS
    assert "".join(delta["text"] for delta in deltas) == COUNTED
    assert "metadata" in events[-1]


def test_the_sdk_gets_every_event_in_order(messages: anthropic.Anthropic) -> None:
    fields: Any = {"model": HAIKU, **LONG}
    with messages.beta.messages.stream(**fields) as stream:
        texts = list(stream.text_stream)

    assert len(texts) == EVENTS
    assert "".join(texts) == COUNTED
