"""What a function behind the API is handed."""

import base64

import pytest

from local.api_gateway import event
from local.api_gateway.definition import Api
from local.api_gateway.exchange import Exchange
from local.api_gateway.routing import Match


def test_the_event_has_the_request(exchange: Exchange, match: Match, api: Api) -> None:
    exchange.body = "grüß".encode()

    proxy_event = event.proxy_event(exchange, match, api)

    assert proxy_event["httpMethod"] == "POST"
    assert (proxy_event["resource"], proxy_event["path"]) == ("/{proxy+}", "/v1/x")
    assert proxy_event["pathParameters"] == {"proxy": "v1/x"}
    assert proxy_event["headers"]["x-twice"] == "2"
    assert proxy_event["multiValueHeaders"]["x-twice"] == ["1", "2"]
    assert proxy_event["queryStringParameters"] == {"a": " 2", "b": ""}
    assert proxy_event["multiValueQueryStringParameters"] == {"a": ["1", " 2"], "b": [""]}
    assert (proxy_event["body"], proxy_event["isBase64Encoded"]) == ("grüß", False)


def test_headers_of_the_connection_alone_are_left_out(
    exchange: Exchange, match: Match, api: Api
) -> None:
    exchange.headers += [("connection", "keep-alive"), ("te", "trailers"), ("x-kept", "1")]

    proxy_event = event.proxy_event(exchange, match, api)

    assert not {"connection", "te"} & (
        proxy_event["headers"].keys() | proxy_event["multiValueHeaders"].keys()
    )
    assert proxy_event["headers"]["x-kept"] == "1"


def test_path_parameters_are_decoded(exchange: Exchange, match: Match, api: Api) -> None:
    encoded = match._replace(parameters={"proxy": "v1/arn%3Aaws%2Fx"})

    proxy_event = event.proxy_event(exchange, encoded, api)

    assert proxy_event["pathParameters"] == {"proxy": "v1/arn:aws/x"}


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

    proxy_event = event.proxy_event(exchange, match, api)

    assert proxy_event["body"] is None
    assert (
        proxy_event["queryStringParameters"]
        is proxy_event["multiValueQueryStringParameters"]
        is None
    )


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

    proxy_event = event.proxy_event(exchange, match, api)

    assert (proxy_event["body"], proxy_event["isBase64Encoded"]) == sent


def test_an_authorizer_sees_all_but_the_body(exchange: Exchange, match: Match, api: Api) -> None:
    exchange.body = b"secret"

    authorizer_event = event.authorizer_event(exchange, match, api)

    arn = "arn:aws:execute-api:us-east-1:123456789012:a1/local/POST/v1/x"
    assert (authorizer_event["type"], authorizer_event["methodArn"]) == ("REQUEST", arn)
    assert authorizer_event["headers"]["host"] == "h.example:1"
    assert "body" not in authorizer_event
