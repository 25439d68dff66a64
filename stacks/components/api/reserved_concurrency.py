"""Reserved concurrency of the authorizer beside the gateway's."""

from __future__ import annotations

# Each of its runs takes milliseconds: a hundred answer more than the 10,000 requests a second that
# API Gateway lets an account send.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
MAX_AUTHORIZER_CONCURRENCY = 100


def authorizer_concurrency(gateway_concurrency: int | None) -> int | None:
    """Return as many runs as the gateway has, so that a burst is not throttled before it, up to
    what the authorizer can use; None where the gateway reserves none."""
    if gateway_concurrency is None:
        return None
    return min(gateway_concurrency, MAX_AUTHORIZER_CONCURRENCY)
