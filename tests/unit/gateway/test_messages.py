"""POST /v1/messages: what Bedrock is asked, what the caller gets, and what is recorded."""

import json
from typing import Any

import pytest

from gateway import errors
from gateway.errors import GatewayError
from local.bedrock import frames
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller, audit_line
from tests.unit.gateway.fakes import IDLE, SentResponse

REQUEST: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 16,
    "messages": [{"role": "user", "content": "hello"}],
}
START = frames.chunk(b'{"type":"message_start","message":{"usage":{"input_tokens":5}}}')
STOP = frames.chunk(b'{"type":"message_stop"}')


def _error(response: SentResponse) -> tuple[int, str]:
    content = response.json()
    assert content["request_id"] == response.headers["request-id"]
    return response.status, content["error"]["type"]


def test_bedrock_is_called_by_profile_with_its_own_version(caller: Caller) -> None:
    caller.send({**REQUEST, "stream": False, "anthropic_version": "2023-06-01"})
    sent = caller.bedrock.sent[0]
    assert sent.path == f"/model/{PROFILE.replace(':', '%3A')}/invoke"
    assert caller.bedrock.body == {
        "max_tokens": 16,
        "messages": REQUEST["messages"],
        "anthropic_version": "bedrock-2023-05-31",
    }


def test_what_is_not_changed_leaves_as_the_same_bytes(caller: Caller) -> None:
    written = '[ {"role":"user", "content":[{"type":"text","text":"\\u00e9", "n":1.0}]} ]'
    caller.send(f'{{"model":"{MODEL}","max_tokens":1,"messages":{written}}}')
    assert written.encode() in caller.bedrock.sent[0].body


TAKEN = "interleaved-thinking-2025-05-14"
REFUSED = "prompt-caching-scope-2026-01-05"


def test_betas_go_into_the_body_and_what_bedrock_refuses_is_left_out_with_a_receipt(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    betas = {"Anthropic-Beta": f"{TAKEN}, {REFUSED}"}
    response = caller.send({**REQUEST, "tags": {"a": "b"}}, headers=betas)
    assert caller.bedrock.body["anthropic_beta"] == [TAKEN]
    assert "tags" not in caller.bedrock.body
    changes = [f"beta:{REFUSED}", "field:tags"]
    assert response.headers["x-gateway-adapted"].split(", ") == changes
    printed = capsys.readouterr().out
    assert json.loads(printed.splitlines()[-1])["Adapted"] == [1.0]
    assert json.loads(printed.splitlines()[0])["audit"]["adapted"] == changes


def test_a_request_that_fits_has_no_receipt(caller: Caller) -> None:
    assert "x-gateway-adapted" not in caller.send(REQUEST).headers


def test_a_strict_stage_refuses_what_would_be_changed(caller: Caller) -> None:
    caller.settings = caller.settings._replace(unsupported_fields="reject")
    response = caller.send({**REQUEST, "tags": {}})
    assert _error(response) == (400, "invalid_request_error")
    assert "tags" in response.json()["error"]["message"]
    assert caller.bedrock.sent == []


def test_the_request_metadata_is_the_gateways_and_a_clients_own_is_marked(caller: Caller) -> None:
    forged = {"X-Amzn-Bedrock-Request-Metadata": '{"api_key_name":"someone else"}'}
    caller.send(REQUEST, headers=forged)
    assert caller.bedrock.metadata == {
        "client_api_key_name": "someone else",
        "api_key_id": "key1",
        "api_key_name": "team-a",
        "gateway_request_id": "gw-1",
    }


def test_a_client_learns_how_many_entries_of_request_metadata_it_may_send(caller: Caller) -> None:
    entries = {f"k{number}": "v" for number in range(14)}
    headers = {"X-Amzn-Bedrock-Request-Metadata": json.dumps(entries)}

    response = caller.send(REQUEST, headers=headers)
    assert _error(response) == (400, "invalid_request_error")
    assert "the gateway adds 3: send 13 at most" in response.json()["error"]["message"]

    del entries["k0"]
    headers = {"X-Amzn-Bedrock-Request-Metadata": json.dumps(entries)}
    assert caller.send(REQUEST, headers=headers).status == 200
    assert len(caller.bedrock.metadata) == 16


@pytest.mark.parametrize("header", ["{", "[]", '{"a":1}'])
def test_request_metadata_that_bedrock_could_not_read_is_refused(
    caller: Caller, header: str
) -> None:
    response = caller.send(REQUEST, headers={"X-Amzn-Bedrock-Request-Metadata": header})
    assert _error(response) == (400, "invalid_request_error")
    assert caller.bedrock.sent == []


def test_a_message_is_passed_on_untouched_with_bedrocks_request_id(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.bedrock.answers(
        b'{"id":"msg_', b'1"}', x_amzn_bedrock_input_token_count="5",
        x_amzn_bedrock_output_token_count="2", x_amzn_bedrock_cache_read_input_token_count="1",
    )  # fmt: skip
    response = caller.send(REQUEST)
    assert (response.status, response.body) == (200, b'{"id":"msg_1"}')
    assert response.headers["request-id"] == "bedrock-1"
    audit = audit_line(capsys)
    assert audit["outcome"] == "completed"
    assert audit["bedrock_request_id"] == "bedrock-1"
    assert (audit["api_key_id"], audit["api_key_name"]) == ("key1", "team-a")
    assert audit["route"] == "POST /v1/messages"
    assert (audit["model"], audit["model_id"]) == (MODEL, PROFILE)
    assert (audit["input_tokens"], audit["output_tokens"]) == (5, 2)
    assert audit["response_bytes"] == len(response.body)


def test_neither_prompt_nor_answer_is_logged(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.bedrock.answers(b'{"content":"secret-answer"}')
    caller.send({**REQUEST, "messages": [{"role": "user", "content": "secret-prompt"}]})
    caller.send({**REQUEST, "model": "secret-model"})
    caller.send('{"messages": "secret-body')
    printed = capsys.readouterr()
    assert "secret" not in printed.out + printed.err


def test_a_stream_leaves_in_one_write_per_read(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    delta = frames.chunk(b'{"type":"content_block_delta","index":0}')
    caller.bedrock.answers(START + delta, delta + STOP)
    response = caller.send({**REQUEST, "stream": True})
    assert caller.bedrock.sent[0].path.endswith("/invoke-with-response-stream")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["request-id"] == "bedrock-1"
    assert len(response.writes) == 2
    names = [name for name, _ in response.events()]
    assert names == ["message_start", *["content_block_delta"] * 2, "message_stop"]
    assert audit_line(capsys)["input_tokens"] == 5


def test_idle_time_is_filled_with_pings(caller: Caller) -> None:
    caller.bedrock.answers(START, IDLE, IDLE, STOP)
    names = [name for name, _ in caller.send({**REQUEST, "stream": True}).events()]
    assert names == ["message_start", "ping", "ping", "message_stop"]


@pytest.mark.parametrize("end", [IDLE, errors.UpstreamFailed("x"), errors.UpstreamTimeout("x")])
def test_a_message_that_is_complete_is_over_however_bedrock_ends_it(
    caller: Caller, capsys: pytest.CaptureFixture[str], end: GatewayError | None
) -> None:
    caller.bedrock.answers(START, STOP, end, errors.UpstreamFailed("asked for more"))
    names = [name for name, _ in caller.send({**REQUEST, "stream": True}).events()]
    assert names == ["message_start", "message_stop"]
    assert audit_line(capsys)["outcome"] == "completed"


@pytest.mark.parametrize(
    ("failure", "kind", "outcome"),
    [
        (frames.exception("throttlingException", {"message": "x"}), "rate_limit_error", "Throttl"),
        (errors.UpstreamFailed("cut", cause="ConnectionResetError"), "api_error", "Connection"),
        (b"", "api_error", "StreamCut"),
        (b"\0" * 12, "api_error", "prelude"),
    ],
)
def test_a_failure_after_the_first_byte_is_an_error_event(
    caller: Caller,
    capsys: pytest.CaptureFixture[str],
    failure: bytes | GatewayError,
    kind: str,
    outcome: str,
) -> None:
    caller.bedrock.answers(START, failure)
    response = caller.send({**REQUEST, "stream": True})
    assert response.status == 200
    name, data = response.events()[-1]
    assert (name, data["error"]["type"]) == ("error", kind)
    assert data["request_id"] == "bedrock-1"
    audit = audit_line(capsys)
    assert audit["outcome"] == "interrupted"
    assert outcome.lower() in audit["error_cause"].lower()


def test_a_stream_that_fails_before_its_first_byte_is_a_proper_status(caller: Caller) -> None:
    caller.bedrock.answers(frames.exception("serviceUnavailableException", {"message": "x"}))
    response = caller.send({**REQUEST, "stream": True})
    assert _error(response) == (529, "overloaded_error")


@pytest.mark.parametrize(
    ("status", "exception", "expected"),
    [
        (400, "ValidationException", (400, "invalid_request_error")),
        (403, "AccessDeniedException", (403, "permission_error")),
        (404, "ResourceNotFoundException", (404, "not_found_error")),
        (424, "ModelErrorException", (500, "api_error")),
        (429, "ThrottlingException", (429, "rate_limit_error")),
        (500, "InternalServerException", (500, "api_error")),
        (503, "ServiceUnavailableException", (529, "overloaded_error")),
    ],
)
def test_bedrocks_refusals_are_anthropics_errors(
    caller: Caller,
    capsys: pytest.CaptureFixture[str],
    status: int,
    exception: str,
    expected: tuple[int, str],
) -> None:
    body = b'{"message":"no: arn:aws:iam::123456789012:role/x"}'
    caller.bedrock.answers(body, status=status, x_amzn_errortype=exception)
    response = caller.send(REQUEST)
    assert _error(response) == expected
    assert response.headers["request-id"] == "bedrock-1"
    assert ("retry-after" in response.headers) == (status == 429)
    assert b"123456789012" not in response.body
    assert caller.bedrock.reply.closed
    assert audit_line(capsys)["error_cause"] == exception


def test_a_refusal_that_is_no_json_is_an_error_all_the_same(caller: Caller) -> None:
    caller.bedrock.answers(b"<html>", status=502)
    assert _error(caller.send(REQUEST)) == (500, "api_error")


def test_no_answer_in_time_is_a_timeout(caller: Caller) -> None:
    caller.bedrock.failure = errors.UpstreamTimeout("late")
    assert _error(caller.send(REQUEST)) == (504, "timeout_error")
    caller.bedrock.failure = None
    caller.bedrock.answers(b"{", IDLE)
    assert _error(caller.send(REQUEST)) == (504, "timeout_error")


@pytest.mark.parametrize(
    ("body", "expected", "sentence"),
    [
        ('{"model":', (400, "invalid_request_error"), "not valid JSON"),
        ("[]", (400, "invalid_request_error"), "must be a JSON object"),
        ({**REQUEST, "max_tokens": "1"}, (400, "invalid_request_error"), "max_tokens: Input"),
        ({**REQUEST, "max_tokens": True}, (400, "invalid_request_error"), "max_tokens: Input"),
        ({**REQUEST, "messages": {}}, (400, "invalid_request_error"), "messages: Input"),
        ({**REQUEST, "stream": "yes"}, (400, "invalid_request_error"), "stream: Input"),
        ({**REQUEST, "anthropic_beta": "a"}, (400, "invalid_request_error"), "anthropic_beta"),
        ({**REQUEST, "model": "gpt-4"}, (404, "not_found_error"), "gpt-4"),
        ({**REQUEST, "model": "claude-3-7-sonnet"}, (404, "not_found_error"), "claude-"),
        ({**REQUEST, "model": "claude-haiku-4-5"}, (403, "permission_error"), "claude-haiku-4-5"),
        ({**REQUEST, "model": f"us.{PROFILE[7:]}"}, (400, "invalid_request_error"), "global"),
        ({**REQUEST, "system": "x" * 10_000}, (413, "request_too_large"), "10,000 bytes"),
        ({**REQUEST, "system": "\ud800"}, (200, ""), ""),
        (f'{{"model":"{MODEL}","max_tokens":1,"messages":["\ud800"]}}',
         (400, "invalid_request_error"), "UTF-8"),
        *[
            ({name: value for name, value in REQUEST.items() if name != missing},
             (400, "invalid_request_error"), f"{missing}: Field required")
            for missing in REQUEST
        ],
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_refused_in_words(
    caller: Caller, body: object, expected: tuple[int, str], sentence: str
) -> None:
    response = caller.send(body)
    if expected[0] == 200:
        assert response.status == 200
        return
    assert _error(response) == expected
    assert sentence in response.json()["error"]["message"]
    assert caller.bedrock.sent == []
    assert response.headers["request-id"] == "gw-1"


def test_a_retired_model_is_refused_with_its_successor(caller: Caller) -> None:
    response = caller.send({**REQUEST, "model": "anthropic.claude-3-haiku-20240307-v1:0"})
    assert response.status == 404
    assert "claude-haiku-4-5" in response.json()["error"]["message"]


def test_a_body_in_base64_is_read_and_a_bad_one_refused(caller: Caller) -> None:
    event = {
        "httpMethod": "POST",
        "path": "/v1/messages",
        "headers": None,
        "requestContext": {"requestId": "gw-1"},
        "isBase64Encoded": True,
    }
    good = "eyJtb2RlbCI6ImNsYXVkZS1zb25uZXQtNC01IiwibWF4X3Rva2VucyI6MSwibWVzc2FnZXMiOltdfQ=="
    assert caller.send_event({**event, "body": good}).status == 200
    assert _error(caller.send_event({**event, "body": "/w=="})) == (400, "invalid_request_error")


def test_a_caller_who_leaves_ends_the_upstream_read(
    caller: Caller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller.bedrock.answers(START, START, STOP)
    response = SentResponse(leaves_after=1)
    monkeypatch.setattr("tests.unit.gateway.conftest.SentResponse", lambda: response)
    caller.send({**REQUEST, "stream": True})
    assert len(response.writes) == 1
    assert caller.bedrock.reply.closed
    assert caller.bedrock.reply.read(1) == STOP, "upstream was read on"
    assert audit_line(capsys)["outcome"] == "caller_gone"


def test_a_thread_is_refused_so_that_the_tool_helper_goes_on_without(caller: Caller) -> None:
    response = caller.send({**REQUEST, "thread": {"type": "create"}})
    assert _error(response) == (400, "invalid_request_error")
    details = response.json()["error"]["details"]
    assert details["error_code"] == "thread_unsupported_request"
    assert caller.bedrock.sent == []


@pytest.mark.parametrize(
    ("expected", "added"),
    [
        ("tools.1.custom.input_schema: JSON schema is invalid.", ' (tools.1 is "mcp__b".)'),
        (
            "messages.0.content.0.image.source.type: Input should be 'base64'",
            " (Bedrock fetches no URL and no file: send the content as base64.)",
        ),
        (
            "messages.0.content.0.image.source.base64.media_type: Input should be 'image/png'",
            "",
        ),
        ("tools.0.custom.name: 'a b' does not match", ' (tools.0 is "a b".)'),
        ("tools: Tool names must be unique.", ' (More than one is "mcp__b".)'),
        ("tools.7.custom: Field required", ""),
        ("tools.3.name: Field required", ""),
        ("messages.0: Field required", ""),
    ],
)
def test_a_tool_that_bedrock_refuses_is_named(caller: Caller, expected: str, added: str) -> None:
    message = json.dumps({"message": expected}).encode()
    caller.bedrock.answers(message, status=400, x_amzn_errortype="ValidationException")
    schema = {"input_schema": {"type": "object"}}
    tools = [{**schema, "name": name} for name in ("a b", "mcp__b", "mcp__b")]
    body = {"model": MODEL, "max_tokens": 1, "messages": [], "tools": [*tools, schema]}
    assert caller.send(body).json()["error"]["message"] == expected + added
