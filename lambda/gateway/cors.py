"""Cross-origin requests: what a browser asks first, and what lets a page read an answer.

https://fetch.spec.whatwg.org/#http-cors-protocol and, for an endpoint in a private network,
https://wicg.github.io/private-network-access/
"""

import re
from collections.abc import Mapping
from typing import Final

from gateway import errors
from gateway.audit import Record, RecordedResponse
from gateway.request import Request
from gateway.service import Service
from gateway.settings import Settings

METHOD: Final = "OPTIONS"
_METHODS: Final = "GET, HEAD, POST"
_SECONDS: Final = 7200  # for which a preflight holds; Chromium takes no more
_HEADER_NAMES: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,4096}"
# The answers' headers that a page may read, beside those that every page may. stacks/ has the same
# list for API Gateway's own refusals.
_EXPOSED: Final = (
    *("request-id", "retry-after", "x-should-retry", "x-gateway-model-id", "x-gateway-adapted"),
    *("deprecation", "sunset", "x-amzn-requestid", "x-amzn-errortype"),
)


def headers(request: Request, settings: Settings) -> dict[str, str]:
    """What every answer carries, so that a page of an allowed origin can read it; nothing on a
    stage without origins."""
    if not settings.cors_origins:
        return {}
    origin = request.headers.get("origin", "")
    if origin not in settings.cors_origins:
        return {"vary": "Origin"}
    return {
        "vary": "Origin",
        "access-control-allow-origin": origin,
        "access-control-expose-headers": ", ".join(_EXPOSED),
    }


def preflight(
    request: Request, response: RecordedResponse, _record: Record, service: Service
) -> None:
    """`OPTIONS` on any path: whether a page may send what it asks about.

    Raises NotFound on a stage without origins, PermissionDenied for another origin.
    """
    origins = service.settings.cors_origins
    if not origins:
        raise errors.NotFound("Not found: this gateway has no such method and path.")
    if request.headers.get("origin") not in origins:
        raise errors.PermissionDenied("This origin is not one of the endpoint's cors_origins.")
    response.start(204, _allowed(request.headers))


def _allowed(asked: Mapping[str, str]) -> dict[str, str]:
    allowed = {
        "access-control-allow-methods": _METHODS,
        "access-control-max-age": str(_SECONDS),
    }
    names = asked.get("access-control-request-headers", "")
    if re.fullmatch(_HEADER_NAMES, names):
        allowed["access-control-allow-headers"] = names
    if asked.get("access-control-request-private-network") == "true":
        allowed["access-control-allow-private-network"] = "true"
    return allowed
