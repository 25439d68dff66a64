"""Which function answers which method and path, and how errors are written there."""

import json
from collections.abc import Callable
from typing import NamedTuple

from gateway import control_plane, count_tokens, error_formats, errors, messages, models, native
from gateway.audit import Record, RecordedResponse
from gateway.error_formats import ErrorFormat
from gateway.request import Request
from gateway.service import MODEL_PREFIX, Service, operation_in

_BEDROCKS_ALIAS = "/anthropic"  # Bedrock's own prefix before the paths of Anthropic's API


class Route(NamedTuple):
    """`name` is what the audit line says: the path's pattern, never what a caller wrote there."""

    name: str
    answer: Callable[[Request, RecordedResponse, Record, Service], None]


def error_format(path: str) -> ErrorFormat:
    """Callers of Bedrock's paths read Bedrock's errors, all others Anthropic's."""
    bedrock = path.startswith((MODEL_PREFIX, *_CONTROL_PLANE))
    return error_formats.BEDROCK if bedrock else error_formats.ANTHROPIC


def find(method: str, path: str) -> Route:
    """The route of a request. Raises NotFound."""
    name = f"{method} {_pattern(path.removeprefix(_BEDROCKS_ALIAS))}"
    if name not in _ROUTES:
        raise errors.NotFound("Not found: this gateway has no such method and path.")
    return Route(name, _ROUTES[name])


def _pattern(path: str) -> str:
    if path.startswith(MODEL_PREFIX):
        return f"{MODEL_PREFIX}{{id}}/{operation_in(path)}"
    for prefix in (models.PREFIX, f"{control_plane.PROFILES}/"):
        if path.startswith(prefix):
            return f"{prefix}{{id}}"
    return path


def health(
    _request: Request, response: RecordedResponse, _record: Record, service: Service
) -> None:
    """That the function starts and answers; Bedrock is not asked."""
    response.start(200, {"content-type": "application/json"})
    response.write(json.dumps({"status": "ok", "stage": service.settings.stage}).encode())


def greet(
    _request: Request, response: RecordedResponse, _record: Record, _service: Service
) -> None:
    """What clients ask before their first call: a status and nothing else."""
    response.start(200, {"content-type": "application/json"})


_CONTROL_PLANE = ("/foundation-models", control_plane.PROFILES)
_ROUTES = {
    "POST /v1/messages": messages.create,
    "POST /v1/messages/count_tokens": count_tokens.for_messages,
    "GET /v1/models": models.list_all,
    "GET /v1/models/{id}": models.get,
    **{f"POST {MODEL_PREFIX}{{id}}/{name}": native.invoke for name in native.OPERATIONS},
    f"POST {MODEL_PREFIX}{{id}}/count-tokens": count_tokens.native,
    "GET /foundation-models": control_plane.foundation_models,
    f"GET {control_plane.PROFILES}": control_plane.inference_profiles,
    f"GET {control_plane.PROFILES}/{{id}}": control_plane.inference_profile,
    "GET /health": health,
    "HEAD /": greet,
    "HEAD /api/hello": greet,
}
