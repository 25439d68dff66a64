"""Which header carries the API key, and the name a key says it has; whether the key is good, API
Gateway itself decides."""

import re
from collections.abc import Mapping
from typing import Any, Final

# What `claude-bedrock keys` makes: letters and digits only, as API Gateway wants a key's value. The
# secret is preceded by the name, in which Z is the escape. cli/key_value.py writes it.
_NAMED: Final = re.compile(r"cobk((?:[A-Ya-z0-9]|Z[Zdmu])+)Z0[A-Za-z0-9]{40}")
_ESCAPED: Final = {"ZZ": "Z", "Zd": ".", "Zm": "-", "Zu": "_"}


class Unauthorized(Exception):
    """No key was given. API Gateway answers 401 to an error whose whole message is this word:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
    """


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Hands the key on as `usageIdentifierKey`, for API Gateway to look up in its usage plans:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html

    The name in the key goes into the context, which reaches the function only when API Gateway has
    found the whole key good: what makes up a name has no key for it.

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
        "context": {"keyName": key_name(key)},
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


def key_name(key: str) -> str:
    """The name in a key that `claude-bedrock keys` made; none, "", in one of API Gateway's own."""
    named = _NAMED.fullmatch(key)
    return re.sub("Z.", lambda found: _ESCAPED[found[0]], named[1]) if named else ""
