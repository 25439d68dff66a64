"""What LiteLLM is asked, by whichever of its providers."""

import json
from collections.abc import Callable
from typing import Any

from tests.clients.drivers.cases import CITY_SCHEMA, HELLO, PACED, USE_TOOL, get_weather

Case = Callable[[], dict[str, Any]]
SCHEMA = {"name": "city", "schema": {**CITY_SCHEMA, "additionalProperties": False}, "strict": True}


def user(content: str) -> dict[str, Any]:
    return {"role": "user", "content": content}


def cases_of(completion: Callable[..., Any]) -> dict[str, Case]:
    """`json`, `stream`, `tools` and `schema`, asked with a `completion` that knows the model."""

    def ask(*turns: Any, **more: Any) -> Any:  # noqa: ANN401 - of a package that mypy does not see
        return completion(messages=list(turns), max_tokens=256, **more)

    def whole() -> dict[str, Any]:
        answer = ask(user(HELLO))
        (choice,) = answer.choices
        return {
            "text": choice.message.content,
            "stop": choice.finish_reason,
            "output_tokens": answer.usage.completion_tokens,
        }

    def stream() -> dict[str, Any]:
        chunks = list(ask(user(PACED), stream=True, stream_options={"include_usage": True}))
        texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
        (usage,) = [chunk.usage for chunk in chunks if getattr(chunk, "usage", None)]
        stops = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
        return {
            "text": "".join(filter(None, texts)),
            "pieces": len(list(filter(None, texts))),
            "stop": next(filter(None, stops)),
            "output_tokens": usage.completion_tokens,
        }

    def tools() -> dict[str, Any]:
        function = {"name": "get_weather", "description": "Weather", "parameters": CITY_SCHEMA}
        weather = {"type": "function", "function": function}
        called = ask(user(USE_TOOL), tools=[weather]).choices[0].message
        (call,) = called.tool_calls
        given = get_weather(**json.loads(call.function.arguments))
        result = {"role": "tool", "tool_call_id": call.id, "content": given}
        answer = ask(user(USE_TOOL), called, result, tools=[weather])
        return {"text": answer.choices[0].message.content}

    def schema() -> dict[str, Any]:
        answer = ask(user(HELLO), response_format={"type": "json_schema", "json_schema": SCHEMA})
        return {"value": json.loads(answer.choices[0].message.content)}

    return {"json": whole, "stream": stream, "tools": tools, "schema": schema}
