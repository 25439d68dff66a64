"""Injected answers of any service of the embedded AWS, for what no call can break.

`POST /` with the header `x-amz-target: LocalAnswers` and a JSON list sets all such answers, `[]`
none. Each is an object: `service` (MiniStack's name of it), `asked` (a regular expression, searched
in "METHOD path target body"), `status`, and `body`, which is JSON, or text as it is.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from local.embedded.reply import Call, Reply, Service, json_reply, refused

TARGET: Final = "LocalAnswers"

_overrides: list[dict[str, Any]] = []


async def set_overrides(call: Call) -> Reply:
    """Take the list, and answer with it."""
    try:
        overrides = [_checked(override) for override in json.loads(call.body)]
    except (ValueError, TypeError, KeyError, re.error) as error:
        return refused("ValidationException", f"{type(error).__name__}: {error}")
    _overrides[:] = overrides
    return json_reply(_overrides)


def before(name: str, service: Service) -> Service:
    """Return the service with the injected answers before it."""

    async def handle(call: Call) -> Reply:
        request_text = (
            f"{call.method} {call.path} {call.headers.get('x-amz-target', '')} {call.body!r}"
        )
        for override in _overrides:
            if override["service"] == name and re.search(override["asked"], request_text):
                return _reply(override)
        return await service(call)

    return handle


def _checked(override: Mapping[str, Any]) -> dict[str, Any]:
    re.compile(override["asked"])
    return {
        "service": str(override["service"]),
        "asked": override["asked"],
        "status": int(override["status"]),
        "body": override["body"],
    }


def _reply(override: Mapping[str, Any]) -> Reply:
    if isinstance(override["body"], str):
        return override["status"], {"Content-Type": "text/xml"}, override["body"].encode()
    return json_reply(override["body"], override["status"])
