"""A page of an allowed origin may ask and read, and no other; without origins nothing of it."""

import json

import pytest

from gateway.settings import Settings
from local.bedrock import frames
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller
from tests.unit.gateway.fakes import SentResponse

ORIGIN, OTHER = "https://pivot.claude.ai", "https://evil.example.com"
REQUEST = {"model": MODEL, "max_tokens": 1, "messages": []}
PATHS = (
    *("/v1/messages", "/anthropic/v1/messages", "/v1/messages/count_tokens", "/v1/models"),
    *("/v1/models/x", f"/model/{PROFILE}/converse-stream", "/inference-profiles", "/health", "/"),
)


@pytest.fixture
def browsed(settings: Settings) -> Caller:
    return Caller(settings._replace(cors_origins=(ORIGIN, "http://localhost:3000")))


def preflight(caller: Caller, path: str, **request_headers: str) -> SentResponse:
    named = {name.replace("_", "-"): value for name, value in request_headers.items()}
    return caller.send("", "OPTIONS", path, named)


@pytest.mark.parametrize("path", PATHS)
def test_every_route_has_its_preflight(browsed: Caller, path: str) -> None:
    response = preflight(
        browsed,
        path,
        origin=ORIGIN,
        access_control_request_method="POST",
        access_control_request_headers="authorization,content-type,x-api-key",
        access_control_request_private_network="true",
    )
    assert (response.status, response.body) == (204, b"")
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert response.headers["vary"] == "Origin"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert "x-api-key" in response.headers["access-control-allow-headers"]
    assert response.headers["access-control-allow-private-network"] == "true"
    assert browsed.bedrock.sent == []


@pytest.mark.parametrize("names", ["a\r\nx: y", "a;b", "\u00e9", "x" * 5000])
def test_what_is_no_list_of_header_names_is_not_returned(browsed: Caller, names: str) -> None:
    headers = preflight(browsed, "/", origin=ORIGIN, access_control_request_headers=names).headers
    assert "access-control-allow-headers" not in headers


@pytest.mark.parametrize("origin", [OTHER, "null", "", ORIGIN.upper(), f"{ORIGIN}.evil.example"])
def test_another_origin_is_refused_and_reads_nothing(browsed: Caller, origin: str) -> None:
    allowed = preflight(browsed, "/v1/messages", origin=origin)
    sent = browsed.send(REQUEST, headers={"origin": origin})
    assert (allowed.status, sent.status) == (403, 200)
    for response in (allowed, sent):
        assert "access-control-allow-origin" not in response.headers
        assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "path", ["/v1/messages", f"/model/{PROFILE}/invoke", "/none", "/v1/models"]
)
def test_answers_and_errors_can_be_read(browsed: Caller, path: str) -> None:
    for body in (REQUEST, {}, "no json"):
        response = browsed.send(body, path=path, headers={"Origin": ORIGIN})
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert "retry-after" in response.headers["access-control-expose-headers"]


def test_streams_can_be_read(browsed: Caller) -> None:
    browsed.bedrock.answers(frames.chunk(json.dumps({"type": "message_stop"}).encode()))
    response = browsed.send({**REQUEST, "stream": True}, headers={"origin": ORIGIN})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["access-control-allow-origin"] == ORIGIN


def test_a_stage_without_origins_has_none_of_it(caller: Caller) -> None:
    refused = preflight(caller, "/v1/messages", origin=ORIGIN)
    sent = caller.send(REQUEST, headers={"origin": ORIGIN})
    assert refused.status == 404
    for response in (refused, sent):
        assert not {"vary", "access-control-allow-origin"} & response.headers.keys()
