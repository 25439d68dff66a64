"""The event that a request becomes for a function behind a REST API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.api_gateway.definition import Api
from local.api_gateway.exchange import Exchange
from local.api_gateway.exchange import identity as signer
from local.api_gateway.routing import Match

_NO_IDENTITY = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""What concerns one connection alone: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1"""


def proxy_event(exchange: Exchange, match: Match, api: Api) -> dict[str, Any]:
    """For a Lambda proxy integration."""
    body, is_base64 = _body(exchange, api)
    event = _request(exchange, match, api)
    if exchange.authorizer:
        event["requestContext"]["authorizer"] = dict(exchange.authorizer)
    return {**event, "body": body, "isBase64Encoded": is_base64}


def authorizer_event(exchange: Exchange, match: Match, api: Api) -> dict[str, Any]:
    """For an authorizer of type REQUEST: the same without a body."""
    return {
        "type": "REQUEST",
        "methodArn": method_arn(exchange, api),
        **_request(exchange, match, api),
    }


def method_arn(exchange: Exchange, api: Api) -> str:
    path = exchange.path.removeprefix("/")
    where = f"arn:aws:execute-api:{api.region}:{api.account}:{api.id}"
    return f"{where}/{api.stage}/{exchange.verb}/{path}"


def _request(exchange: Exchange, match: Match, api: Api) -> dict[str, Any]:
    query = parse_qsl(exchange.query, keep_blank_values=True)
    headers = [item for item in exchange.headers if item[0] not in _HOP_BY_HOP]
    return {
        "resource": match.method.resource,
        "path": exchange.path,
        "httpMethod": exchange.verb,
        # Of a repeated name the last value; the multi-value members have all.
        "headers": dict(headers),
        "multiValueHeaders": _grouped(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _grouped(query) or None,
        # Path parameters are decoded, while `path` stays as it was sent.
        "pathParameters": {n: unquote(value) for n, value in match.parameters.items()} or None,
        "stageVariables": dict(api.variables) or None,
        "requestContext": _context(exchange, match, api),
    }


def _context(exchange: Exchange, match: Match, api: Api) -> dict[str, Any]:
    identity: dict[str, str | None] = dict.fromkeys(_NO_IDENTITY)
    identity |= signer(exchange)
    identity |= {"sourceIp": exchange.source_ip, "userAgent": exchange.header("user-agent")}
    if exchange.api_key is not None:
        identity |= {"apiKey": exchange.api_key, "apiKeyId": exchange.api_key_id}
    return {
        "accountId": api.account,
        "apiId": api.id,
        "domainName": exchange.host,
        "domainPrefix": exchange.host.partition(".")[0],
        "extendedRequestId": exchange.extended_id,
        "httpMethod": exchange.verb,
        "identity": identity,
        "path": f"{exchange.prefix}{exchange.path}",
        "protocol": exchange.protocol,
        "requestId": exchange.request_id,
        "requestTime": f"{exchange.arrived:%d/%b/%Y:%H:%M:%S +0000}",
        "requestTimeEpoch": int(exchange.arrived.timestamp() * 1000),
        "resourceId": match.method.resource_id,
        "resourcePath": match.method.resource,
        "stage": api.stage,
    }


def _body(exchange: Exchange, api: Api) -> tuple[str | None, bool]:
    """Text, unless the API calls the content type binary; what is no UTF-8 is spoilt, as there."""
    if not exchange.body:
        return None, False
    kind = (exchange.header("content-type") or "").partition(";")[0].strip().lower()
    if any(fnmatchcase(kind, binary) for binary in api.binary_types):
        return base64.b64encode(exchange.body).decode(), True
    return exchange.body.decode(errors="replace"), False


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, value in pairs:
        groups.setdefault(name, []).append(value)
    return groups
