"""AnthropicBedrock of the anthropic package, with a key in place of AWS credentials."""

from typing import Any

from anthropic import AnthropicBedrock

from tests.clients.drivers.cases import (
    CITY_SCHEMA,
    HELLO,
    KEY,
    MODEL,
    PACED,
    URL,
    USE_TOOL,
    get_weather,
    main,
)

VERSION = {"anthropic_version": "bedrock-2023-05-31"}

client = AnthropicBedrock(base_url=URL, api_key=KEY, aws_region="us-east-1")


def whole() -> dict[str, Any]:
    message: Any = client.messages.create(
        model=MODEL,
        max_tokens=256,
        messages=[{"role": "user", "content": HELLO}],
        extra_body=VERSION,
    )
    return {
        "text": message.content[0].text,
        "stop": message.stop_reason,
        "output_tokens": message.usage.output_tokens,
        "request_id": message._request_id,
    }


def stream() -> dict[str, Any]:
    with client.messages.stream(
        model=MODEL,
        max_tokens=256,
        messages=[{"role": "user", "content": PACED}],
        extra_body=VERSION,
    ) as streamed:
        pieces = list(streamed.text_stream)
        final = streamed.get_final_message()
    return {
        "text": "".join(pieces),
        "pieces": len(pieces),
        "stop": final.stop_reason,
        "output_tokens": final.usage.output_tokens,
        "request_id": streamed.response.headers["request-id"],
    }


def tools() -> dict[str, Any]:
    tool: Any = {"name": "get_weather", "description": "Weather", "input_schema": CITY_SCHEMA}
    turns: list[Any] = [{"role": "user", "content": USE_TOOL}]
    called = client.messages.create(
        model=MODEL, max_tokens=256, messages=turns, tools=[tool], extra_body=VERSION
    )
    (use,) = [block for block in called.content if block.type == "tool_use"]
    arguments: Any = use.input
    result = {"type": "tool_result", "tool_use_id": use.id, "content": get_weather(**arguments)}
    turns += [
        {"role": "assistant", "content": called.content},
        {"role": "user", "content": [result]},
    ]
    answer: Any = client.messages.create(
        model=MODEL, max_tokens=256, messages=turns, tools=[tool], extra_body=VERSION
    )
    return {"text": answer.content[0].text}


main(json=whole, stream=stream, tools=tools)
