"""What any service of the embedded AWS is told to answer instead, for what no call can break.

`POST /` with the header `x-amz-target: LocalAnswers` and a JSON list sets all such answers, `[]`
none. Each is an object: `service` (MiniStack's name of it), `asked` (a regular expression, searched
in "METHOD path target body"), `status`, and `body`, which is JSON, or text as it is.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from local.embedded.reply import Call, Reply, Service, refused, said

TARGET: Final = "LocalAnswers"

_told: list[dict[str, Any]] = []


async def tell(call: Call) -> Reply:
    """Takes the list, and answers with it."""
    try:
        given = [_checked(one) for one in json.loads(call.body)]
    except (ValueError, TypeError, KeyError, re.error) as error:
        return refused("ValidationException", f"{type(error).__name__}: {error}")
    _told[:] = given
    return said(_told)


def before(name: str, service: Service) -> Service:
    """The service, asked only what no answer was told for."""

    async def handle(call: Call) -> Reply:
        asked = f"{call.method} {call.path} {call.headers.get('x-amz-target', '')} {call.body!r}"
        for one in _told:
            if one["service"] == name and re.search(one["asked"], asked):
                return _reply(one)
        return await service(call)

    return handle


def _checked(one: Mapping[str, Any]) -> dict[str, Any]:
    re.compile(one["asked"])
    return {
        "service": str(one["service"]),
        "asked": one["asked"],
        "status": int(one["status"]),
        "body": one["body"],
    }


def _reply(one: Mapping[str, Any]) -> Reply:
    if isinstance(one["body"], str):
        return one["status"], {"Content-Type": "text/xml"}, one["body"].encode()
    return said(one["body"], one["status"])
