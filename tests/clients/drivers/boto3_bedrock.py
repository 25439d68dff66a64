"""boto3's bedrock-runtime, InvokeModel: told where to go by the environment alone."""

import json
from typing import Any

import boto3

from tests.clients.drivers.cases import (
    CITY_SCHEMA,
    HELLO,
    MODEL,
    PACED,
    USE_TOOL,
    get_weather,
    main,
)

bedrock = boto3.client("bedrock-runtime")


def body(messages: list[dict[str, Any]], **more: object) -> str:
    return json.dumps(
        {
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 256,
            "messages": messages,
            **more,
        }
    )


def asked(content: object) -> dict[str, Any]:
    return {"role": "user", "content": content}


def whole() -> dict[str, Any]:
    response = bedrock.invoke_model(modelId=MODEL, body=body([asked(HELLO)]))
    message = json.loads(response["body"].read())
    return {
        "text": message["content"][0]["text"],
        "stop": message["stop_reason"],
        "output_tokens": message["usage"]["output_tokens"],
        "request_id": response["ResponseMetadata"]["HTTPHeaders"]["request-id"],
    }


def stream() -> dict[str, Any]:
    response = bedrock.invoke_model_with_response_stream(modelId=MODEL, body=body([asked(PACED)]))
    events = [json.loads(event["chunk"]["bytes"]) for event in response["body"]]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    (end,) = [event for event in events if event["type"] == "message_delta"]
    return {
        "text": "".join(delta["text"] for delta in deltas),
        "pieces": len(deltas),
        "stop": end["delta"]["stop_reason"],
        "output_tokens": end["usage"]["output_tokens"],
        "request_id": response["ResponseMetadata"]["HTTPHeaders"]["request-id"],
    }


def tools() -> dict[str, Any]:
    tool = {"name": "get_weather", "description": "Weather", "input_schema": CITY_SCHEMA}
    first = bedrock.invoke_model(modelId=MODEL, body=body([asked(USE_TOOL)], tools=[tool]))
    called = json.loads(first["body"].read())
    (use,) = [block for block in called["content"] if block["type"] == "tool_use"]
    result = {
        "type": "tool_result",
        "tool_use_id": use["id"],
        "content": get_weather(**use["input"]),
    }
    turns = [asked(USE_TOOL), {"role": "assistant", "content": called["content"]}, asked([result])]
    second = bedrock.invoke_model(modelId=MODEL, body=body(turns, tools=[tool]))
    return {"text": json.loads(second["body"].read())["content"][0]["text"]}


main(json=whole, stream=stream, tools=tools)
