"""What an authorizer's answer allows."""

import asyncio
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.api_gateway.authorizer import Grant, Invoked, authorize
from local.api_gateway.buffered import invoker
from local.api_gateway.definition import Api, Authorizer
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError
from local.api_gateway.routing import Match

ARN = "arn:aws:execute-api:us-east-1:123456789012:a1/local/POST/v1/x"


def answer(*effects: tuple[str, str]) -> dict[str, Any]:
    statements = [
        {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
        for effect, resource in effects
    ]
    return {"principalId": "p", "policyDocument": {"Statement": statements}}


def grant_of(
    payload: object,
    exchange: Exchange,
    match: Match,
    api: Api,
    *,
    failed: bool = False,
    sources: tuple[str, ...] = (),
) -> Grant:
    async def invoke(function: str, event: Mapping[str, Any]) -> Invoked:
        assert (function, event["methodArn"]) == ("authorizer", ARN)
        return Invoked(json.dumps(payload).encode(), failed)

    authorizer = Authorizer("authorizer", None, sources)
    return asyncio.run(authorize(authorizer, exchange, match, api, invoke))


def refused(payload: object, exchange: Exchange, match: Match, api: Api, **how: Any) -> str:  # noqa: ANN401
    with pytest.raises(RefusedError) as caught:
        grant_of(payload, exchange, match, api, **how)
    return caught.value.kind


@pytest.mark.parametrize("resource", [ARN, "*", "arn:aws:execute-api:*:*:a1/*/POST/v1/?"])
def test_an_allow_grants_and_hands_on_key_and_context(
    exchange: Exchange, match: Match, api: Api, resource: str
) -> None:
    payload = answer(("Allow", resource)) | {"usageIdentifierKey": "key", "context": {"n": 1}}

    assert grant_of(payload, exchange, match, api) == Grant("p", "key", {"n": "1"})


@pytest.mark.parametrize("value", [["search"], {"team": "search"}, None])
def test_a_context_value_that_is_no_text_number_or_truth_is_a_configuration_error(
    exchange: Exchange, match: Match, api: Api, value: object
) -> None:
    payload = answer(("Allow", ARN)) | {"context": {"teams": value}}

    assert refused(payload, exchange, match, api) == "AUTHORIZER_CONFIGURATION_ERROR"


@pytest.mark.parametrize(
    "effects",
    [(), (("Allow", "arn:other"),), (("Allow", "*"), ("Deny", ARN)), (("Deny", "*"),)],
)
def test_all_else_is_denied(
    exchange: Exchange, match: Match, api: Api, effects: tuple[tuple[str, str], ...]
) -> None:
    assert refused(answer(*effects), exchange, match, api) == "ACCESS_DENIED"


@pytest.mark.parametrize(
    ("message", "kind"), [("Unauthorized", "UNAUTHORIZED"), ("broken", "AUTHORIZER_FAILURE")]
)
def test_only_the_word_unauthorized_is_a_401(
    exchange: Exchange, match: Match, api: Api, message: str, kind: str
) -> None:
    assert refused({"errorMessage": message}, exchange, match, api, failed=True) == kind


def test_an_authorizer_that_lambda_throttles_has_failed(
    exchange: Exchange, match: Match, api: Api
) -> None:
    def invoke(**_: object) -> None:
        raise ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")

    throttled = invoker(SimpleNamespace(invoke=invoke))
    with pytest.raises(RefusedError) as caught:
        asyncio.run(authorize(Authorizer("authorizer", None, ()), exchange, match, api, throttled))
    assert caught.value.kind == "AUTHORIZER_FAILURE"


@pytest.mark.parametrize("payload", [None, [], {}, {"principalId": "p"}, "yes"])
def test_an_answer_of_another_shape_is_a_configuration_error(
    exchange: Exchange, match: Match, api: Api, payload: object
) -> None:
    assert refused(payload, exchange, match, api) == "AUTHORIZER_CONFIGURATION_ERROR"


@pytest.mark.parametrize(
    ("source", "present"),
    [
        ("method.request.header.X-Sent", True),
        ("method.request.header.X-Missing", False),
        ("method.request.querystring.a", True),
        ("method.request.querystring.z", False),
    ],
)
def test_identity_sources_must_be_there(
    exchange: Exchange, match: Match, api: Api, source: str, present: bool
) -> None:
    allowed = answer(("Allow", "*"))

    if present:
        assert grant_of(allowed, exchange, match, api, sources=(source,)).principal == "p"
    else:
        assert refused(allowed, exchange, match, api, sources=(source,)) == "UNAUTHORIZED"
