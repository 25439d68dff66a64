"""What Anthropic's SDKs for Go and Java send: each beta on a header line of its own, by HTTP/1.1.

Go: `for _, v := range params.Betas { option.WithHeaderAdd("anthropic-beta", v) }`, Java:
`betas.forEach { put("anthropic-beta", it) }`. Neither SDK can be installed from PyPI or npm.
"""

import http.client
import json
import os
import ssl
from typing import Any
from urllib.parse import urlsplit

from tests.clients.drivers.cases import (
    CITY_SCHEMA,
    HELLO,
    MODEL,
    PACED,
    USE_TOOL,
    get_weather,
    main,
)

BETAS = ("context-management-2025-06-27", "oauth-2025-04-20", "interleaved-thinking-2025-05-14")
"""The first is what the body's `context_management` needs; Bedrock refuses the second."""

EDITS: list[dict[str, Any]] = [{"type": "clear_tool_uses_20250919"}]


class Refused(Exception):
    """Its class is named as the SDK for Python names it."""


class AuthenticationError(Refused):
    """401."""


class NotFoundError(Refused):
    """404."""


KINDS: dict[int, type[Refused]] = {401: AuthenticationError, 404: NotFoundError}


def post(betas: tuple[str, ...], *turns: dict[str, Any], **more: Any) -> http.client.HTTPResponse:  # noqa: ANN401 - fields of a body
    """The answer to those turns, asked with a header line for each of `betas`. Raises Refused."""
    asked = {"model": MODEL, "max_tokens": 256, "messages": list(turns), **more}
    body = json.dumps({**asked, "context_management": {"edits": EDITS}}).encode()
    at = urlsplit(os.environ["ANTHROPIC_BASE_URL"])
    connection = http.client.HTTPSConnection(at.netloc, context=ssl.create_default_context())
    connection.putrequest("POST", f"{at.path}/v1/messages?beta=true", skip_accept_encoding=True)
    headers = [("Accept", "application/json"), ("Accept-Encoding", "identity")]
    headers += [("Anthropic-Beta", beta) for beta in betas]
    headers += [("Anthropic-Version", "2023-06-01"), ("Content-Length", str(len(body)))]
    headers += [("Content-Type", "application/json"), ("User-Agent", "Anthropic/Go")]
    headers += [("X-Api-Key", os.environ["ANTHROPIC_API_KEY"])]
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    if response.status != 200:
        raise KINDS.get(response.status, Refused)(response.read().decode())
    return response


def user(content: str | list[dict[str, Any]]) -> dict[str, Any]:
    return {"role": "user", "content": content}


def whole() -> dict[str, Any]:
    response = post(BETAS, user(HELLO))
    message = json.loads(response.read())
    return {
        "text": message["content"][0]["text"],
        "stop": message["stop_reason"],
        "output_tokens": message["usage"]["output_tokens"],
        "request_id": response.headers["request-id"],
    }


def stream() -> dict[str, Any]:
    response = post(BETAS[::-1], user(PACED), stream=True)
    lines = [line.removeprefix(b"data: ") for line in response if line.startswith(b"data: ")]
    events = [json.loads(line) for line in lines]
    texts = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
    (end,) = [event for event in events if event["type"] == "message_delta"]
    return {
        "text": "".join(texts),
        "pieces": len(texts),
        "stop": end["delta"]["stop_reason"],
        "output_tokens": end["usage"]["output_tokens"],
        "request_id": response.headers["request-id"],
    }


def tools() -> dict[str, Any]:
    tool = {"name": "get_weather", "description": "Weather", "input_schema": CITY_SCHEMA}
    called = json.loads(post(BETAS, user(USE_TOOL), tools=[tool]).read())
    (use,) = [block for block in called["content"] if block["type"] == "tool_use"]
    weather = get_weather(**use["input"])
    result = {"type": "tool_result", "tool_use_id": use["id"], "content": weather}
    turns = [user(USE_TOOL), {"role": "assistant", "content": called["content"]}, user([result])]
    answer = json.loads(post(BETAS, *turns, tools=[tool]).read())
    return {"text": answer["content"][0]["text"]}


main(json=whole, stream=stream, tools=tools)
