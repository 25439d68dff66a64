"""A streaming caller is told something while Bedrock has not answered yet."""

import json
from collections.abc import Callable, Mapping

import pytest

from gateway import errors, sse
from gateway.settings import Settings
from gateway.signing import Credentials
from gateway.upstream import UpstreamResponse
from local.bedrock import frames
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller, audit_line
from tests.unit.gateway.fakes import FakeBedrock, SentResponse

REQUEST = {"model": MODEL, "max_tokens": 1, "messages": [], "stream": True}
STOP = frames.chunk(b'{"type":"message_stop"}')


class SlowBedrock(FakeBedrock):
    """Answers after `idle_seconds`, in which it looks every half second."""

    def __init__(self, clock: list[float], idle_seconds: float) -> None:
        super().__init__()
        self._clock, self._idle_seconds = clock, idle_seconds

    def post(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        seconds: float,
        check_client: Callable[[], None],
        credentials: Credentials | None = None,
    ) -> UpstreamResponse:
        for _ in range(int(self._idle_seconds * 2)):
            self._clock[0] += 0.5
            check_client()
        return super().post(
            path,
            headers,
            body,
            seconds=seconds,
            check_client=check_client,
            credentials=credentials,
        )


@pytest.fixture
def slow(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """40 seconds are silent; the stage pings after 15."""
    clock = [0.0]
    monkeypatch.setattr("gateway.deadline.time.monotonic", lambda: clock[0])
    caller = Caller(settings)
    caller.bedrock = SlowBedrock(clock, 40)
    return caller


def test_a_stream_begins_with_pings(slow: Caller) -> None:
    slow.bedrock.answers(STOP)
    response = slow.send(REQUEST)
    assert response.status == 200
    assert response.headers["content-type"] == sse.CONTENT_TYPE
    assert [name for name, _ in response.events()] == ["ping", "ping", "message_stop"]


def test_a_late_refusal_is_an_error_event(slow: Caller, capsys: pytest.CaptureFixture[str]) -> None:
    body = json.dumps({"message": "Too many tokens per day"}).encode()
    slow.bedrock.answers(body, status=429, x_amzn_errortype="ThrottlingException")
    response = slow.send(REQUEST)
    (*_, (name, content)) = response.events()
    assert (response.status, name) == (200, "error")
    assert content["error"]["type"] == "rate_limit_error"
    audit = audit_line(capsys)
    assert (audit["outcome"], audit["error_reason"]) == ("interrupted", "daily_quota")


def test_who_reads_no_more_ends_the_call(slow: Caller) -> None:
    response = SentResponse(leaves_after=1)
    slow.send_to(response, REQUEST)
    assert response.writes == [sse.PING]
    assert slow.bedrock.sent == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", {**REQUEST, "stream": False}),
        (f"/model/{PROFILE}/invoke-with-response-stream", REQUEST),
    ],
)
def test_what_is_no_stream_of_events_waits_for_bedrock(
    slow: Caller, path: str, body: object
) -> None:
    slow.bedrock.failure = errors.UpstreamTimeout("late")
    assert slow.send(body, path=path).status in (408, 504)


def test_a_quick_answer_has_no_ping(caller: Caller) -> None:
    caller.bedrock.answers(STOP)
    assert [name for name, _ in caller.send(REQUEST).events()] == ["message_stop"]
