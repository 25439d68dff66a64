"""The anthropic package, generations 0, 1 and 2: one driver, three environments."""

from typing import Any

import anthropic
from pydantic import BaseModel

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

client = anthropic.Anthropic(base_url=URL, api_key=KEY)


class City(BaseModel):
    city: str


def whole() -> dict[str, Any]:
    message: Any = client.messages.create(
        model=MODEL, max_tokens=256, messages=[{"role": "user", "content": HELLO}]
    )
    return {
        "text": message.content[0].text,
        "stop": message.stop_reason,
        "output_tokens": message.usage.output_tokens,
        "request_id": message._request_id,
    }


def stream() -> dict[str, Any]:
    with client.messages.stream(
        model=MODEL, max_tokens=256, messages=[{"role": "user", "content": PACED}]
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
    called = client.messages.create(model=MODEL, max_tokens=256, messages=turns, tools=[tool])
    (use,) = [block for block in called.content if block.type == "tool_use"]
    arguments: Any = use.input
    result = {"type": "tool_result", "tool_use_id": use.id, "content": get_weather(**arguments)}
    turns += [
        {"role": "assistant", "content": called.content},
        {"role": "user", "content": [result]},
    ]
    answer: Any = client.messages.create(model=MODEL, max_tokens=256, messages=turns, tools=[tool])
    return {"text": answer.content[0].text}


def schema() -> dict[str, Any]:
    message: Any = client.beta.messages.parse(
        model=MODEL,
        max_tokens=256,
        messages=[{"role": "user", "content": HELLO}],
        output_format=City,
    )
    return {"value": message.parsed_output.model_dump()}


main(json=whole, stream=stream, tools=tools, schema=schema)
