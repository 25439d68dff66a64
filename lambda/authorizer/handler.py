"""Which header carries the caller's credential: an API key, with the name and plan that it says it
has, or a token of one of the stage's issuers. Whether a key is good, API Gateway itself decides."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from token_issuers.callers import TokenCallers
    from token_issuers.errors import TokenError

# Three parts in base64url, however short. An API key has letters and digits.
# https://www.rfc-editor.org/rfc/rfc7515#section-7.1
_TOKEN: Final = re.compile(r"(?:[A-Za-z0-9_-]*\.){2}[A-Za-z0-9_-]*")

# What `claude-bedrock keys` makes: letters and digits only, as API Gateway wants a key's value. The
# secret is preceded by the name, and by the plan unless that is `default`; Z is the escape in both.
# claude_bedrock/cli/keys/key_format.py writes it.
_TEXT: Final = "((?:[A-Ya-z0-9]|Z[Zdmu])+)"
_NAMED: Final = re.compile(rf"cobk{_TEXT}(?:Zp{_TEXT})?Z0[A-Za-z0-9]{{40}}")
DEFAULT_PLAN: Final = "default"
_ESCAPED: Final = {"ZZ": "Z", "Zd": ".", "Zm": "-", "Zu": "_"}


class Unauthorized(Exception):
    """There is no credential, there are several different ones, or the token is not valid. API
    Gateway answers 401 to an error whose whole message is this word:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
    """


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Return API Gateway's answer to the request: who calls, and the key that the request counts
    for, which API Gateway looks up in its usage plans:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html

    The name of the header goes into the context, so that a refusal can say which one was read.
    Name and plan in a key go into the context, which reaches the function only when API Gateway has
    found the whole key good: what makes up a name or plan has no key for it. A token counts for the
    key of its issuer, which nobody is given: who sends that one itself is refused.

    `event` is that of a REQUEST authorizer. Raises Unauthorized, and IssuerUnavailable, which API
    Gateway answers with its response for a failed authorizer.
    """
    lines = _header_lines(event)
    credential = api_key(lines)
    if credential is None or credential in _usage_keys():
        raise Unauthorized("Unauthorized")
    header = key_header(lines)
    if "TOKEN_ISSUERS" in os.environ and _TOKEN.fullmatch(credential):
        return _token_response(event, credential, header)
    context = {
        "keyName": key_name(credential),
        "plan": key_plan(credential),
        "keyHeader": header,
    }
    return _response(event, "Allow", "api-key", context) | {"usageIdentifierKey": credential}


def _token_response(event: Mapping[str, Any], token: str, header: str) -> dict[str, Any]:
    """Return the answer to a token: allowed, or denied where its claims are not those of a caller
    of this stage. Raises Unauthorized and IssuerUnavailable."""
    from token_issuers.errors import InvalidToken, NotAdmitted  # noqa: PLC0415 - a key needs no cryptography

    try:
        issuer, caller = _token_callers().identify(token)
    except InvalidToken as error:
        _log_refusal(event, error)
        raise Unauthorized("Unauthorized") from None
    except NotAdmitted as error:
        _log_refusal(event, error)
        return _response(event, "Deny", "not-admitted", {"keyHeader": header})
    context = {
        "caller": caller.name,
        "team": caller.team,
        "plan": issuer.plan,
        "tokenIssuer": issuer.name,
        "keyHeader": header,
    }
    return _response(event, "Allow", caller.name, context) | {
        "usageIdentifierKey": issuer.usage_key
    }


def _response(
    event: Mapping[str, Any], effect: str, principal: str, context: Mapping[str, str]
) -> dict[str, Any]:
    statement = {
        "Effect": effect,
        "Action": "execute-api:Invoke",
        "Resource": event["methodArn"],
    }
    return {
        "principalId": principal,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }


def _log_refusal(event: Mapping[str, Any], error: "TokenError") -> None:
    """Write why, with the request's id, and nothing of the token."""
    request_id = (event.get("requestContext") or {}).get("requestId", "")
    refusal = {"message": "token refused", "reason": str(error), "request_id": request_id}
    print(json.dumps(refusal), flush=True)  # noqa: T201 - Lambda takes the log from stdout


@cache
def _token_callers() -> "TokenCallers":
    from token_issuers.callers import TokenCallers  # noqa: PLC0415
    from token_issuers.issuer import parse_issuers  # noqa: PLC0415

    return TokenCallers(parse_issuers(os.environ["TOKEN_ISSUERS"]))


@cache
def _usage_keys() -> frozenset[str]:
    """Return the keys that stand for issuers in the usage plans, by which nobody may call."""
    return frozenset(
        item["usage_key"] for item in json.loads(os.environ.get("TOKEN_ISSUERS", "[]"))
    )


def api_key(lines: Mapping[str, Sequence[str]]) -> str | None:
    """Return the key in `x-api-key`, else in `Authorization: Bearer`, else None. Equal ones are
    one.

    `lines` are those of each header, by its name in lower case. Lines of one name mean what one
    line with commas means, and the name of a scheme is read in any case (RFC 9110 §5.3, §11.1).
    Raises Unauthorized for different values in one header: neither is preferred.
    """
    x_api_keys = _values(lines.get("x-api-key", ()))
    keys: set[str | None] = {*x_api_keys} or {
        *map(_bearer, _values(lines.get("authorization", ())))
    }
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
    """Return the token of a `Bearer` header value; None for any other scheme or form."""
    match authorization.split():
        case [scheme, token] if scheme.lower() == "bearer":
            return token
        case _:
            return None


def key_name(key: str) -> str:
    """Return the name in a key that `claude-bedrock keys` made; none, "", in one of API Gateway's
    own."""
    named = _NAMED.fullmatch(key)
    return _unescaped(named[1]) if named else ""


def key_plan(key: str) -> str:
    """Return the usage plan in a key that `claude-bedrock keys` made in another plan than the
    default; `default` for any other key."""
    named = _NAMED.fullmatch(key)
    return _unescaped(named[2]) if named and named[2] else DEFAULT_PLAN


def _unescaped(text: str) -> str:
    return re.sub("Z.", lambda found: _ESCAPED[found[0]], text)
