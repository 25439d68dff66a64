"""What an answer's stream says, what an error is told as, and what is said of the call."""

import json

import pytest

from claude_bedrock.cli.ask.answer import ask
from claude_bedrock.cli.shared.endpoint import Endpoint, RefusedError
from claude_bedrock.cli.shared.request_auth import ByKey
from tests.unit.cli.answers import Server, delta, end, event, start


def endpoint(server: Server) -> Endpoint:
    return Endpoint(server.url, ByKey("key"), None)


def streamed(server: Server) -> tuple[list[str], str]:
    with ask(endpoint(server), {"model": "m"}) as answer:
        return list(answer.text()), answer.receipt()


def test_the_text_deltas_are_the_answer(server: Server) -> None:
    thinking = event("content_block_delta", delta={"type": "thinking_delta", "thinking": "hm"})
    server.body = event("ping") + thinking + delta("a") + delta("ü\u2028\x85b") + end()

    pieces, receipt = streamed(server)

    assert pieces == ["a", "ü\u2028\x85b"]
    assert receipt == "request id r1"
    (request,) = server.received
    assert (request.method, request.path) == ("POST", "/stage/v1/messages")
    assert (request.headers["x-api-key"], json.loads(request.body)) == ("key", {"model": "m"})


def test_the_receipt_prices_the_route_that_answered(server: Server) -> None:
    server.headers["x-gateway-model-id"] = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    server.body = (
        start("claude-haiku-4-5-20251001", input_tokens=1000, cache_read_input_tokens=10)
        + delta("a")
        + end("max_tokens", output_tokens=1000)
    )

    assert streamed(server)[1] == (
        "request id r1, claude-haiku-4-5-20251001 in geography us, "
        "1000 tokens in, 1000 out, 10 from cache, 0 to cache, $0.006601, stopped by max_tokens"
    )


@pytest.mark.parametrize(
    ("model", "model_id"),
    [
        ("claude-haiku-4-5", None),
        ("claude-unheard-of", "us.anthropic.claude-unheard-of"),
        ("claude-haiku-4-5", "apac.anthropic.claude-haiku-4-5-20251001-v1:0"),
    ],
)
def test_a_cost_that_is_not_known_is_no_number(
    server: Server, model: str, model_id: str | None
) -> None:
    if model_id:
        server.headers["x-gateway-model-id"] = model_id
    server.body = start(model, input_tokens=1) + end(output_tokens=1)

    assert streamed(server)[1].endswith("cost not known")


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (
            event("error", error={"type": "overloaded_error", "message": "busy"}),
            r"overloaded_error: busy \(request id r1\)",
        ),
        (b"", r"broke off before its end \(request id r1\)"),
        (b"event: x\ndata: {\n\n", "not JSON"),
    ],
)
def test_a_stream_that_ends_badly_is_an_error_after_the_text(
    server: Server, last: bytes, expected: str
) -> None:
    server.body = delta("a") + last
    with pytest.raises(RefusedError, match=expected), ask(endpoint(server), {}) as answer:
        text = answer.text()
        assert next(text) == "a"
        next(text)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error": {"type": "t", "message": "m"}}', r"^429 t: m \(request id r1\)$"),
        (b"<html>", r"^429 Too Many Requests \(request id r1\)$"),
    ],
)
def test_an_error_status_is_reported_with_its_request_id(
    server: Server, body: bytes, expected: str
) -> None:
    server.status, server.body = 429, body

    with pytest.raises(RefusedError, match=expected):
        streamed(server)


def test_a_redirect_is_not_followed_with_the_key(server: Server) -> None:
    server.status, server.headers["location"] = 307, server.url

    with pytest.raises(RefusedError, match="307"):
        streamed(server)
    assert len(server.received) == 1


def test_an_unreachable_endpoint_is_reported_with_the_url() -> None:
    with (
        pytest.raises(RefusedError, match=r"http://127\.0\.0\.1:9/v1/messages does not answer"),
        ask(Endpoint("http://127.0.0.1:9", ByKey("key"), None), {}),
    ):
        pass
