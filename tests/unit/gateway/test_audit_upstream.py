"""The audit entry has Bedrock's own status, and whether its answer was read to the end, whatever
the client got."""

import json
from typing import Any

import pytest

from gateway import errors, upstream
from gateway.errors import GatewayError
from gateway.settings import Settings
from local.bedrock import frames
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller, audit_line
from tests.unit.gateway.fakes import IDLE, ScriptedReply, SentResponse

REQUEST: dict[str, Any] = {"model": MODEL, "max_tokens": 1, "messages": []}
START = frames.chunk(b'{"type":"message_start","message":{"usage":{"input_tokens":5}}}')
STOP = frames.chunk(b'{"type":"message_stop"}')
EXCEPTION = frames.exception("throttlingException", {"message": "x"})
CUT = errors.UpstreamFailed("cut", cause="ConnectionResetError")
LATE = errors.UpstreamTimeout("late", cause="ReadTimeout")


def sent(caller: Caller, kind: str) -> SentResponse:
    if kind == "messages":
        return caller.send(REQUEST)
    if kind == "messages stream":
        return caller.send({**REQUEST, "stream": True})
    return caller.send("{}", path=f"/model/{MODEL}/{kind}")


@pytest.mark.parametrize(
    ("kind", "parts", "complete"),
    [
        ("messages", [b"{}"], True),
        ("messages", [b'{"id', CUT], False),
        ("messages", [b'{"id', LATE], False),
        ("messages", [b'{"id', IDLE], False),
        ("messages", [b"<html>"], False),
        ("messages stream", [START, STOP], True),
        ("messages stream", [IDLE, START, STOP], True),
        ("messages stream", [START, STOP, CUT], True),
        ("messages stream", [START], False),
        ("messages stream", [START, CUT], False),
        ("messages stream", [EXCEPTION], False),
        ("messages stream", [START, EXCEPTION], False),
        ("messages stream", [START + STOP + EXCEPTION], False),
        ("messages stream", [START, STOP, EXCEPTION], False),
        ("messages stream", [IDLE, CUT], False),
        ("messages stream", [b"no frame at all"], False),
        ("invoke", [b"{}"], True),
        ("invoke", [b"{", CUT], False),
        ("converse", [b"{}"], True),
        ("invoke-with-response-stream", [START, STOP], True),
        ("invoke-with-response-stream", [START], False),
        ("invoke-with-response-stream", [START, EXCEPTION], False),
        ("invoke-with-response-stream", [EXCEPTION], False),
        ("invoke-with-response-stream", [], False),
        ("count-tokens", [b'{"inputTokens":1}'], True),
    ],
)
def test_bedrocks_200_is_in_the_entry_whatever_comes_of_its_body(
    caller: Caller,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    parts: list[bytes | GatewayError | None],
    complete: bool,
) -> None:
    caller.bedrock.answers(*parts)

    sent(caller, kind)

    entry = audit_line(capsys)
    assert (entry["upstream_status"], entry["upstream_complete"]) == (200, complete)
    assert entry["bedrock_request_id"] == "bedrock-1"


def test_an_answer_that_is_too_long_was_a_200(
    caller: Caller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "LARGEST_BODY_BYTES", 3)
    caller.bedrock.answers(b'{"id":1}')

    assert caller.send(REQUEST).status == 500

    entry = audit_line(capsys)
    assert (entry["error_cause"], entry["upstream_status"]) == ("TooLong", 200)
    assert entry["upstream_complete"] is False


def test_a_client_that_disconnects_does_not_take_the_status_away(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.bedrock.answers(START, STOP)

    caller.send_to(SentResponse(leaves_after=0), {**REQUEST, "stream": True})

    entry = audit_line(capsys)
    assert (entry["outcome"], entry["status"]) == ("caller_gone", 200)
    assert (entry["upstream_status"], entry["upstream_complete"]) == (200, False)


def test_a_defect_of_the_gateway_does_not_take_the_status_away(
    caller: Caller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_headers: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.messages.from_headers", broken)

    assert caller.send(REQUEST).status == 500

    entry = audit_line(capsys)
    assert (entry["outcome"], entry["upstream_status"]) == ("failed", 200)


@pytest.mark.parametrize("status", [400, 403, 404, 408, 424, 429, 500, 503])
def test_a_refusal_of_bedrocks_has_its_own_status(
    caller: Caller, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    caller.bedrock.answers(b'{"message":"no"}', status=status)

    caller.send(REQUEST, headers={"x-stainless-retry-count": "0"})

    entry = audit_line(capsys)
    assert (entry["upstream_status"], entry["upstream_complete"]) == (status, True)


@pytest.mark.parametrize(
    ("failure", "reached"),
    [
        (errors.UpstreamFailed("x"), True),
        (errors.UpstreamTimeout("x"), True),
        (errors.Unreachable("x"), False),
        (errors.NotSent("x"), False),
    ],
)
def test_without_a_status_line_there_is_no_status(
    caller: Caller, capsys: pytest.CaptureFixture[str], failure: GatewayError, reached: bool
) -> None:
    caller.bedrock.failure = failure

    caller.send(REQUEST)

    entry = audit_line(capsys)
    assert "upstream_status" not in entry
    assert entry["upstream_complete"] is False
    assert entry.get("upstream_reached", True) is reached
    for attempt in entry.get("earlier_attempts", []):
        assert attempt["upstream_reached"] is reached


def test_each_attempt_has_its_own_status(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = {"x-amzn-errortype": "ThrottlingException", "x-amzn-requestid": "bedrock-0"}
    caller.bedrock.earlier = [ScriptedReply(429, refused, [b"{}"])]

    assert caller.send(REQUEST).status == 200

    entry = audit_line(capsys)
    (attempt,) = entry["earlier_attempts"]
    assert (attempt["upstream_status"], entry["upstream_status"]) == (429, 200)
    assert attempt["upstream_complete"] is True


def test_what_the_gateway_refuses_itself_has_nothing_of_bedrock(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.send({**REQUEST, "model": "gpt-4"})

    assert not [name for name in audit_line(capsys) if name.startswith("upstream")]


def test_the_profile_of_a_team_is_in_the_entry(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    caller = Caller(settings._replace(team_profiles={"search": {PROFILE: arn}}))
    for name, expected in (("search.web", arn), ("other", None)):
        caller.settings = caller.settings._replace(api_key_names={"key1": name})
        caller.send(REQUEST)
        entry = audit_line(capsys)
        assert (entry["model_id"], entry.get("inference_profile_arn")) == (PROFILE, expected)


def test_an_entry_holds_no_body(caller: Caller, capsys: pytest.CaptureFixture[str]) -> None:
    caller.bedrock.answers(b'{"message":"secret"}', status=500)
    caller.send(REQUEST)
    assert "secret" not in json.dumps(audit_line(capsys))
