"""Compressed request bodies, as API Gateway takes them: gzip and deflate, and 415 for others.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html
A signature is that of the bytes which were sent. AWS does not say which of its limits holds for the
decoded body: the stricter reading is taken, and the 10 MB hold for it too.
"""

from gateway import content_coding
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError


def check(exchange: Exchange) -> None:
    """Raises RefusedError for a coding that is not taken, whoever sends it."""
    _codings(exchange)


def decoded(exchange: Exchange, limit: int) -> bytes:
    """The body without its codings. Raises RefusedError."""
    applied = _codings(exchange)
    try:
        return content_coding.decoded(exchange.body, applied, limit) if applied else exchange.body
    except content_coding.CodingError as error:
        raise RefusedError("UNSUPPORTED_MEDIA_TYPE") from error
    except content_coding.TooLongError as error:
        raise RefusedError("REQUEST_TOO_LARGE") from error


def _codings(exchange: Exchange) -> list[str]:
    values = [value for name, value in exchange.headers if name == "content-encoding"]
    try:
        return content_coding.codings(",".join(values))
    except content_coding.CodingError as error:
        raise RefusedError("UNSUPPORTED_MEDIA_TYPE") from error
