"""Which function answers which method and path."""

import json
from collections.abc import Callable
from typing import NamedTuple

from gateway import errors, messages, models
from gateway.audit import Record, RecordedResponse
from gateway.request import Request
from gateway.service import Service


class Route(NamedTuple):
    """`name` is what the audit line says: the path's pattern, never what a caller wrote there."""

    name: str
    answer: Callable[[Request, RecordedResponse, Record, Service], None]


def find(method: str, path: str) -> Route:
    """The route of a request. Raises NotFound."""
    name = f"{method} {path}"
    if method == "GET" and path.startswith(models.PREFIX):
        name = "GET /v1/models/{id}"
    if name not in _ROUTES:
        raise errors.NotFound("Not found: this gateway has no such method and path.")
    return Route(name, _ROUTES[name])


def health(
    _request: Request, response: RecordedResponse, _record: Record, service: Service
) -> None:
    """That the function starts and answers; Bedrock is not asked."""
    response.start(200, {"content-type": "application/json"})
    response.write(json.dumps({"status": "ok", "stage": service.settings.stage}).encode())


_ROUTES = {
    "POST /v1/messages": messages.create,
    "GET /v1/models": models.list_all,
    "GET /v1/models/{id}": models.get,
    "GET /health": health,
}
