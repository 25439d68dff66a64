"""Compressed request bodies, as API Gateway takes them: gzip and deflate, and 415 for others.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html
A signature is that of the bytes which were sent. AWS does not say which of its limits holds for the
decoded body: the stricter reading is taken, and the 10 MB hold for it too.
"""

import zlib

from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError

_FORMS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}  # zlib's numbers for each
_SUPPORTED = frozenset({"gzip", "x-gzip", "deflate", "identity", ""})


def check(exchange: Exchange) -> None:
    """Raise RefusedError for a coding that is not taken, whoever sends it."""
    if not _SUPPORTED.issuperset(_named(exchange)):
        raise RefusedError("UNSUPPORTED_MEDIA_TYPE")


def decoded(exchange: Exchange, limit: int) -> bytes:
    """Return the body without its codings. Raise RefusedError."""
    body = exchange.body
    for coding in reversed(_named(exchange)):
        if coding in _FORMS:
            body = _inflated(body, _FORMS[coding], limit)
    return body


def _named(exchange: Exchange) -> list[str]:
    values = [value for name, value in exchange.headers if name == "content-encoding"]
    return [coding.strip().lower() for value in values for coding in value.split(",")]


def _inflated(body: bytes, forms: tuple[int, ...], limit: int) -> bytes:
    for form in forms:
        stream = zlib.decompressobj(form)
        try:
            data = stream.decompress(body, limit + 1)
        except zlib.error:
            continue
        if len(data) > limit:
            raise RefusedError("REQUEST_TOO_LARGE")
        if stream.eof and not stream.unused_data:
            return data
    raise RefusedError("UNSUPPORTED_MEDIA_TYPE")
