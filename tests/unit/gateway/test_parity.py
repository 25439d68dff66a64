"""One policy, one trail: what is asked in Anthropic's format and in Bedrock's is the same call."""

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from gateway.caller_options import METADATA_HEADER
from gateway.settings import Settings
from local.bedrock import frames
from tests.unit.gateway.conftest import MODEL, Caller
from tests.unit.gateway.fakes import SentResponse

METRICS = {"inputTokenCount": 7, "outputTokenCount": 3, "cacheReadInputTokenCount": 2}
STOP = {"type": "message_stop", "amazon-bedrock-invocationMetrics": METRICS}
USAGE = {"input_tokens": 7, "output_tokens": 3, "cache_read_input_tokens": 2}
START = {"type": "message_start", "message": {"usage": USAGE}}
STREAM = b"".join(frames.chunk(json.dumps(event).encode()) for event in (START, STOP))
COUNTS = {"x_amzn_bedrock_input_token_count": "7", "x_amzn_bedrock_output_token_count": "3"}
GATEWAY_METADATA = {"api_key_id": "key1", "api_key_name": "team-a", "gateway_request_id": "gw-1"}
FORMAT = {"route", "request_bytes", "response_bytes", "first_byte_ms", "duration_ms"}

TEXT = st.text(min_size=1, max_size=20)
BLOCK = st.builds(
    lambda text, marker: {"type": "text", "text": text, **marker},
    TEXT,
    st.sampled_from([{}, {"cache_control": {"type": "ephemeral", "ttl": "1h"}}]),
)
CONTENT = TEXT | st.lists(BLOCK, min_size=1, max_size=3)
TURN = st.builds(lambda role, content: {"role": role, "content": content},
                 st.sampled_from(["user", "assistant"]), CONTENT)  # fmt: skip
TOOL = st.builds(lambda name: {"name": name, "input_schema": {"type": "object"}}, TEXT)
PROMPT = st.fixed_dictionaries(
    {"max_tokens": st.integers(1, 9), "messages": st.lists(TURN, min_size=1, max_size=3)},
    optional={
        "system": CONTENT,
        "tools": st.lists(TOOL, max_size=2),
        "stop_sequences": st.lists(TEXT, max_size=2),
        "temperature": st.floats(0, 1),
        "thinking": st.just({"type": "enabled", "budget_tokens": 1024}),
        "anthropic_beta": st.just(["interleaved-thinking-2025-05-14"]),
    },
)
EXAMPLES = profile(
    max_examples=3 * profile().max_examples // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Exchange(NamedTuple):
    """What Bedrock was sent and what the trail says."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    line: dict[str, Any]
    response: SentResponse

    @property
    def trail(self) -> dict[str, Any]:
        return {name: value for name, value in self.line.items() if name not in FORMAT}


def exchange(
    settings: Settings,
    path: str,
    body: object,
    *,
    stream: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Exchange:
    caller = Caller(settings)
    if stream:
        caller.bedrock.answers(STREAM)
    else:
        caller.bedrock.answers(
            b'{"usage":{"inputTokens":7,"outputTokens":3}}', status=200, **COUNTS
        )
    with redirect_stdout(io.StringIO()) as printed:
        response = caller.send(body, path=path, headers=headers)
    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    (audit,) = [line["audit"] for line in lines if line.get("message") == "audit"]
    return Exchange(caller.bedrock.body, caller.bedrock.sent[0].headers, audit, response)


@given(PROMPT, st.booleans())
@EXAMPLES
def test_a_prompt_is_the_same_call_in_either_format(
    settings: Settings, prompt: dict[str, Any], stream: bool
) -> None:
    operation = "invoke-with-response-stream" if stream else "invoke"
    native = {**prompt, "anthropic_version": "bedrock-2023-05-31"}
    request = {"model": MODEL, **prompt, "stream": stream}
    translated = exchange(settings, "/v1/messages", request, stream=stream)
    passed_on = exchange(settings, f"/model/{MODEL}/{operation}", native, stream=stream)

    assert translated.body == passed_on.body == native
    assert translated.headers[METADATA_HEADER] == passed_on.headers[METADATA_HEADER]
    assert translated.trail == passed_on.trail
    assert (translated.trail["status"], translated.trail["outcome"]) == (200, "completed")
    assert (translated.trail["input_tokens"], translated.trail["output_tokens"]) == (7, 3)
    assert translated.line["route"] != passed_on.line["route"]


NAMES = st.sampled_from(
    [*GATEWAY_METADATA, *(f"client_{name}" for name in GATEWAY_METADATA)]
) | st.text(max_size=10)


@given(st.dictionaries(NAMES, st.text(max_size=10), max_size=5))
@EXAMPLES
def test_a_forged_entry_never_passes_as_the_gateways(
    settings: Settings, forged: dict[str, str]
) -> None:
    header = {"X-Amzn-Bedrock-Request-Metadata": json.dumps(forged)}
    prompt: dict[str, Any] = {"max_tokens": 1, "messages": []}
    expected = {**{f"client_{name}": value for name, value in forged.items()}, **GATEWAY_METADATA}

    for path, body in (
        ("/v1/messages", {"model": MODEL, **prompt}),
        (f"/model/{MODEL}/invoke", prompt),
    ):
        call = exchange(settings, path, body, headers=header)
        assert json.loads(call.headers[METADATA_HEADER]) == expected
    for body, headers in (({}, header), ({"requestMetadata": forged}, {})):
        call = exchange(settings, f"/model/{MODEL}/converse", body, headers=headers)
        assert METADATA_HEADER not in call.headers
        assert call.body["requestMetadata"] == expected


@pytest.mark.parametrize("path", ["/v1/messages", f"/model/{MODEL}/invoke"])
def test_a_guardrail_binds_and_a_tier_holds_in_either_format(settings: Settings, path: str) -> None:
    request = {
        "X-Amzn-Bedrock-GuardrailIdentifier": "g",
        "X-Amzn-Bedrock-GuardrailVersion": "1",
        "X-Amzn-Bedrock-Trace": "ENABLED",
        "X-Amzn-Bedrock-Service-Tier": "flex",
        "X-Amzn-Bedrock-PerformanceConfig-Latency": "optimized",
    }
    body = {"model": MODEL, "max_tokens": 1, "messages": []}
    call = exchange(
        settings._replace(service_tiers=("default", "flex")), path, body, headers=request
    )

    assert request.items() <= {name: call.headers.get(name.lower()) for name in request}.items()
    assert call.response.headers["x-amzn-bedrock-input-token-count"] == "7"


@pytest.mark.parametrize("path", ["/v1/messages", f"/model/{MODEL}/invoke"])
@pytest.mark.parametrize("route", ["global", "us", "eu"])
def test_one_alias_goes_where_its_stage_sends_it(settings: Settings, path: str, route: str) -> None:
    region = "eu-west-1" if route == "eu" else "us-east-1"
    caller = Caller(settings._replace(geographies=(route,), region=region))

    assert caller.send({"model": MODEL, "max_tokens": 1, "messages": []}, path=path).status == 200
    (call,) = caller.bedrock.sent
    assert call.path == f"/model/{route}.anthropic.{MODEL}-20250929-v1%3A0/invoke"
