"""A request reaches its route by what API Gateway has matched, whatever stands before it."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from gateway import error_formats, request, routes
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller, audit_line

ARN = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{PROFILE}"
BEFORE = ("", "/claude", "/claude/dev", "/dev")  # a custom domain's mapping, with a stage or none


def event(
    path: str, before: str = "", *, decoded: bool = True, method: str = "POST"
) -> dict[str, Any]:
    """As API Gateway hands it: `path` as it was sent, the parameter decoded or not."""
    literal = path in ("/v1/messages", "/health")
    proxy = path.removeprefix("/")
    body = {"model": MODEL, "max_tokens": 1, "messages": [], "anthropic_version": "x"}
    return {
        "httpMethod": method,
        "resource": path if literal else "/{proxy+}",
        "path": before + quote(path, safe="/:"),
        "pathParameters": None
        if literal
        else {"proxy": proxy if decoded else quote(proxy, safe="/")},
        "headers": {},
        "requestContext": {"requestId": "gw-1"},
        "body": json.dumps(body),
    }


@pytest.mark.parametrize("decoded", [True, False])
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/messages", "POST /v1/messages"),
        ("/anthropic/v1/messages", "POST /v1/messages"),
        (f"/model/{PROFILE}/invoke", "POST /model/{id}/invoke"),
    ],
)
def test_what_stands_before_a_path_does_not_matter(
    caller: Caller,
    capsys: pytest.CaptureFixture[str],
    path: str,
    route: str,
    before: str,
    *,
    decoded: bool,
) -> None:
    response = caller.send_event(event(path, before, decoded=decoded))

    assert response.status == 200
    assert audit_line(capsys)["route"] == route


@pytest.mark.parametrize("written", [ARN, quote(ARN, safe=""), quote(quote(ARN, safe=""), safe="")])
@pytest.mark.parametrize(
    "pattern", ["/model/{id}/converse", "/inference-profiles/{id}", "/v1/models/{id}"]
)
def test_an_id_is_decoded_however_often_it_was_encoded(pattern: str, written: str) -> None:
    method = "POST" if "converse" in pattern else "GET"
    route = routes.find(method, pattern.replace("{id}", written))

    assert route.name == f"{method} {pattern}"
    assert route.parameters["id"] == ARN


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("//v1/messages", "/v1/messages"),
        ("/v1//messages", "/v1/messages"),
        ("/v1/messages/", "/v1/messages"),
        ("/v1/v1/messages", "/v1/messages"),
        ("/claude/v1/messages", "/v1/messages"),
        ("/v1/v1/messages/count_tokens", "/v1/messages/count_tokens"),
        (f"/v1/model/{PROFILE}/invoke", "/model/{id}/invoke"),
    ],
)
def test_a_wrong_base_url_is_a_404_that_names_it(caller: Caller, path: str, part: str) -> None:
    response = caller.send("{}", path=path)

    assert response.status == 404
    message = response.json()["error"]["message"]
    assert "base URL" in message
    assert part in message
    assert caller.bedrock.sent == []


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("decoded", [True, False])
def test_an_encoded_slash_is_none(before: str, *, decoded: bool) -> None:
    proxy_event = event("/v1/x", before) | {
        "path": f"{before}/v1%2Fmessages",
        "pathParameters": {"proxy": "v1/messages" if decoded else "v1%2Fmessages"},
    }

    assert routes.find("POST", request.from_event(proxy_event).path).name == ""


def test_a_slash_at_the_end_is_one_too_many() -> None:
    proxy_event = event("/v1/messages") | {"path": "/claude/v1/messages/"}

    assert routes.find("POST", request.from_event(proxy_event).path).name == ""
    assert request.from_event(event("/health") | {"resource": "/", "path": "/"}).path == "/"


def test_two_slashes_are_a_wrong_base_url_even_where_api_gateway_has_matched_a_resource() -> None:
    proxy_event = event("/v1/messages") | {"path": "/claude//v1/messages"}

    assert routes.find("POST", request.from_event(proxy_event).path).name == ""


def test_a_path_of_no_api_gets_no_hint(caller: Caller) -> None:
    message = caller.send("{}", path="/wiki/start").json()["error"]["message"]

    assert message == "Not found: this endpoint has no such method and path."


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("POST", "/v1/messages/batches", "Send the requests of a batch one by one."),
        ("GET", "/anthropic/v1/messages/batches/msgbatch_1", "requests of a batch one by one."),
        ("POST", "/v1/files", "Send a file as base64 within a message."),
        ("POST", "/v1/complete", "it has POST /v1/messages, POST /v1/messages/count_tokens, GET"),
        ("GET", "/v1/messages", "/v1/messages takes POST."),
        ("POST", "/v1/chat/completions", "It does not speak OpenAI's API."),
        ("POST", "/chat/completions", "It does not speak OpenAI's API."),
        ("POST", "/openai/v1/responses", "It does not speak OpenAI's API."),
    ],
)
def test_a_path_that_another_api_has_is_a_404_that_says_what_to_do(
    caller: Caller, method: str, path: str, hint: str
) -> None:
    response = caller.send("{}", path=path, method=method)

    assert response.status == 404
    assert hint in response.json()["error"]["message"]


def test_an_unknown_operation_of_bedrocks_is_refused_as_bedrock_does(caller: Caller) -> None:
    response = caller.send("{}", path=f"/model/{PROFILE}/async-invoke")

    assert response.status == 404
    assert response.headers["x-amzn-errortype"] == "ResourceNotFoundException"
    assert routes.find("POST", "/model/x/y").error_format is error_formats.BEDROCK


@pytest.mark.parametrize("path", ["/guardrail/a/version/1/apply", "/async-invoke", "/", "//v1/x"])
def test_a_path_of_neither_api_is_refused_in_words_that_both_kinds_of_client_read(
    caller: Caller, path: str
) -> None:
    response = caller.send("{}", path=path)

    assert response.status == 404
    assert response.headers["x-amzn-errortype"] == "ResourceNotFoundException"
    body = response.json()
    assert body["message"] == body["error"]["message"] != ""
    assert (body["type"], body["error"]["type"]) == ("error", "not_found_error")


def test_a_path_of_anthropics_api_is_refused_as_anthropic_does(caller: Caller) -> None:
    response = caller.send("{}", path="/v1/files")

    assert "x-amzn-errortype" not in response.headers
    assert response.json().keys() == {"type", "error", "request_id"}
