"""The AWS CLI, `aws bedrock-runtime converse` and `converse-stream` as far as it has them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.clients.drivers.cases import CITY_SCHEMA, HELLO, MODEL, USE_TOOL, get_weather, main

AWS = Path(sys.executable).with_name("aws")


def aws(*arguments: str) -> Any:  # noqa: ANN401 - whatever JSON the command prints
    ran = subprocess.run(
        [AWS, "bedrock-runtime", *arguments], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise ChildProcessError(ran.stderr.strip())
    return json.loads(ran.stdout)


def converse(*messages: dict[str, Any], **more: object) -> dict[str, Any]:
    request = {"modelId": MODEL, "messages": list(messages), **more}
    answered: dict[str, Any] = aws("converse", "--cli-input-json", json.dumps(request))
    return answered


def asked(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def whole() -> dict[str, Any]:
    response = converse(asked({"text": HELLO}))
    return {
        "text": response["output"]["message"]["content"][0]["text"],
        "stop": response["stopReason"],
        "output_tokens": response["usage"]["outputTokens"],
    }


def tools() -> dict[str, Any]:
    inputs = {"json": CITY_SCHEMA}
    tool = {"name": "get_weather", "description": "Weather", "inputSchema": inputs}
    config = {"tools": [{"toolSpec": tool}]}
    called = converse(asked({"text": USE_TOOL}), toolConfig=config)["output"]["message"]
    (use,) = [block["toolUse"] for block in called["content"] if "toolUse" in block]
    result = {"toolUseId": use["toolUseId"], "content": [{"text": get_weather(**use["input"])}]}
    turns = [asked({"text": USE_TOOL}), called, asked({"toolResult": result})]
    answer = converse(*turns, toolConfig=config)
    return {"text": answer["output"]["message"]["content"][0]["text"]}


main(json=whole, tools=tools)
