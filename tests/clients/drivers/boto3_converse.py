"""boto3's bedrock-runtime, Converse: told where to go by the environment alone."""

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

bedrock: Any = boto3.client("bedrock-runtime")


def asked(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def whole() -> dict[str, Any]:
    response = bedrock.converse(modelId=MODEL, messages=[asked({"text": HELLO})])
    return {
        "text": response["output"]["message"]["content"][0]["text"],
        "stop": response["stopReason"],
        "output_tokens": response["usage"]["outputTokens"],
        "request_id": response["ResponseMetadata"]["HTTPHeaders"]["request-id"],
    }


def stream() -> dict[str, Any]:
    response = bedrock.converse_stream(modelId=MODEL, messages=[asked({"text": PACED})])
    events = list(response["stream"])
    deltas = [event["contentBlockDelta"] for event in events if "contentBlockDelta" in event]
    (stop,) = [event["messageStop"] for event in events if "messageStop" in event]
    (metadata,) = [event["metadata"] for event in events if "metadata" in event]
    return {
        "text": "".join(delta["delta"]["text"] for delta in deltas),
        "pieces": len(deltas),
        "stop": stop["stopReason"],
        "output_tokens": metadata["usage"]["outputTokens"],
        "request_id": response["ResponseMetadata"]["HTTPHeaders"]["request-id"],
    }


def tools() -> dict[str, Any]:
    tool = {
        "name": "get_weather",
        "description": "Weather",
        "inputSchema": {"json": CITY_SCHEMA},
    }
    config = {"tools": [{"toolSpec": tool}]}
    turns = [asked({"text": USE_TOOL})]
    first = bedrock.converse(modelId=MODEL, messages=turns, toolConfig=config)
    called = first["output"]["message"]
    (use,) = [block["toolUse"] for block in called["content"] if "toolUse" in block]
    result = {"toolUseId": use["toolUseId"], "content": [{"text": get_weather(**use["input"])}]}
    turns += [called, asked({"toolResult": result})]
    second = bedrock.converse(modelId=MODEL, messages=turns, toolConfig=config)
    return {"text": second["output"]["message"]["content"][0]["text"]}


main(json=whole, stream=stream, tools=tools)
