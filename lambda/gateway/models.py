"""`GET /v1/models`: the models this stage allows, as Anthropic's Models API lists them.

https://platform.claude.com/docs/en/api/models-list
"""

import json
from typing import Any

import catalog
from gateway import errors
from gateway.audit import Record, RecordedResponse
from gateway.request import Request
from gateway.service import Service

PREFIX = "/v1/models/"
_UNKNOWN_RELEASE = "1970-01-01"  # Anthropic: an epoch value if the release date is unknown


def list_all(
    _request: Request, response: RecordedResponse, _record: Record, service: Service
) -> None:
    """All of them on one page."""
    data = [_entry(model) for model in _allowed(service)]
    ids = [entry["id"] for entry in data] or [None]
    page = {"data": data, "has_more": False, "first_id": ids[0], "last_id": ids[-1]}
    _answer(response, page)


def get(request: Request, response: RecordedResponse, record: Record, service: Service) -> None:
    """One of them, by any of its names. Raises NotFound."""
    model = catalog.find(request.path.removeprefix(PREFIX))
    if model is None or model.name not in service.settings.allowed_models:
        raise errors.NotFound("No such model here. GET /v1/models lists those there are.")
    record.model = model.name
    _answer(response, _entry(model))


def _allowed(service: Service) -> list[catalog.Model]:
    allowed = service.settings.allowed_models
    return [model for model in catalog.MODELS if model.name in allowed]


def _entry(model: catalog.Model) -> dict[str, Any]:
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.display_name,
        "created_at": f"{model.released or _UNKNOWN_RELEASE}T00:00:00Z",
    }


def _answer(response: RecordedResponse, content: dict[str, Any]) -> None:
    response.start(200, {"content-type": "application/json"})
    response.write(json.dumps(content).encode())
