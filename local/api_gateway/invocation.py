"""The check that a function's policy lets API Gateway invoke it, for an API's method or authorizer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html
"""

import asyncio
from collections.abc import Callable

from local.api_gateway.definition import Api, Authorizer
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError
from local.api_gateway.routing import Match
from local.aws.authorization import Authorization, AuthorizationError, Request

SERVICE = "apigateway.amazonaws.com"

MayInvoke = Callable[[str, str], bool]
"""Function's ARN and the ARN of what invokes it -> whether API Gateway may. It may block."""


def anything(_function: str, _source: str) -> bool:
    """For functions without a policy."""
    return True


def policies(authorization: Authorization) -> MayInvoke:
    """As the functions' policies in the embedded AWS say."""

    def may_invoke(function: str, source: str) -> bool:
        request = Request("lambda:InvokeFunction", function, (("aws:SourceArn", source),))
        try:
            authorization.check_service(SERVICE, [request])
        except AuthorizationError:
            return False
        return True

    return may_invoke


async def check_method(may_invoke: MayInvoke, exchange: Exchange, match: Match, api: Api) -> None:
    """Raise RefusedError: without the permission, API Gateway answers 500."""
    method = match.method
    source = f"{_api_arn(api)}/{api.stage}/{exchange.verb}{method.resource}"
    if not await asyncio.to_thread(may_invoke, method.integration.function, source):
        raise RefusedError("DEFAULT_5XX", 500)


async def check_authorizer(may_invoke: MayInvoke, authorizer: Authorizer, api: Api) -> None:
    """Raise RefusedError."""
    source = f"{_api_arn(api)}/authorizers/{authorizer.id}"
    if not await asyncio.to_thread(may_invoke, authorizer.function, source):
        raise RefusedError("AUTHORIZER_CONFIGURATION_ERROR")


def _api_arn(api: Api) -> str:
    return f"arn:aws:execute-api:{api.region}:{api.account}:{api.id}"
