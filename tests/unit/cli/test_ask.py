"""What an answer's stream says, and what an error is told as."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from cli.ask import Endpoint, RefusedError, ask


def event(kind: str, **data: Any) -> bytes:  # noqa: ANN401 - JSON
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def delta(text: str) -> bytes:
    return event("content_block_delta", delta={"type": "text_delta", "text": text})


class Answers(BaseHTTPRequestHandler):
    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.status)
        self.send_header("request-id", "r1")
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Endpoint(f"http://127.0.0.1:{server.server_port}/stage/", "key", None)
        server.shutdown()
        thread.join()


def said(endpoint: Endpoint) -> tuple[str, list[str]]:
    answer = ask(endpoint, model="m", prompt="p", max_tokens=1)
    return answer.request_id, list(answer.text)


def answering(monkeypatch: pytest.MonkeyPatch, body: bytes, status: int = 200) -> None:
    monkeypatch.setattr(Answers, "body", body)
    monkeypatch.setattr(Answers, "status", status)


def test_the_text_deltas_are_the_answer(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    thinking = event("content_block_delta", delta={"type": "thinking_delta", "thinking": "hm"})
    answering(
        monkeypatch, event("ping") + thinking + delta("a") + delta("ü") + event("message_stop")
    )

    assert said(endpoint) == ("r1", ["a", "ü"])


def test_an_error_in_the_stream_is_raised_after_the_text(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = event("error", error={"type": "overloaded_error", "message": "busy"})
    answering(monkeypatch, delta("a") + failure)
    answer = ask(endpoint, model="m", prompt="p", max_tokens=1)

    assert next(answer.text) == "a"
    with pytest.raises(RefusedError, match="overloaded_error: busy"):
        next(answer.text)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"error": {"type": "t", "message": "m"}}', r"429 t: m \(request id r1\)"),
        (b"<html>", r"429 Too Many Requests \(request id r1\)"),
    ],
)
def test_an_error_status_is_told_with_its_request_id(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, body: bytes, told: str
) -> None:
    answering(monkeypatch, body, 429)

    with pytest.raises(RefusedError, match=told):
        said(endpoint)


def test_nobody_there_is_told_with_the_url() -> None:
    with pytest.raises(RefusedError, match=r"http://127\.0\.0\.1:9/v1/messages does not answer"):
        said(Endpoint("http://127.0.0.1:9", "key", None))
