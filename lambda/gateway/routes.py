"""The routes: which function answers a method and path, the parameters in the path, and the
client's error format. No other module parses a path."""

from collections.abc import Callable, Mapping

from gateway import (
    bedrock_operations,
    control_plane,
    cors_preflight,
    count_tokens,
    error_formats,
    errors,
    messages,
    models,
)
from gateway.error_formats import ErrorFormat
from gateway.model_resolution import decode
from gateway.request_context import RequestContext

_ANTHROPIC_PREFIX = "/anthropic"  # Bedrock's own prefix before the paths of Anthropic's API
_ANTHROPIC_PATHS = ("/v1/", f"{_ANTHROPIC_PREFIX}/")
_MODEL_PREFIX = "/model/"
_FOUNDATION_MODELS = "/foundation-models"
_INFERENCE_PROFILES = "/inference-profiles"
_CONTROL_PLANE = (_FOUNDATION_MODELS, _INFERENCE_PROFILES)
_BEDROCK_PREFIXES = (_MODEL_PREFIX, *_CONTROL_PLANE)
_ID_PREFIXES = ("/v1/models/", *(f"{path}/" for path in _CONTROL_PLANE))
_NO_ROUTE = "Not found: this endpoint has no such method and path."
_OPENAI_ENDINGS = ("/chat/completions", "/completions", "/embeddings", "/responses")
_OPENAI_HINT = (
    " It does not speak OpenAI's API. Use a client of Anthropic's Messages API, or of Amazon "
    "Bedrock's Converse."
)
_INSTEAD: Mapping[str, str] = {
    "/v1/files": " Send a file as base64 within a message.",
    "/v1/messages/batches": " Send the requests of a batch one by one.",
}

Handler = Callable[[RequestContext], None]


class Route:
    """`name` is what the audit entry has: the path's pattern, never what a client wrote there, and
    empty where there is no such route. `parameters` are the parts of the path that the pattern
    names, decoded. `error_format` is how the client of this path reads an error."""

    def __init__(
        self, name: str, parameters: Mapping[str, str], error_format: ErrorFormat, handler: Handler
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.error_format = error_format
        self.handler = handler


def find(method: str, path: str) -> Route:
    """Return the route of a request; the handler of one that does not exist raises NotFound."""
    is_bedrock = path.startswith(_BEDROCK_PREFIXES)
    error_format = error_formats.BEDROCK if is_bedrock else error_formats.ANTHROPIC
    if method == "OPTIONS":
        return Route(method, {}, error_format, _lazy(lambda: cors_preflight.preflight))
    pattern, parameters = _parse(path)
    name = f"{method} {pattern}"
    if name in _ROUTES:
        return Route(name, parameters, error_format, _ROUTES[name])
    if not is_bedrock and not path.startswith(_ANTHROPIC_PATHS):
        # Another operation of Bedrock's, such as /guardrail/…, or of anybody's.
        error_format = error_formats.COMMON
    return Route("", {}, error_format, _not_found(method, path))


def _parse(path: str) -> tuple[str, Mapping[str, str]]:
    """Return the pattern of a path, and the parameters in it. An id may hold slashes: it may be an
    ARN, which API Gateway may have decoded already."""
    path = path.removeprefix(_ANTHROPIC_PREFIX)
    if path.startswith(_MODEL_PREFIX):
        model_id, _, operation = path.removeprefix(_MODEL_PREFIX).rpartition("/")
        parameters = {"id": decode(model_id), "operation": operation}
        return f"{_MODEL_PREFIX}{{id}}/{operation}", parameters
    for prefix in _ID_PREFIXES:
        if path.startswith(prefix):
            return f"{prefix}{{id}}", {"id": decode(path.removeprefix(prefix))}
    return path, {}


def _not_found(method: str, path: str) -> Handler:
    def handler(_: RequestContext) -> None:
        raise errors.NotFound(f"{_NO_ROUTE}{_hint(method, path)}")

    return handler


def _hint(method: str, path: str) -> str:
    """Return what a client of this path does instead, as a sentence behind another; empty for a
    path of no API that is known here."""
    if hint := _base_url_hint(method, path):
        return hint
    if path.endswith(_OPENAI_ENDINGS):
        return _OPENAI_HINT
    pattern, _ = _parse(path)
    methods = [name.split()[0] for name in _ROUTES if name.split()[1] == pattern]
    if methods:
        return f" {pattern} takes {' and '.join(methods)}."
    if not path.startswith(_ANTHROPIC_PATHS):
        return ""
    offered = ", ".join(name for name in _ROUTES if name.split()[1].startswith("/v1/"))
    instead = next((way for start, way in _INSTEAD.items() if pattern.startswith(start)), "")
    return f" Of Anthropic's API it has {offered}.{instead}"


def _base_url_hint(method: str, path: str) -> str:
    """Return a hint for a path that would be a route's without what a wrong base URL adds to it."""
    segments = [segment for segment in path.split("/") if segment]
    for start in range(len(segments)):
        pattern, _ = _parse("/" + "/".join(segments[start:]))
        if f"{method} {pattern}" in _ROUTES:
            return (
                f" Check the base URL of your client: the path has a slash or another part more "
                f"than {pattern}. The base URL is this endpoint's address, without /v1 and without "
                f"a slash at its end."
            )
    return ""


def health(context: RequestContext) -> None:
    """Answer that the function starts and responds, without a request to Bedrock."""
    context.response.send_json({"status": "ok", "stage": context.settings.stage})


def head_ok(context: RequestContext) -> None:
    """Answer what clients send before their first call: a status and no body."""
    context.response.start(200, {"content-type": "application/json"})


def _lazy(function: Callable[[], Handler]) -> Handler:
    """Return a handler whose module is imported at the first call: see gateway.lazy_import."""

    def handler(context: RequestContext) -> None:
        function()(context)

    return handler


_ROUTES: Mapping[str, Handler] = {
    "POST /v1/messages": messages.create,
    "POST /v1/messages/count_tokens": _lazy(lambda: count_tokens.count_messages),
    "GET /v1/models": _lazy(lambda: models.list_models),
    "GET /v1/models/{id}": _lazy(lambda: models.get_model),
    **{
        f"POST {_MODEL_PREFIX}{{id}}/{name}": bedrock_operations.invoke
        for name in bedrock_operations.OPERATIONS
    },
    f"POST {_MODEL_PREFIX}{{id}}/count-tokens": _lazy(lambda: count_tokens.count_bedrock),
    f"GET {_FOUNDATION_MODELS}": _lazy(lambda: control_plane.list_foundation_models),
    f"GET {_FOUNDATION_MODELS}/{{id}}": _lazy(lambda: control_plane.get_foundation_model),
    f"GET {_INFERENCE_PROFILES}": _lazy(lambda: control_plane.list_inference_profiles),
    f"GET {_INFERENCE_PROFILES}/{{id}}": _lazy(lambda: control_plane.get_inference_profile),
    "GET /health": health,
    "HEAD /": head_ok,
    "HEAD /api/hello": head_ok,
}
