"""What LangChain's chat models are asked."""

from collections.abc import Callable
from typing import Any

from langchain_core.tools import tool  # type: ignore[import-not-found]

from tests.clients.drivers.cases import HELLO, PACED, USE_TOOL
from tests.clients.drivers.cases import get_weather as weather_of

Case = Callable[[], dict[str, Any]]


@tool  # type: ignore[untyped-decorator]
def get_weather(city: str) -> str:
    """Current weather of a city."""
    return weather_of(city)


def cases_of(chat: Any) -> dict[str, Case]:  # noqa: ANN401 - of a package that mypy does not see
    """`json`, `stream` and `tools` for a chat model."""

    def whole() -> dict[str, Any]:
        message = chat.invoke(HELLO)
        return {"text": message.text, **_end(message)}

    def stream() -> dict[str, Any]:
        pieces = list(chat.stream(PACED))
        together = sum(pieces[1:], pieces[0])
        texts = [piece.text for piece in pieces if piece.text]
        return {"text": "".join(texts), "pieces": len(texts), **_end(together)}

    def tools() -> dict[str, Any]:
        helped = chat.bind_tools([get_weather])
        called = helped.invoke(USE_TOOL)
        (call,) = called.tool_calls
        answer = helped.invoke([("user", USE_TOOL), called, get_weather.invoke(call)])
        return {"text": answer.text}

    return {"json": whole, "stream": stream, "tools": tools}


def _end(message: Any) -> dict[str, Any]:  # noqa: ANN401 - of a package that mypy does not see
    metadata = message.response_metadata
    return {
        "stop": metadata.get("stop_reason") or metadata.get("stopReason"),
        "output_tokens": message.usage_metadata["output_tokens"],
    }
