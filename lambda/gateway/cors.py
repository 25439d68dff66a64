"""Cross-origin requests: what a browser asks first, and what lets a page read an answer.

https://fetch.spec.whatwg.org/#http-cors-protocol and, for an endpoint in a private network,
https://wicg.github.io/private-network-access/
"""

from typing import Final

from gateway.request import Request
from gateway.settings import Settings

# The answers' headers that a page may read, beside those that every page may. stacks/ has the same
# list for API Gateway's own refusals.
_EXPOSED: Final = (
    *("request-id", "retry-after", "x-should-retry", "x-gateway-model-id", "x-gateway-adapted"),
    *("deprecation", "sunset", "x-amzn-requestid", "x-amzn-errortype"),
)


def headers(request: Request, settings: Settings) -> dict[str, str]:
    """Return what every answer carries, so that a page of an allowed origin can read it; nothing
    on a stage without origins."""
    if not settings.cors_origins:
        return {}
    origin = request.headers.get("origin", "")
    # A cache must not give one origin the response to another:
    # https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches
    if origin not in settings.cors_origins:
        return {"vary": "Origin"}
    return {
        "vary": "Origin",
        "access-control-allow-origin": origin,
        "access-control-expose-headers": ", ".join(_EXPOSED),
    }
