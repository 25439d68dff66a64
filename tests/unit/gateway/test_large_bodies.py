"""A large body is in memory twice at most, from Lambda's event to Bedrock's connection."""

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping

import pytest

from gateway import handler
from gateway.http1 import Head, post_request
from gateway.runtime import Context
from gateway.runtime_api import RuntimeApiResponse
from gateway.settings import Settings
from gateway.signing import Credentials
from gateway.upstream import UpstreamResponse
from tests.unit.gateway.fakes import ScriptedReply, SentResponse

SIZE = 4_000_000
TEXT = "x" * SIZE
MESSAGES = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": TEXT}],
}
CONVERSE = {"messages": [{"role": "user", "content": [{"text": TEXT}]}]}
INVOKE = {"anthropic_version": "bedrock-2023-05-31", **MESSAGES}


class Sink:
    """Takes requests as the connection does, and keeps nothing of them."""

    def __init__(self) -> None:
        self.size = 0

    def post(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        seconds: float,
        check_client: Callable[[], None],
        credentials: Credentials | None = None,  # noqa: ARG002
    ) -> UpstreamResponse:
        assert seconds > 0
        check_client()
        self.size = sum(map(len, post_request(path, "host", headers, body)))
        return ScriptedReply(200, {}, [b"{}"])


@pytest.fixture
def sink(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Sink:
    made = Sink()
    large = settings._replace(max_body_bytes=2 * SIZE)
    monkeypatch.setattr(handler, "_settings", lambda: large)
    monkeypatch.setattr(handler, "_upstream", lambda: made)
    return made


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", MESSAGES),
        ("/model/claude-sonnet-4-5/invoke", INVOKE),
        ("/model/claude-sonnet-4-5/converse", CONVERSE),
    ],
)
def test_no_more_than_two_copies(path: str, body: dict[str, object], sink: Sink) -> None:
    _handle(_invoked_with(path, "{}"))  # what a first request imports and caches is not counted
    before, _ = tracemalloc.get_traced_memory()
    reply = _invoked_with(path, json.dumps(body))
    tracemalloc.reset_peak()
    _handle(reply)
    _, peak = tracemalloc.get_traced_memory()
    assert sink.size > SIZE
    assert (peak - before) / SIZE < 2.5  # the reader of JSON takes a quarter more than it fills


def _invoked_with(path: str, text: str) -> RuntimeApiResponse:
    """What the Runtime API answers."""
    event = {
        "httpMethod": "POST",
        "path": path,
        "headers": {},
        "requestContext": {"requestId": "gw-1"},
        "body": text,
    }
    return RuntimeApiResponse(Head(200, {}), bytearray(json.dumps(event).encode()))


def _handle(reply: RuntimeApiResponse) -> None:
    handler.handle(reply.take_json(), Context("1", time.time() + 900), SentResponse())
