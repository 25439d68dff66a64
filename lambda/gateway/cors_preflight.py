"""The answer to a browser's preflight request before a cross-origin request:
https://fetch.spec.whatwg.org/#http-cors-protocol

For an endpoint in a private network: https://wicg.github.io/private-network-access/
"""

import re
from collections.abc import Mapping
from typing import Final

from gateway import errors
from gateway.request_context import RequestContext

_METHODS: Final = "GET, HEAD, POST"
_SECONDS: Final = 7200  # for which a preflight holds; Chromium takes no more
_HEADER_NAMES: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,4096}"


def preflight(context: RequestContext) -> None:
    """Answer `OPTIONS` on any path: whether a page may send what it asks about.

    Raises NotFound on a stage without origins, PermissionDenied for another origin.
    """
    origins = context.settings.cors_origins
    if not origins:
        raise errors.NotFound("Not found: this endpoint has no such method and path.")
    if context.request.headers.get("origin") not in origins:
        raise errors.PermissionDenied(
            "This origin may not call this endpoint. Ask its operator to add it to cors_origins."
        )
    context.response.start(204, _allowed(context.request.headers))


def _allowed(headers: Mapping[str, str]) -> dict[str, str]:
    allowed = {
        "access-control-allow-methods": _METHODS,
        "access-control-max-age": str(_SECONDS),
    }
    names = headers.get("access-control-request-headers", "")
    if re.fullmatch(_HEADER_NAMES, names):
        allowed["access-control-allow-headers"] = names
    if headers.get("access-control-request-private-network") == "true":
        allowed["access-control-allow-private-network"] = "true"
    return allowed
