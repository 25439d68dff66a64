"""A made-up call in Bedrock's record and in the gateway's audit line.

As local/bedrock/records.py and lambda/gateway/audit.py write them, which tests hold it to; put
together as text, since a month has a million of them.
"""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

ACCOUNT = "123456789012"
PROMPT = "What does the contract say of notice? Please answer in short sentences. "
_ANSWER = "Either side may end it with three months' notice to the end of a quarter. "
_OPERATIONS = {False: "InvokeModel", True: "InvokeModelWithResponseStream"}


class Caller(NamedTuple):
    """Who calls: by a key of that name, or signed as `arn`."""

    name: str = ""
    arn: str = ""

    @property
    def metadata(self) -> dict[str, str]:
        if self.name:
            return {"api_key_id": f"key{self.name}", "api_key_name": self.name}
        return {"caller_arn": self.arn}

    @property
    def session(self) -> str:
        """The caller's name, as the gateway has it."""
        return self.name or self.arn.partition(":assumed-role/")[2]


class Call(NamedTuple):
    """`at` in seconds since 1970; tokens as Bedrock counts them, each in one field only. `large`:
    where in S3 the prompt lies, if it does not stand in the record."""

    request_id: str
    gateway_request_id: str
    at: int
    caller: Caller
    model: str
    model_id: str
    region: str
    answered_in: str
    stream: bool
    throttled: bool
    input: int
    output: int
    cache_read: int
    cache_write: int
    large: str
    milliseconds: int


def record(call: Call, gateway_arn: str) -> str:
    """Return one line of a file of records, without its end."""
    metadata = {**call.caller.metadata, "gateway_request_id": call.gateway_request_id}
    error = '"errorCode":"ThrottlingException",' if call.throttled else ""
    output = "" if call.throttled else f',"output":{_output(call)}'
    return (
        '{"schemaType":"ModelInvocationLog","schemaVersion":"1.0",'
        f'"timestamp":"{_iso(call.at)}","accountId":"{ACCOUNT}",'
        f'"identity":{{"arn":"{gateway_arn}"}},"region":"{call.region}",'
        f'"inferenceRegion":"{call.answered_in}","requestId":"{call.request_id}",'
        f'"operation":"{_OPERATIONS[call.stream]}","modelId":"{call.model_id}",'
        f'"requestMetadata":{_json(metadata)},{error}"input":{_input(call)}{output}}}'
    )


def large_prompt() -> bytes:
    """Return the body of a call whose prompt does not fit into its record."""
    return (_request_body(PROMPT * 1600)).encode()


def audit_line(call: Call) -> dict[str, Any]:
    """Return the gateway's own account, which it writes when the answer has gone out."""
    line: dict[str, Any] = {
        "gateway_request_id": call.gateway_request_id,
        "bedrock_request_id": call.request_id,
        **call.caller.metadata,
        "route": "POST /v1/messages",
        "model": call.model,
        "model_id": call.model_id,
        "stream": call.stream,
        "status": 429 if call.throttled else 200,
        "upstream_status": 429 if call.throttled else 200,
        "upstream_complete": True,
        "outcome": "upstream_error" if call.throttled else "completed",
        "request_bytes": 400,
        "response_bytes": 100 if call.throttled else 900,
        "first_byte_ms": call.milliseconds // 4,
        "duration_ms": call.milliseconds,
    }
    if call.throttled:
        return {**line, "error_type": "rate_limit_error", "error_cause": "ThrottlingException"}
    return {
        **line,
        "input_tokens": call.input,
        "output_tokens": call.output,
        "cache_read_input_tokens": call.cache_read,
        "cache_creation_input_tokens": call.cache_write,
    }


def _input(call: Call) -> str:
    body = (
        f'"inputBodyS3Path":"{call.large}"' if call.large else f'"inputBodyJson":{_request_body()}'
    )
    if call.throttled:
        return f'{{"inputContentType":"application/json",{body}}}'
    return (
        f'{{"inputContentType":"application/json",{body},"inputTokenCount":{call.input},'
        f'"cacheReadInputTokenCount":{call.cache_read},'
        f'"cacheWriteInputTokenCount":{call.cache_write}}}'
    )


def _output(call: Call) -> str:
    body = _events(call) if call.stream else _message(call)
    return (
        f'{{"outputContentType":"application/json","outputBodyJson":{body},'
        f'"outputTokenCount":{call.output}}}'
    )


def _request_body(prompt: str = PROMPT) -> str:
    return (
        '{"anthropic_version":"bedrock-2023-05-31","max_tokens":1000,"messages":'
        f'[{{"role":"user","content":"{prompt}"}}]}}'
    )


def _message(call: Call) -> str:
    return (
        f'{{"id":"msg_bdrk_{call.request_id[:8]}","type":"message","role":"assistant",'
        f'"model":"{call.model}","content":[{{"type":"text","text":"{_ANSWER}"}}],'
        f'"stop_reason":"end_turn","stop_sequence":null,"usage":{_usage(call)}}}'
    )


def _events(call: Call) -> str:
    """Return what a stream leaves in the record: a list of its events."""
    return (
        '[{"type":"message_start","message":{"type":"message","role":"assistant",'
        f'"model":"{call.model}","content":[],"usage":{_usage(call)}}}}},'
        '{"type":"content_block_delta","index":0,"delta":'
        f'{{"type":"text_delta","text":"{_ANSWER}"}}}},'
        f'{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{_usage(call)}}},'
        '{"type":"message_stop"}]'
    )


def _usage(call: Call) -> str:
    return (
        f'{{"input_tokens":{call.input},"cache_creation_input_tokens":{call.cache_write},'
        f'"cache_read_input_tokens":{call.cache_read},"output_tokens":{call.output}}}'
    )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
