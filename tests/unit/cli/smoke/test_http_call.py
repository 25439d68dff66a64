"""A request tells all that came back, whatever its status, and when."""

from __future__ import annotations

import pytest

from claude_bedrock.cli.shared.endpoint import Endpoint, RefusedError
from claude_bedrock.cli.shared.request_auth import ByKey
from claude_bedrock.cli.smoke.http_call import send, send_many
from tests.unit.cli.answers import Server


def endpoint(url: str) -> Endpoint:
    return Endpoint(url, ByKey("k" * 40), None)


def test_a_refusal_is_a_response(server: Server) -> None:
    server.status, server.body = 413, b"{}"
    server.headers = {"request-id": "r-1", "x-amzn-ErrorType": "ValidationException"}
    result = send(endpoint(server.url), "POST", "/v1/messages", b"{}")
    assert (result.status, result.request_id, result.body) == (413, "r-1", b"{}")
    assert result.values("x-amzn-errortype") == ["ValidationException"]
    assert result.events == ()


def test_each_event_of_a_stream_has_its_time(server: Server) -> None:
    server.headers = {"content-type": "text/event-stream"}
    server.body = b"event: a\ndata: {}\n\nevent: b\ndata: {}\n\n"
    result = send(endpoint(server.url), "POST", "/v1/messages", b"{}")
    assert len(result.events) == 2
    assert list(result.events) == sorted(result.events)


def test_many_requests_have_as_many_responses(server: Server) -> None:
    server.status, server.body = 429, b"{}"
    assert [response.status for response in send_many(endpoint(server.url), "/v1/models", 7)] == [
        429
    ] * 7


def test_an_endpoint_that_does_not_answer_is_reported_without_its_host() -> None:
    with pytest.raises(RefusedError) as error:
        send(endpoint("http://127.0.0.1:9"), "GET", "/health")
    assert "127.0.0.1" not in str(error.value)
