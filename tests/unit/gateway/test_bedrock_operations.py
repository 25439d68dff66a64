"""Bedrock's own operations: bodies pass untouched, who calls is written in, errors are theirs."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import errors, eventstream, message_stream
from gateway.errors import GatewayError
from gateway.settings import Settings
from local.bedrock import frames
from tests.unit.gateway.conftest import MODEL, PROFILE, Caller, audit_line
from tests.unit.gateway.fakes import IDLE, SentResponse

LATE = errors.UpstreamTimeout("late")
METRICS = {"inputTokenCount": 7, "outputTokenCount": 3, "cacheReadInputTokenCount": 2}
STOP = {"type": "message_stop", "amazon-bedrock-invocationMetrics": METRICS}
INVOKE_STREAM = frames.chunk(b'{"type":"message_start"}') + frames.chunk(json.dumps(STOP).encode())
METADATA = json.dumps({"usage": {"inputTokens": 7, "outputTokens": 3}}).encode()
CONVERSE_STREAM = frames.encode(
    frames.encode_headers(event_type="messageStart", message_type="event"), b'{"role":"assistant"}'
) + frames.encode(frames.encode_headers(event_type="metadata", message_type="event"), METADATA)
ARN = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{PROFILE}"


def _send(
    caller: Caller, operation: str, body: object = "{}", model: str = MODEL, **headers: str
) -> SentResponse:
    return caller.send(body, path=f"/model/{model}/{operation}", headers=headers)


@pytest.mark.parametrize(
    "model", [MODEL, PROFILE, quote(PROFILE, safe=""), ARN, quote(ARN, safe="")]
)
def test_any_spelling_in_the_path_reaches_the_stages_profile(caller: Caller, model: str) -> None:
    assert _send(caller, "invoke", model=model).status == 200
    assert caller.bedrock.sent[0].path == f"/model/{quote(PROFILE, safe='')}/invoke"


def test_an_invoke_body_passes_byte_for_byte(caller: Caller) -> None:
    body = ' {"anthropic_version" : "bedrock-2023-05-31",\n "x":1.0, "é":"\\u00e9"} '
    caller.bedrock.answers(b'{"raw": 1.0}', content_type="application/json")
    response = _send(caller, "invoke", body)
    assert caller.bedrock.sent[0].body == body.encode()
    assert response.body == b'{"raw": 1.0}'


@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [
        ("application/json; charset=utf-8", "application/json"),
        ("application/json", "application/json"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
    ],
)
def test_a_charset_that_bedrock_refuses_is_left_out(
    caller: Caller, sent: str, passed_on: str
) -> None:
    caller.bedrock.answers(b"{}")
    _send(caller, "invoke", **{"Content-Type": sent})
    assert caller.bedrock.sent[0].headers["content-type"] == passed_on


def test_bedrocks_headers_pass_both_ways_and_no_others(settings: Settings) -> None:
    caller = Caller(settings._replace(service_tiers=("default", "flex")))
    caller.bedrock.answers(
        b"{}", x_amzn_bedrock_input_token_count="7", x_amzn_bedrock_service_tier="flex",
        server="internal", x_amzn_trace="internal",
    )  # fmt: skip
    body = {
        "X-Amzn-Bedrock-GuardrailIdentifier": "g",
        "X-Amzn-Bedrock-GuardrailVersion": "1",
        "X-Amzn-Bedrock-Trace": "ENABLED",
        "X-Amzn-Bedrock-Service-Tier": "flex",
        "X-Amzn-Bedrock-PerformanceConfig-Latency": "optimized",
        "Accept": "application/json",
    }
    response = _send(caller, "invoke", **body, **{"X-Api-Key": "k", "X-Stainless-Lang": "py"})
    sent = caller.bedrock.sent[0].headers
    assert {name: sent[name.lower()] for name in body} == body
    assert set(sent) - {name.lower() for name in body} == {
        "content-type",
        "x-amzn-bedrock-request-metadata",
    }
    assert response.headers == {
        "content-type": "application/json",
        "x-amzn-bedrock-input-token-count": "7",
        "x-amzn-bedrock-service-tier": "flex",
        "x-amzn-requestid": "bedrock-1",
        "request-id": "bedrock-1",
        "x-gateway-model-id": "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    }


@pytest.mark.parametrize("value", ["a\r\nx-api-key: b", "a\nb", "\u2603", "a\0"])
@pytest.mark.parametrize("path", ["/v1/messages", f"/model/{MODEL}/invoke"])
def test_a_header_that_would_break_the_request_is_refused(
    caller: Caller, path: str, value: str
) -> None:
    body = {"model": MODEL, "max_tokens": 1, "messages": []}
    response = caller.send(body, path=path, headers={"X-Amzn-Bedrock-Trace": value})
    assert response.status == 400
    assert caller.bedrock.sent == []


def test_converse_has_its_metadata_in_the_body_beside_the_other_members(caller: Caller) -> None:
    messages = '[ {"role":"user", "content":[{"text":"\\u00e9"}]} ]'
    forged = '{"team":"a","api_key_name":"forged"}'
    _send(caller, "converse", f'{{"messages":{messages},"requestMetadata":{forged}}}')
    assert messages.encode() in caller.bedrock.sent[0].body
    assert "x-amzn-bedrock-request-metadata" not in caller.bedrock.sent[0].headers
    assert caller.bedrock.body["requestMetadata"] == {
        "client_team": "a",
        "client_api_key_name": "forged",
        "api_key_id": "key1",
        "api_key_name": "team-a",
        "gateway_request_id": "gw-1",
    }


@pytest.mark.parametrize(
    ("operation", "stream"),
    [("invoke-with-response-stream", INVOKE_STREAM), ("converse-stream", CONVERSE_STREAM)],
)
def test_a_stream_passes_byte_for_byte_and_its_tokens_are_read(
    caller: Caller, capsys: pytest.CaptureFixture[str], operation: str, stream: bytes
) -> None:
    cut = len(stream) - 10
    caller.bedrock.answers(
        stream[:cut], IDLE, stream[cut:], content_type="application/vnd.amazon.eventstream"
    )
    response = _send(caller, operation)
    assert response.body == stream
    assert response.headers["content-type"] == "application/vnd.amazon.eventstream"
    audit = audit_line(capsys)
    assert (audit["input_tokens"], audit["output_tokens"]) == (7, 3)
    assert audit["outcome"] == "completed"


@pytest.mark.parametrize(
    ("stream", "outcome"),
    [
        (INVOKE_STREAM, "completed"),
        (CONVERSE_STREAM, "completed"),
        (INVOKE_STREAM + frames.exception("throttlingException", {}), "interrupted"),
    ],
)
@pytest.mark.parametrize("rest", [(IDLE, LATE), (LATE,), (errors.UpstreamFailed("reset"),)])
def test_a_complete_stream_is_over_however_bedrock_ends_it(
    caller: Caller,
    capsys: pytest.CaptureFixture[str],
    stream: bytes,
    outcome: str,
    rest: tuple[GatewayError | None, ...],
) -> None:
    caller.bedrock.answers(stream, *rest)
    assert _send(caller, "converse-stream").body == stream
    assert audit_line(capsys)["outcome"] == outcome


def test_an_incomplete_stream_is_waited_for_at_rest(caller: Caller) -> None:
    started = frames.chunk(b'{"type":"message_start"}')
    caller.bedrock.answers(started, *[IDLE] * 100, INVOKE_STREAM[len(started) :])
    assert _send(caller, "invoke-with-response-stream").body == INVOKE_STREAM
    assert min(caller.bedrock.reply.waited) >= 1


@given(st.lists(st.integers(0, len(INVOKE_STREAM))))
def test_a_relay_gives_complete_frames_only_and_loses_no_byte(cuts: list[int]) -> None:
    relay, sent, at = eventstream.Relay(), b"", 0
    for end in [*sorted(cuts), len(INVOKE_STREAM)]:
        sent += relay.feed(INVOKE_STREAM[at:end])
        at = end
        decoder = eventstream.Decoder()
        decoder.feed(sent)
        decoder.end()
    last = relay.end()
    assert sent == INVOKE_STREAM
    assert last == eventstream.Decoder().feed(INVOKE_STREAM)[-1]


def test_tokens_of_a_converse_answer_are_read(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    caller.bedrock.answers(METADATA)
    assert _send(caller, "converse").body == METADATA
    assert audit_line(capsys)["input_tokens"] == 7


def test_bedrocks_own_exception_frame_passes_and_is_noted(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = frames.chunk(b"{}") + frames.exception("throttlingException", {"message": "x"})
    caller.bedrock.answers(stream)
    assert _send(caller, "invoke-with-response-stream").body == stream
    audit = audit_line(capsys)
    assert (audit["outcome"], audit["error_cause"]) == ("interrupted", "throttlingException")


@pytest.mark.parametrize("cut", [None, 5])
def test_an_exception_frame_names_nothing_of_the_account(caller: Caller, cut: int | None) -> None:
    error: dict[str, str | int] = {"message": f"of {ARN}", "originalStatusCode": 500}
    first, last = frames.chunk(b"{}"), frames.exception("modelStreamErrorException", error)
    caller.bedrock.answers(first + last[:cut], *([last[cut:]] if cut else []))
    response = _send(caller, "invoke-with-response-stream")
    *_, (headers, payload) = eventstream.Decoder().feed(response.body)
    assert response.body.startswith(first)
    assert headers[":exception-type"] == "modelStreamErrorException"
    assert json.loads(payload) == {**error, "message": "of [redacted]"}


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps({"message": {"cause": [f"of {ARN}"]}}).encode(),
        json.dumps([f"of {ARN}"]).encode(),
        f"of {ARN}".encode() + b" \xff",
    ],
)
def test_an_exception_of_another_form_names_nothing_of_the_account(
    caller: Caller, payload: bytes
) -> None:
    headers = {":message-type": "exception", ":exception-type": "throttlingException"}
    caller.bedrock.answers(eventstream.frame(headers, payload))
    ((_, sent),) = eventstream.Decoder().feed(_send(caller, "converse-stream").body)
    assert b"arn:aws" not in sent
    assert b"of [redacted]" in sent


def test_an_error_event_names_nothing_of_the_account(caller: Caller) -> None:
    event = {"type": "error", "error": {"type": "api_error", "message": f"of {ARN}"}}
    quoted = {"type": "content_block_delta", "delta": {"text": f'{{"type":"error" {ARN}'}}
    first = frames.chunk(b'{"type":"ping"}') + frames.chunk(json.dumps(quoted).encode())
    failure = frames.chunk(json.dumps(event, separators=(",", ":")).encode())
    caller.bedrock.answers(first + failure)
    body = _send(caller, "invoke-with-response-stream").body
    assert body.startswith(first)
    *_, (_, payload) = eventstream.Decoder().feed(body)
    error = {"type": "api_error", "message": "of [redacted]"}
    assert json.loads(message_stream.inner(payload)) == {**event, "error": error}


@pytest.mark.parametrize("behind", [b"", frames.chunk(b"{}"), INVOKE_STREAM])
def test_it_does_so_wherever_it_is_in_a_read(caller: Caller, behind: bytes) -> None:
    failure = frames.exception("throttlingException", {"message": f"of {ARN}"})
    private = eventstream.frame(
        {":message-type": "error", ":error-code": "x", ":error-message": f"of {ARN}"}, b"{}"
    )
    caller.bedrock.answers(frames.chunk(b"{}") + failure + private + behind)
    body = _send(caller, "invoke-with-response-stream").body
    assert b"arn:aws" not in body
    assert body.count(b"of [redacted]") == 2
    assert body.endswith(behind)


def test_an_error_event_inside_a_last_chunk_is_noted(
    caller: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    event = b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}'
    stream = frames.chunk(event)
    caller.bedrock.answers(stream)
    assert _send(caller, "invoke-with-response-stream").body == stream
    audit = audit_line(capsys)
    assert (audit["outcome"], audit["error_cause"]) == ("interrupted", "overloaded_error")
    assert audit["upstream_complete"] is False


@pytest.mark.parametrize("payload", [b'{"bytes":"%%%"}', b'{"bytes":1}', b'{"bytes":"eA=="}'])
def test_a_last_frame_that_cannot_be_decoded_is_no_failure_of_the_gateway(
    caller: Caller, capsys: pytest.CaptureFixture[str], payload: bytes
) -> None:
    chunk = {":message-type": "event", ":event-type": "chunk"}
    stream = INVOKE_STREAM + eventstream.frame(chunk, payload)
    caller.bedrock.answers(stream)
    assert _send(caller, "invoke-with-response-stream").body == stream
    assert audit_line(capsys)["outcome"] == "completed"


@pytest.mark.parametrize(
    "failure", [errors.UpstreamFailed("cut"), b"\0" * 12, INVOKE_STREAM[: len(INVOKE_STREAM) // 2]]
)
def test_a_stream_that_breaks_ends_in_an_exception_frame(
    caller: Caller, failure: bytes | GatewayError
) -> None:
    first = frames.chunk(b"{}")
    caller.bedrock.answers(first, failure)
    response = _send(caller, "invoke-with-response-stream")
    *_, (headers, _) = eventstream.Decoder().feed(response.body)
    assert response.body.startswith(first)
    assert headers[":exception-type"] == "internalServerException"


@pytest.mark.parametrize(
    ("status", "name", "retry_after"),
    [(400, "ValidationException", ""), (403, "AccessDeniedException", ""),
     (404, "ResourceNotFoundException", ""), (408, "ModelTimeoutException", ""),
     (424, "ModelErrorException", ""), (429, "ThrottlingException", "1"),
     (500, "InternalServerException", ""), (503, "ServiceUnavailableException", "")],
)  # fmt: skip
def test_bedrocks_errors_retain_their_name_and_status(
    caller: Caller, status: int, name: str, retry_after: str
) -> None:
    caller.bedrock.answers(b'{"message":"m"}', status=status, x_amzn_errortype=name)
    response = _send(caller, "converse")
    assert (response.status, response.headers["x-amzn-errortype"]) == (status, name)
    assert set(response.json()) == {"message"}
    assert response.headers.get("retry-after", "") == retry_after


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        ("/model/gpt-4/invoke", 404, "ResourceNotFoundException"),
        ("/model/claude-3-7-sonnet/converse", 404, "ResourceNotFoundException"),
        ("/model/claude-haiku-4-5/invoke", 403, "AccessDeniedException"),
        (f"/model/us.{PROFILE[7:]}/invoke", 400, "ValidationException"),
        (f"/model/{MODEL}/invoke-with-bidirectional-stream", 404, "ResourceNotFoundException"),
        ("/model/claude-opus-4-5/count-tokens", 400, "ValidationException"),
        ("/model/", 404, "ResourceNotFoundException"),
        ("/inference-profiles/gpt-4", 404, "ResourceNotFoundException"),
    ],
)
def test_the_gateways_own_refusals_are_bedrocks_exceptions(
    caller: Caller, path: str, status: int, name: str
) -> None:
    method = "GET" if path.startswith("/inference") else "POST"
    response = caller.send("{}", method, path)
    assert (response.status, response.headers["x-amzn-errortype"]) == (status, name)
    assert response.json()["message"]
    assert caller.bedrock.sent == []


def test_a_converse_body_that_is_no_object_or_has_bad_metadata_is_refused(caller: Caller) -> None:
    for body in ("[", "[]", '{"requestMetadata":[]}', '{"requestMetadata":{"a":1}}'):
        response = _send(caller, "converse", body)
        assert (response.status, response.headers["x-amzn-errortype"]) == (
            400,
            "ValidationException",
        )
    assert caller.bedrock.sent == []


def test_the_profiles_and_models_are_those_of_the_stage_without_account_ids(caller: Caller) -> None:
    models = caller.send("", "GET", "/foundation-models").json()["modelSummaries"]
    profiles = caller.send("", "GET", "/inference-profiles").json()["inferenceProfileSummaries"]
    assert [model["modelId"] for model in models] == [
        PROFILE.partition(".")[2],
        models[1]["modelId"],
    ]
    assert PROFILE in [profile["inferenceProfileId"] for profile in profiles]
    assert len(models) == len(profiles) == len(caller.settings.allowed_models)
    profile_body = caller.send("", "GET", f"/inference-profiles/{quote(PROFILE, safe='')}").json()
    assert profile_body in profiles
    assert profile_body["inferenceProfileArn"].split(":")[4] == ""


COUNT = {"model": MODEL, "messages": [], "thinking": {"budget_tokens": 2000}, "tags": {}}


def test_tokens_are_counted_for_the_base_model_with_a_complete_invoke_body(caller: Caller) -> None:
    caller.bedrock.answers(b'{"inputTokens":12}')
    assert caller.send(COUNT, path="/v1/messages/count_tokens").json() == {"input_tokens": 12}
    base_id = quote(PROFILE.removeprefix("global."), safe="")
    assert caller.bedrock.sent[0].path == f"/model/{base_id}/count-tokens"
    assert caller.bedrock.counted == {
        "messages": [],
        "thinking": {"budget_tokens": 2000},
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 2001,
    }


def test_bedrocks_own_question_passes_untouched(caller: Caller) -> None:
    caller.bedrock.answers(b'{"inputTokens":12}')
    assert _send(caller, "count-tokens", ' {"input":{}}').body == b'{"inputTokens":12}'
    assert caller.bedrock.sent[0].body == b' {"input":{}}'


@pytest.mark.parametrize("model", ["claude-opus-4-5", MODEL])
def test_where_bedrock_counts_no_tokens_clients_learn_not_to_retry(
    caller: Caller, model: str
) -> None:
    message = b'{"message":"The provided model doesn\'t support counting tokens."}'
    caller.bedrock.answers(message, status=400, x_amzn_errortype="ValidationException")
    response = caller.send({**COUNT, "model": model}, path="/v1/messages/count_tokens")
    assert (response.status, response.json()["error"]["type"]) == (501, "not_supported")
    assert response.headers["x-should-retry"] == "false"


def test_other_refusals_of_a_count_are_the_callers(caller: Caller) -> None:
    caller.bedrock.answers(b'{"message":"m"}', status=400, x_amzn_errortype="ValidationException")
    assert caller.send(COUNT, path="/v1/messages/count_tokens").status == 400


def test_the_old_name_of_the_output_format_is_counted_too(caller: Caller) -> None:
    caller.bedrock.answers(b'{"inputTokens":12}')
    schema = {"type": "json_schema", "schema": {"type": "object"}}
    body = {**COUNT, "output_format": schema}
    response = caller.send(body, path="/v1/messages/count_tokens")
    assert response.status == 200
    assert caller.bedrock.counted["output_config"] == {"format": schema}
    assert "output_format" not in caller.bedrock.counted
    assert "output_format:renamed" in response.headers["x-gateway-adapted"]


def test_a_count_is_requested_with_what_counts(caller: Caller) -> None:
    caller.bedrock.answers(b'{"inputTokens":12}')
    needed, idle = "context-management-2025-06-27", "claude-code-20250219"
    body = {"model": MODEL, "messages": [], "tools": [], "context_management": {}}
    body["thinking"] = {"type": "enabled", "budget_tokens": 2000.0}
    path, betas = "/v1/messages/count_tokens", {"anthropic-beta": f"{idle},{needed}"}
    response = caller.send(body, path=path, headers=betas)
    assert response.headers["x-gateway-adapted"].split(", ") == [f"beta:{idle}", "field:tools"]
    assert caller.bedrock.counted["anthropic_beta"] == [needed]
    assert caller.bedrock.counted["max_tokens"] == 2001
    assert "tools" not in caller.bedrock.counted


def test_a_tool_that_cannot_be_counted_is_named(caller: Caller) -> None:
    refusal = b'{"message":"tools.0.custom.input_schema.type: Field required"}'
    caller.bedrock.answers(refusal, status=400, x_amzn_errortype="ValidationException")
    body = {**COUNT, "tools": [{"name": "mcp__clock", "input_schema": {}}]}
    answer = caller.send(body, path="/v1/messages/count_tokens")
    assert answer.json()["error"]["message"].endswith('(tools.0 is "mcp__clock".)')
