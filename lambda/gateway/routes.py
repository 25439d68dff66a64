"""Which function answers which method and path."""

import json
from collections.abc import Callable

from gateway import errors, messages, models
from gateway.audit import Record, RecordedResponse
from gateway.request import Request
from gateway.service import Service

Route = Callable[[Request, RecordedResponse, Record, Service], None]


def find(method: str, path: str) -> Route:
    """The route of a request. Raises NotFound."""
    route = _EXACT.get((method, path))
    if route is None and method == "GET" and path.startswith("/v1/models/"):
        route = models.get
    if route is None:
        raise errors.NotFound("Not found: this gateway has no such method and path.")
    return route


def health(
    _request: Request, response: RecordedResponse, _record: Record, service: Service
) -> None:
    """That the function starts and answers; Bedrock is not asked."""
    response.start(200, {"content-type": "application/json"})
    response.write(json.dumps({"status": "ok", "stage": service.settings.stage}).encode())


_EXACT: dict[tuple[str, str], Route] = {
    ("POST", "/v1/messages"): messages.create,
    ("GET", "/v1/models"): models.list_all,
    ("GET", "/health"): health,
}
