"""The anthropic package's asynchronous client, and its tool helper."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import anthropic
from anthropic import beta_async_tool

from tests.clients.drivers.cases import HELLO, KEY, MODEL, PACED, URL, USE_TOOL, main
from tests.clients.drivers.cases import get_weather as weather_of

Case = Callable[[anthropic.AsyncAnthropic], Coroutine[Any, Any, dict[str, Any]]]


@beta_async_tool
async def get_weather(city: str) -> str:
    """Current weather of a city."""
    return weather_of(city)


def run(case: Case) -> Callable[[], dict[str, Any]]:
    async def opened() -> dict[str, Any]:
        async with anthropic.AsyncAnthropic(base_url=URL, api_key=KEY) as client:
            return await case(client)

    return lambda: asyncio.run(opened())


async def whole(client: anthropic.AsyncAnthropic) -> dict[str, Any]:
    message: Any = await client.messages.create(
        model=MODEL, max_tokens=256, messages=[{"role": "user", "content": HELLO}]
    )
    return {
        "text": message.content[0].text,
        "stop": message.stop_reason,
        "output_tokens": message.usage.output_tokens,
        "request_id": message._request_id,
    }


async def stream(client: anthropic.AsyncAnthropic) -> dict[str, Any]:
    streamed = await client.messages.create(
        model=MODEL,
        max_tokens=256,
        messages=[{"role": "user", "content": PACED}],
        stream=True,
    )
    events: list[Any] = [event async for event in streamed]
    texts = [event.delta.text for event in events if event.type == "content_block_delta"]
    (end,) = [event for event in events if event.type == "message_delta"]
    return {
        "text": "".join(texts),
        "pieces": len(texts),
        "stop": end.delta.stop_reason,
        "output_tokens": end.usage.output_tokens,
        "request_id": streamed.response.headers["request-id"],
    }


async def tools(client: anthropic.AsyncAnthropic) -> dict[str, Any]:
    runner = client.beta.messages.tool_runner(
        model=MODEL,
        max_tokens=256,
        tools=[get_weather],
        messages=[{"role": "user", "content": USE_TOOL}],
    )
    last: Any = await runner.until_done()
    return {"text": last.content[0].text}


main(json=run(whole), stream=run(stream), tools=run(tools))
