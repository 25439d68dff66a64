"""Which function answers which method and path, what the path names, and how errors are written
there. No other module takes a path apart."""

import json
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from gateway import (
    control_plane,
    cors,
    count_tokens,
    error_formats,
    errors,
    messages,
    models,
    native,
)
from gateway.audit import Record, RecordedResponse
from gateway.error_formats import ErrorFormat
from gateway.request import Request
from gateway.service import MODEL_PREFIX, Service

_BEDROCKS_ALIAS = "/anthropic"  # Bedrock's own prefix before the paths of Anthropic's API
_BEDROCKS_MODELS = "/foundation-models"
_BEDROCKS_PROFILES = "/inference-profiles"
_CONTROL_PLANE = (_BEDROCKS_MODELS, _BEDROCKS_PROFILES)
_NESTED = ("/v1/models/", *(f"{path}/" for path in _CONTROL_PLANE))
_OFTEN_ENCODED = 3  # times at most: clients encode an id, and some encode it again
_NO_ROUTE = "Not found: this gateway has no such method and path."

Answer = Callable[[Request, RecordedResponse, Record, Service], None]


class Route:
    """`name` is what the audit entry says: the path's pattern, never what a caller wrote there, and
    empty where there is no such route. `parameters` are the parts of the path that the pattern
    names, decoded. `errors` is how the caller of this path reads an error."""

    def __init__(
        self,
        name: str,
        parameters: Mapping[str, str],
        errors: ErrorFormat,
        answer: Answer,
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.errors = errors
        self.answer = answer


def find(method: str, path: str) -> Route:
    """Return the route of a request; the answer of one that does not exist raises NotFound."""
    if method == cors.METHOD:
        return Route(method, {}, error_format(path), cors.preflight)
    pattern, parameters = _parse(path)
    name = f"{method} {pattern}"
    if name in _ROUTES:
        return Route(name, parameters, error_format(path), _ROUTES[name])
    return Route("", {}, error_format(path), _not_found(method, path))


def error_format(path: str) -> ErrorFormat:
    """Callers of Bedrock's paths read Bedrock's errors, all others Anthropic's."""
    bedrock = path.startswith((MODEL_PREFIX, *_CONTROL_PLANE))
    return error_formats.BEDROCK if bedrock else error_formats.ANTHROPIC


def _parse(path: str) -> tuple[str, Mapping[str, str]]:
    """The pattern of a path, and what stands in it. An id may hold slashes: it may be an ARN, which
    API Gateway may have decoded already."""
    path = path.removeprefix(_BEDROCKS_ALIAS)
    if path.startswith(MODEL_PREFIX):
        model_id, _, operation = path.removeprefix(MODEL_PREFIX).rpartition("/")
        named = {"id": _decoded(model_id), "operation": operation}
        return f"{MODEL_PREFIX}{{id}}/{operation}", named
    for prefix in _NESTED:
        if path.startswith(prefix):
            return f"{prefix}{{id}}", {"id": _decoded(path.removeprefix(prefix))}
    return path, {}


def _decoded(part: str) -> str:
    """No model's name has a percent sign, so that nothing is lost by decoding once too often."""
    for _ in range(_OFTEN_ENCODED):
        part = unquote(part)
    return part


def _not_found(method: str, path: str) -> Answer:
    def answer(*_: object) -> None:
        raise errors.NotFound(f"{_NO_ROUTE}{_base_url_hint(method, path)}")

    return answer


def _base_url_hint(method: str, path: str) -> str:
    """A sentence for a path that is a route's but for what a wrong base URL puts before it."""
    segments = [part for part in path.split("/") if part]
    for start in range(len(segments)):
        pattern, _ = _parse("/" + "/".join(segments[start:]))
        if f"{method} {pattern}" in _ROUTES:
            return (
                f" Check the base URL of your client: the path has a slash or another part more "
                f"than {pattern}. The base URL is this endpoint's address, without /v1 and without "
                f"a slash at its end."
            )
    return ""


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


def _deferred(function: Callable[[], Answer]) -> Answer:
    """The function, asked for at the first call: its module is deferred until then."""

    def answer(
        request: Request, response: RecordedResponse, record: Record, service: Service
    ) -> None:
        function()(request, response, record, service)

    return answer


_ROUTES: Mapping[str, Answer] = {
    "POST /v1/messages": messages.create,
    "POST /v1/messages/count_tokens": _deferred(lambda: count_tokens.for_messages),
    "GET /v1/models": _deferred(lambda: models.list_all),
    "GET /v1/models/{id}": _deferred(lambda: models.get),
    **{f"POST {MODEL_PREFIX}{{id}}/{name}": native.invoke for name in native.OPERATIONS},
    f"POST {MODEL_PREFIX}{{id}}/count-tokens": _deferred(lambda: count_tokens.native),
    f"GET {_BEDROCKS_MODELS}": _deferred(lambda: control_plane.foundation_models),
    f"GET {_BEDROCKS_MODELS}/{{id}}": _deferred(lambda: control_plane.foundation_model),
    f"GET {_BEDROCKS_PROFILES}": _deferred(lambda: control_plane.inference_profiles),
    f"GET {_BEDROCKS_PROFILES}/{{id}}": _deferred(lambda: control_plane.inference_profile),
    "GET /health": health,
    "HEAD /": greet,
    "HEAD /api/hello": greet,
}
