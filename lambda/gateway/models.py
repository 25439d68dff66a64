"""`GET /v1/models`: the models this stage allows, as Anthropic's Models API lists them.

https://platform.claude.com/docs/en/api/models-list
"""

import json
from collections.abc import Mapping
from typing import Any

import catalog
from gateway import errors
from gateway.audit import Record, RecordedResponse
from gateway.request import Request
from gateway.service import Service

PREFIX = "/v1/models/"
_DEFAULT_LIMIT, _GREATEST_LIMIT = 20, 1000
_UNKNOWN_RELEASE = "1970-01-01"  # Anthropic: an epoch value if the release date is unknown


def list_all(
    request: Request, response: RecordedResponse, _record: Record, service: Service
) -> None:
    """A page of them, as `limit`, `after_id` and `before_id` say. Raises InvalidRequest."""
    entries = [_entry(model) for model in service.allowed()]
    ids = [entry["id"] for entry in entries]
    start = _position(ids, request.query, "after_id", 0, step=1)
    end = _position(ids, request.query, "before_id", len(ids), step=0)
    limit = _limit(request.query.get("limit", str(_DEFAULT_LIMIT)))
    if "before_id" in request.query:
        start = max(start, end - limit)
    page = entries[start : min(end, start + limit)]
    more = start > 0 if "before_id" in request.query else start + limit < end
    shown = [entry["id"] for entry in page] or [None]
    _answer(response, {"data": page, "has_more": more, "first_id": shown[0], "last_id": shown[-1]})


def get(request: Request, response: RecordedResponse, record: Record, service: Service) -> None:
    """One of them, by any of its names. Raises NotFound."""
    model = catalog.find(request.parameters["id"])
    if model is None or model.name not in service.settings.allowed_models:
        raise errors.NotFound("No such model here. GET /v1/models lists those there are.")
    record.model = model.name
    _answer(response, _entry(model))


def _position(
    ids: list[str], query: Mapping[str, str], name: str, default: int, *, step: int
) -> int:
    if name not in query:
        return default
    if query[name] not in ids:
        raise errors.InvalidRequest(f"{name}: No such model here")
    return ids.index(query[name]) + step


def _limit(text: str) -> int:
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(_GREATEST_LIMIT))
    if not (digits and 1 <= int(text) <= _GREATEST_LIMIT):
        raise errors.InvalidRequest(f"limit: Input should be from 1 to {_GREATEST_LIMIT}")
    return int(text)


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
