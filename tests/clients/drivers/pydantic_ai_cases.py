"""What pydantic-ai's models are asked."""

import asyncio
from collections.abc import Callable
from typing import Any

from pydantic_ai import Agent  # type: ignore[import-not-found]

from tests.clients.drivers.cases import HELLO, PACED, USE_TOOL, get_weather

Case = Callable[[], dict[str, Any]]


def cases_of(model: Any) -> dict[str, Case]:  # noqa: ANN401 - of a package that mypy does not see
    """`json`, `stream` and `tools` for a model."""
    agent = Agent(model)

    def whole() -> dict[str, Any]:
        result = agent.run_sync(HELLO)
        return {"text": result.output, **_end(result)}

    async def streamed() -> dict[str, Any]:
        async with agent.run_stream(PACED) as result:
            texts = [text async for text in result.stream_text(delta=True, debounce_by=None)]
        return {"text": "".join(texts), "pieces": len(texts), **_end(result)}

    def tools() -> dict[str, Any]:
        return {"text": Agent(model, tools=[get_weather]).run_sync(USE_TOOL).output}

    return {"json": whole, "stream": lambda: asyncio.run(streamed()), "tools": tools}


def _end(result: Any) -> dict[str, Any]:  # noqa: ANN401 - of a package that mypy does not see
    last = result.all_messages()[-1]
    return {"stop": last.finish_reason, "output_tokens": result.usage.output_tokens}
