"""How API Gateway's own refusals look."""

import json

import pytest

from local.api_gateway.definition import Api
from local.api_gateway.exchange import Exchange
from local.api_gateway.refusals import RefusedError, refusal
from local.api_gateway.rendering import render


def test_a_gateway_response_sets_status_headers_and_body(api: Api, exchange: Exchange) -> None:
    response = refusal(RefusedError("INVALID_API_KEY"), exchange, api)

    assert response.status == 401
    assert dict(response.headers) == {
        "x-should-retry": "false",
        "request-id": "id-1",
        "x-echo": "echo",
        "content-type": "application/json",
        "x-amzn-errortype": "ForbiddenException",
    }
    assert json.loads(response.body) == {"id": "id-1", "of": "local"}


def test_a_header_that_the_response_maps_replaces_the_usual_one(
    api: Api, exchange: Exchange
) -> None:
    mapped = {"gatewayresponse.header.x-amzn-ErrorType": "'UnrecognizedClientException'"}
    api.responses["INVALID_API_KEY"].parameters.update(mapped)  # type: ignore[attr-defined]

    response = refusal(RefusedError("INVALID_API_KEY"), exchange, api)

    types = [value for name, value in response.headers if name.lower() == "x-amzn-errortype"]
    assert types == ["UnrecognizedClientException"]


def test_without_a_status_the_response_has_api_gateways(api: Api, exchange: Exchange) -> None:
    response = refusal(RefusedError("ACCESS_DENIED"), exchange, api)

    assert response.status == 403
    assert json.loads(response.body) == {
        "message": "User is not authorized to access this resource"
    }


def test_a_general_response_has_the_status_of_the_case(api: Api, exchange: Exchange) -> None:
    assert refusal(RefusedError("DEFAULT_5XX", 500), exchange, api).status == 500


def test_the_access_log_learns_why(api: Api, exchange: Exchange) -> None:
    refusal(RefusedError("ACCESS_DENIED"), exchange, api)

    assert exchange.noted["error.responseType"] == "ACCESS_DENIED"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$context.a.b", "1"),
        ("x$context.a.b.", "x1."),
        ("${context.a.b}c", "1c"),
        ("$context.a", "-"),
        ("$contextual", "$contextual"),
        ("$$context.a.b", "$1"),
    ],
)
def test_variables_are_replaced_by_their_values(template: str, text: str) -> None:
    assert render(template, {"a.b": 1}, missing="-") == text
