"""API Gateway's own refusals, as the API's gateway responses change them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from local.api_gateway.definition import Api
from local.api_gateway.exchange import Exchange, context
from local.api_gateway.rendering import render


class _Default(NamedTuple):
    status: int
    message: str
    error_type: str


_DEFAULTS: Mapping[str, _Default] = {
    "ACCESS_DENIED": _Default(
        403, "User is not authorized to access this resource", "AccessDeniedException"
    ),
    "AUTHORIZER_CONFIGURATION_ERROR": _Default(500, "", "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": _Default(500, "", "AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": _Default(400, "Invalid request body", "BadRequestException"),
    "DEFAULT_4XX": _Default(400, "Bad request", "BadRequestException"),
    "DEFAULT_5XX": _Default(502, "Internal server error", "InternalServerErrorException"),
    "EXPIRED_TOKEN": _Default(
        403, "The security token included in the request is expired", "ExpiredTokenException"
    ),
    "INTEGRATION_FAILURE": _Default(504, "Network error", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": _Default(
        504, "Endpoint request timed out", "InternalServerErrorException"
    ),
    "INVALID_API_KEY": _Default(403, "Forbidden", "ForbiddenException"),
    "INVALID_SIGNATURE": _Default(403, "Invalid signature", "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": _Default(
        403, "Missing Authentication Token", "MissingAuthenticationTokenException"
    ),
    "QUOTA_EXCEEDED": _Default(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": _Default(413, "Request Too Long", "RequestTooLongException"),
    "THROTTLED": _Default(429, "Too Many Requests", "TooManyRequestsException"),
    "UNSUPPORTED_MEDIA_TYPE": _Default(415, "Unsupported Media Type", "BadRequestException"),
    "UNAUTHORIZED": _Default(401, "Unauthorized", "UnauthorizedException"),
}


class RefusedError(Exception):
    """API Gateway answers by itself: `kind` is the type of gateway response, `status` stands in
    where neither the response nor the kind has one of its own."""

    def __init__(self, kind: str, status: int | None = None, message: str | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = status
        self.message = message


class Refusal(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def refusal(refused: RefusedError, exchange: Exchange, api: Api) -> Refusal:
    """Return the answer, by the API's gateway response for it."""
    default = _DEFAULTS[refused.kind]
    message = default.message if refused.message is None else refused.message
    exchange.noted |= {
        "error.message": message or "null",
        "error.messageString": json.dumps(message or None),
        "error.responseType": refused.kind,
    }
    response = api.responses[refused.kind]
    values = context(exchange, api)
    [(kind, template), *_] = response.templates.items()
    mapped = [_parameter(*item, exchange, values) for item in response.parameters.items()]
    usual = {"content-type": kind, "x-amzn-errortype": default.error_type}
    headers = usual | {name.lower(): value for name, value in filter(None, mapped)}
    status = response.status or refused.status or default.status
    return Refusal(status, list(headers.items()), render(template, values, missing="").encode())


def _parameter(
    target: str, source: str, exchange: Exchange, values: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Return a header by a mapping such as `gatewayresponse.header.retry-after` from `'1'`."""
    value = _value(source, exchange, values)
    if not target.startswith("gatewayresponse.header.") or value is None:
        return None
    return target.removeprefix("gatewayresponse.header."), value


def _value(source: str, exchange: Exchange, values: Mapping[str, Any]) -> str | None:
    if source.startswith("'") and source.endswith("'"):
        return source[1:-1]
    kind, _, name = source.partition(".")
    if kind == "context":
        return str(values[name]) if name in values else None
    if source.startswith("method.request.header."):
        return exchange.header(source.rpartition(".")[2].lower())
    return None
