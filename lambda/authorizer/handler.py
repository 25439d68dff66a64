"""Which header carries the API key, and the name a key says it has; whether the key is good, API
Gateway itself decides."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

# What `claude-bedrock keys` makes: letters and digits only, as API Gateway wants a key's value. The
# secret is preceded by the name, in which Z is the escape. claude_bedrock/cli/keys/key_format.py
# writes it.
_NAMED: Final = re.compile(r"cobk((?:[A-Ya-z0-9]|Z[Zdmu])+)Z0[A-Za-z0-9]{40}")
_ESCAPED: Final = {"ZZ": "Z", "Zd": ".", "Zm": "-", "Zu": "_"}


class Unauthorized(Exception):
    """No key was given, or several different ones. API Gateway answers 401 to an error whose whole
    message is this word:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
    """


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Hands the key on as `usageIdentifierKey`, for API Gateway to look up in its usage plans:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html

    The name of the header goes into the context, so that a refusal can say which key was read.
    The name in the key goes into the context, which reaches the function only when API Gateway has
    found the whole key good: what makes up a name has no key for it.

    `event` is that of a REQUEST authorizer. Raises Unauthorized when it carries no key, or
    different ones in one header.
    """
    lines = _header_lines(event)
    key = api_key(lines)
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
        "context": {"keyName": key_name(key), "keyHeader": key_header(lines)},
    }


def api_key(lines: Mapping[str, Sequence[str]]) -> str | None:
    """Return the key in `x-api-key`, else in `Authorization: Bearer`, else None. Equal ones are
    one.

    `lines` are those of each header, by its name in lower case. Lines of one name mean what one
    line with commas means, and the name of a scheme is read in any case (RFC 9110 §5.3, §11.1).
    Raises Unauthorized for different values in one header: neither is preferred.
    """
    given = _values(lines.get("x-api-key", ()))
    keys: set[str | None] = {*given} or {*map(_bearer, _values(lines.get("authorization", ())))}
    if len(keys) > 1:
        raise Unauthorized("Unauthorized")
    return next(iter(keys), None)


def key_header(lines: Mapping[str, Sequence[str]]) -> str:
    """Return the header in which `api_key` looks."""
    return "x-api-key" if _values(lines.get("x-api-key", ())) else "authorization"


def _header_lines(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return every line of every header; names are read in any case (RFC 9110 §5.1). Of the lines
    of one name, API Gateway has only the last in `headers`."""
    lines: dict[str, list[str]] = {}
    for name, values in (event.get("multiValueHeaders") or {}).items():
        lines.setdefault(name.lower(), []).extend(values)
    for name, value in (event.get("headers") or {}).items():
        lines.setdefault(name.lower(), [value])
    return lines


def _values(lines: Sequence[str]) -> set[str]:
    return {value.strip() for line in lines for value in line.split(",")} - {""}


def _bearer(authorization: str) -> str | None:
    """Return a scheme, spaces, one token: anything else is no key."""
    match authorization.split():
        case [scheme, token] if scheme.lower() == "bearer":
            return token
        case _:
            return None


def key_name(key: str) -> str:
    """Return the name in a key that `claude-bedrock keys` made; none, "", in one of API Gateway's
    own."""
    named = _NAMED.fullmatch(key)
    return re.sub("Z.", lambda found: _ESCAPED[found[0]], named[1]) if named else ""
