"""What a function behind the API is handed."""

import base64

import pytest

from local.api_gateway import event
from local.api_gateway.definition import Api
from local.api_gateway.exchange import Exchange
from local.api_gateway.routing import Match


def test_the_event_tells_the_request(exchange: Exchange, match: Match, api: Api) -> None:
    exchange.body = "grüß".encode()

    value = event.proxy_event(exchange, match, api)

    assert value["httpMethod"] == "POST"
    assert (value["resource"], value["path"]) == ("/{proxy+}", "/v1/x")
    assert value["pathParameters"] == {"proxy": "v1/x"}
    assert value["headers"]["x-twice"] == "2"
    assert value["multiValueHeaders"]["x-twice"] == ["1", "2"]
    assert value["queryStringParameters"] == {"a": " 2", "b": ""}
    assert value["multiValueQueryStringParameters"] == {"a": ["1", " 2"], "b": [""]}
    assert (value["body"], value["isBase64Encoded"]) == ("grüß", False)


def test_headers_of_the_connection_alone_are_left_out(
    exchange: Exchange, match: Match, api: Api
) -> None:
    exchange.headers += [("connection", "keep-alive"), ("te", "trailers"), ("x-kept", "1")]

    value = event.proxy_event(exchange, match, api)

    assert not {"connection", "te"} & (value["headers"].keys() | value["multiValueHeaders"].keys())
    assert value["headers"]["x-kept"] == "1"


def test_path_parameters_are_decoded(exchange: Exchange, match: Match, api: Api) -> None:
    encoded = match._replace(parameters={"proxy": "v1/arn%3Aaws%2Fx"})

    value = event.proxy_event(exchange, encoded, api)

    assert value["pathParameters"] == {"proxy": "v1/arn:aws/x"}


def test_the_context_names_the_caller_and_the_request(
    exchange: Exchange, match: Match, api: Api
) -> None:
    exchange.api_key, exchange.api_key_id = "secret", "k1"
    exchange.authorizer = {"principalId": "api-key"}

    context = event.proxy_event(exchange, match, api)["requestContext"]

    assert context["requestId"] == "id-1"
    assert (context["stage"], context["path"]) == ("local", "/local/v1/x")
    assert (context["identity"]["apiKeyId"], context["identity"]["apiKey"]) == ("k1", "secret")
    assert context["identity"]["sourceIp"] == "10.0.0.1"
    assert context["authorizer"] == {"principalId": "api-key"}


def test_no_body_and_no_query_are_null(exchange: Exchange, match: Match, api: Api) -> None:
    exchange.query = ""

    value = event.proxy_event(exchange, match, api)

    assert value["body"] is None
    assert value["queryStringParameters"] is value["multiValueQueryStringParameters"] is None


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("image/png", (base64.b64encode(b"\xff\0").decode(), True)),
        ("application/json", ("\ufffd\0", False)),
    ],
)
def test_only_binary_types_are_base64(
    exchange: Exchange, match: Match, api: Api, kind: str, sent: tuple[str, bool]
) -> None:
    exchange.headers.append(("content-type", kind))
    exchange.body = b"\xff\0"

    value = event.proxy_event(exchange, match, api)

    assert (value["body"], value["isBase64Encoded"]) == sent


def test_an_authorizer_sees_all_but_the_body(exchange: Exchange, match: Match, api: Api) -> None:
    exchange.body = b"secret"

    request = event.authorizer_event(exchange, match, api)

    arn = "arn:aws:execute-api:us-east-1:123456789012:a1/local/POST/v1/x"
    assert (request["type"], request["methodArn"]) == ("REQUEST", arn)
    assert request["headers"]["host"] == "h.example:1"
    assert "body" not in request
