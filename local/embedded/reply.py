"""Requests and replies of an add-on: JSON, and AWS's errors."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

Reply = tuple[int, dict[str, str], bytes]
"""Status, headers, body: what MiniStack sends."""


class Call(NamedTuple):
    """What a service is asked, in the order in which MiniStack hands it over."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, list[str]]

    def content(self) -> dict[str, Any]:
        """Return the JSON object in the body; an empty one for none, and for anything else."""
        try:
            content = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def parameter(self, name: str) -> str | None:
        """Return the first value of a parameter of the query."""
        return next(iter(self.query.get(name, [])), None)


Service = Callable[[Call], Awaitable[Reply]]
MiniStackService = Callable[[str, str, Mapping[str, str], bytes, Mapping[str, list[str]]], Any]


def json_reply(content: object, status: int = 200) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()


def refused(error: str, message: str, status: int = 400) -> Reply:
    """Return an error as AWS's JSON protocols carry it: its name in the body and, as REST has it,
    in a header."""
    status, headers, body = json_reply({"__type": error, "message": message}, status)
    return status, {**headers, "x-amzn-ErrorType": error}, body
