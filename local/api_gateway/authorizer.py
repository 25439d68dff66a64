"""The event that an authorizer function gets, and what its answer allows.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
Answers are not cached here, whatever the authorizer's time to live.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from local.api_gateway import event
from local.api_gateway.definition import Api, Authorizer
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError
from local.api_gateway.routing import Match


class Invoked(NamedTuple):
    """What a buffered invocation gave: `failed` says that the payload is Lambda's error object."""

    payload: bytes
    failed: bool


Invoke = Callable[[str, Mapping[str, Any]], Awaitable[Invoked]]


class Grant(NamedTuple):
    principal: str
    key: str | None
    context: Mapping[str, str]


async def authorize(
    authorizer: Authorizer, exchange: Exchange, match: Match, api: Api, invoke: Invoke
) -> Grant:
    """Raise RefusedError unless the function allows the call."""
    # A request without an identity source is refused, and the function is not invoked.
    if not all(_is_present(source, exchange) for source in authorizer.sources):
        raise RefusedError("UNAUTHORIZED")
    authorizer_event = event.authorizer_event(exchange, match, api)
    if authorizer.token_header is not None:
        token = exchange.header(authorizer.token_header.lower())
        authorizer_event = {
            "type": "TOKEN",
            "methodArn": authorizer_event["methodArn"],
            "authorizationToken": token,
        }
    answer = await invoke(authorizer.function, authorizer_event)
    if answer.failed:
        raise _failure(answer.payload)
    return _grant(answer.payload, authorizer_event["methodArn"])


def _is_present(source: str, exchange: Exchange) -> bool:
    """Return whether an identity source such as `method.request.header.Authorization` is there."""
    kind, _, name = source.removeprefix("method.request.").partition(".")
    if kind == "querystring":
        return bool(parse_qs(exchange.query).get(name))
    return kind != "header" or bool(exchange.header(name.lower()))


def _failure(payload: bytes) -> RefusedError:
    # Only this exact text of an error gives 401; any other is a 500.
    message = json.loads(payload).get("errorMessage")
    return RefusedError("UNAUTHORIZED" if message == "Unauthorized" else "AUTHORIZER_FAILURE")


def _grant(payload: bytes, arn: str) -> Grant:
    """A value of the context may not be an object or a list:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
    """
    try:
        answer = json.loads(payload)
        principal, statements = answer["principalId"], answer["policyDocument"]["Statement"]
        allowed = _allowed(statements, arn)
    except (ValueError, KeyError, TypeError) as malformed:
        raise RefusedError("AUTHORIZER_CONFIGURATION_ERROR") from malformed
    if not allowed:
        raise RefusedError("ACCESS_DENIED")
    context = answer.get("context") or {}
    if not all(isinstance(value, str | int | float | bool) for value in context.values()):
        raise RefusedError("AUTHORIZER_CONFIGURATION_ERROR")
    # Values of the context reach the function as text, whatever their type was.
    values = {name: _text(value) for name, value in context.items()}
    return Grant(principal, answer.get("usageIdentifierKey"), values)


def _allowed(statements: list[Mapping[str, Any]], arn: str) -> bool:
    effects = {statement["Effect"] for statement in statements if _covers(statement, arn)}
    # A deny wins over an allow, and what no statement allows is denied:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    return effects == {"Allow"}


def _covers(statement: Mapping[str, Any], arn: str) -> bool:
    actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
    invokes = any(fnmatchcase("execute-api:invoke", action.lower()) for action in actions)
    return invokes and any(_matches(pattern, arn) for pattern in resources)


def _matches(pattern: str, arn: str) -> bool:
    """IAM knows `*` and `?`, but not fnmatch's brackets."""
    return fnmatchcase(arn, pattern.replace("[", "[[]"))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
