"""Which header carries the API key; whether the key is good, API Gateway itself decides."""

from collections.abc import Mapping
from typing import Any


class Unauthorized(Exception):
    """No key was given. API Gateway answers 401 to an error whose whole message is this word:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
    """


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Hands the key on as `usageIdentifierKey`, for API Gateway to look up in its usage plans:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html

    `event` is that of a REQUEST authoriser. Raises Unauthorized when it carries no key.
    """
    key = api_key(event.get("headers") or {})
    if key is None:
        raise Unauthorized("Unauthorized")
    return {
        "principalId": "api-key",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "execute-api:Invoke",
                    "Resource": event["methodArn"],
                }
            ],
        },
        "usageIdentifierKey": key,
    }


def api_key(headers: Mapping[str, str]) -> str | None:
    """The value of `x-api-key`, else the token of `Authorization: Bearer`, else None; the names of
    headers and of the scheme are read in any case (RFC 9110 §5.1, §11.1)."""
    by_name = {name.lower(): value for name, value in headers.items()}
    return by_name.get("x-api-key", "").strip() or _bearer(by_name.get("authorization", ""))


def _bearer(authorization: str) -> str | None:
    """A scheme, spaces, one token: anything else is no key."""
    match authorization.split():
        case [scheme, token] if scheme.lower() == "bearer":
            return token
        case _:
            return None
