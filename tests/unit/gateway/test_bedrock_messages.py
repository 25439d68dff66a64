"""Messages by Bedrock's own Messages path: what is sent, what the caller gets, what is recorded."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import errors
from gateway.bedrock_messages import EventRelay
from gateway.settings import MESSAGES, Guardrail, Settings, SettingsError, load
from tests.unit.gateway.conftest import ENVIRONMENT, MODEL, PROFILE, Caller, audit_line

REQUEST: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 16,
    "messages": [{"role": "user", "content": "hello"}],
}
TAKEN = "interleaved-thinking-2025-05-14"
MESSAGE = b'{"type":"message","usage":{"input_tokens":7,"output_tokens":3}}'


def event(kind: str, **members: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


START = event("message_start", message={"usage": {"input_tokens": 7, "output_tokens": 1}})
TEXT = event("content_block_delta", delta={"text": "event: message_stop\n\nevent: error"})
DELTA = event("message_delta", usage={"output_tokens": 3})
STOP = event("message_stop")
STREAM = START + TEXT + DELTA + STOP
ERROR = event("error", error={"type": "overloaded_error", "message": "busy"})


@pytest.fixture
def caller(settings: Settings) -> Caller:
    caller = Caller(settings._replace(messages_upstream=MESSAGES))
    caller.bedrock.answers(MESSAGE, content_type="application/json")
    return caller


def test_the_body_goes_to_the_path_with_version_and_betas_as_headers(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    response = caller.send(REQUEST, headers={"Anthropic-Beta": TAKEN})
    sent = caller.bedrock.sent[0]
    assert (sent.path, caller.bedrock.body) == (
        "/anthropic/v1/messages",
        {**REQUEST, "model": PROFILE},
    )
    assert sent.headers["anthropic-version"] == "2023-06-01"
    assert sent.headers["anthropic-beta"] == TAKEN
    assert caller.bedrock.metadata["api_key_name"] == "team-a"
    assert (response.body, response.headers["request-id"]) == (MESSAGE, "bedrock-1")
    line = audit_line(capsys)
    assert (line["input_tokens"], line["output_tokens"]) == (7, 3)
    assert (line["bedrock_request_id"], line["model_id"]) == ("bedrock-1", PROFILE)
    assert line["upstream"] == "messages"


def test_a_stream_is_passed_on_as_the_bytes_that_came(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.bedrock.answers(STREAM[:30], STREAM[30:], content_type="text/event-stream")
    response = caller.send({**REQUEST, "stream": True})
    assert response.body == STREAM
    assert caller.bedrock.body["stream"] is True
    assert "anthropic-beta" not in caller.bedrock.sent[0].headers
    line = audit_line(capsys)
    assert (line["input_tokens"], line["output_tokens"]) == (7, 3)
    assert (line["upstream_complete"], line["outcome"]) == (True, "completed")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Amzn-Bedrock-Trace": "ENABLED"},
        {"X-Amzn-Bedrock-GuardrailIdentifier": "g", "X-Amzn-Bedrock-GuardrailVersion": "1"},
    ],
)
def test_a_call_with_an_option_of_bedrocks_goes_by_invoke_model(
    caller: Caller, headers: dict[str, str]
) -> None:
    caller.bedrock.answers(b"{}")
    caller.send(REQUEST, headers=headers)
    assert caller.bedrock.sent[0].path.endswith("/invoke")
    assert "model" not in caller.bedrock.body


def test_a_call_with_an_enforced_guardrail_goes_by_invoke_model(caller: Caller) -> None:
    caller.settings = caller.settings._replace(guardrail=Guardrail("ours", "1"))
    caller.send(REQUEST)
    sent = caller.bedrock.sent[0]
    assert sent.path.endswith("/invoke")
    assert sent.headers["x-amzn-bedrock-guardrailidentifier"] == "ours"


def test_the_next_geography_is_a_model_of_its_own(caller: Caller) -> None:
    caller.settings = caller.settings._replace(geographies=("global", "us"))
    caller.bedrock.answers(b'{"type":"error"}', status=529)
    caller.bedrock.earlier = [caller.bedrock.reply]
    caller.bedrock.answers(MESSAGE)
    assert caller.send(REQUEST).status == 200
    models = [json.loads(sent.body)["model"] for sent in caller.bedrock.sent]
    assert models == [PROFILE, PROFILE.replace("global", "us")]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"type": "invalid_request_error", "message": "x: wrong"}}, "x: wrong"),
        (400, {"message": "x: wrong"}, "x: wrong"),
        (403, {"Message": "not authorized"}, "not permitted"),
    ],
)
def test_a_refusal_is_read_in_both_forms(
    caller: Caller, status: int, body: object, kind: str
) -> None:
    caller.bedrock.answers(json.dumps(body).encode(), status=status)
    response = caller.send(REQUEST)
    assert (response.status, response.json()["type"]) == (status, "error")
    assert kind in response.json()["error"]["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_200_that_is_no_message_is_an_error(
    caller: Caller, stream: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    body = b'{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"}}'
    caller.bedrock.answers(body, content_type="application/json")
    response = caller.send({**REQUEST, "stream": stream})
    assert response.status == 500
    assert "messages_upstream" in response.json()["error"]["message"]
    assert audit_line(capsys)["outcome"] == "upstream_error"


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ([START + TEXT[:-3]], "api_error"),
        ([START, ERROR + TEXT], "overloaded_error"),
        ([START, b"event: message_delta\ndata: {\n\n"], "api_error"),
        ([START, event("message_delta")[:-3] + b"]}\n\n"], "api_error"),
    ],
)
def test_a_stream_that_fails_ends_with_one_error_event(
    caller: Caller, parts: list[bytes], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.bedrock.answers(*parts, content_type="text/event-stream")
    events = caller.send({**REQUEST, "stream": True}).events()
    assert [name for name, _ in events] == ["message_start", "error"]
    assert events[-1][1]["error"]["type"] == kind
    assert audit_line(capsys)["outcome"] == "interrupted"


@pytest.mark.parametrize(
    "stream",
    [STREAM.replace(b"\n", b"\r\n"), STREAM.replace(b"event: ", b"event:"), b"id: 1\n" + STREAM],
)
@pytest.mark.parametrize("cut", [3, 40])
def test_events_in_another_form_fail_before_they_are_passed_on(
    caller: Caller, stream: bytes, cut: int, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.bedrock.answers(stream[:cut], stream[cut:], content_type="text/event-stream")
    response = caller.send({**REQUEST, "stream": True})
    assert response.status == 500
    assert "messages_upstream" in response.json()["error"]["message"]
    assert audit_line(capsys)["error_cause"] == "UnknownEvents"


@pytest.mark.parametrize("before", [b": comment\n\n", b"retry: 3000\n\n", b"\n"])
def test_a_stream_may_begin_with_what_is_no_event(caller: Caller, before: bytes) -> None:
    caller.bedrock.answers(before + STREAM, content_type="text/event-stream")
    assert caller.send({**REQUEST, "stream": True}).body == before + STREAM


def test_an_error_behind_the_end_is_not_passed_on(caller: Caller) -> None:
    caller.bedrock.answers(STREAM + ERROR, content_type="text/event-stream")
    assert caller.send({**REQUEST, "stream": True}).body == STREAM


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_reads_may_end_anywhere(cuts: list[int]) -> None:
    positions = [0, *sorted(cuts), len(STREAM)]
    relay = EventRelay()
    passed_on = [relay.feed(STREAM[start:end]) for start, end in pairwise(positions)]
    assert b"".join(passed_on) == STREAM
    assert all(part.endswith(b"\n\n") for part in passed_on if part)
    assert (relay.complete, relay.error, relay.usage[:2]) == (True, None, (7, 3))


def test_an_event_without_end_is_given_up() -> None:
    relay = EventRelay()
    for _ in range(7):
        relay.feed(b"x" * 4_000_000)
    assert isinstance(relay.error, errors.UpstreamFailed)


def test_the_upstream_is_read_from_the_environment() -> None:
    assert load(ENVIRONMENT).messages_upstream == "invoke"
    assert load({**ENVIRONMENT, "MESSAGES_UPSTREAM": "messages"}).messages_upstream == MESSAGES
    with pytest.raises(SettingsError, match="MESSAGES_UPSTREAM must be invoke or messages"):
        load({**ENVIRONMENT, "MESSAGES_UPSTREAM": "converse"})
