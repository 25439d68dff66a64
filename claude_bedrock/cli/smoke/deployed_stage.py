"""The stage under test: its clients, and the calls that several checks share, each made once."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, TypeVar

from claude_bedrock.catalog import Model
from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.cli.shared.endpoint import Endpoint
from claude_bedrock.cli.shared.record_sources import audit_lines_of, records_of
from claude_bedrock.cli.smoke.http_call import Response, send
from claude_bedrock.records.invocation_records import Records
from claude_bedrock.records.read_digest import Fingerprint

LARGE_BODY_BYTES: Final = 150_000
"""Bedrock keeps a body above 100 KB out of the record, in an object of its own:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"""
ANSWER_TOKENS: Final = {
    "message": 64,
    "invoked": 64,
    "stream": 400,
    "large": 16,
    "disconnected": 600,
    "mantle": 16,
}
"""The most output tokens of each call that reaches a model."""

_TOO_MANY_TOKENS: Final = 100_000_000
_BY_INVOKE: Final = {"x-amzn-bedrock-trace": "DISABLED"}
"""An option of Bedrock's, with which a message goes by InvokeModel on every stage."""
_PACED: Final = " [[reply: events=12 pace=0.1]]"
"""Makes the local Bedrock answer in pieces: docs/local-bedrock.md."""
_SHORT_ANSWER: Final = "Say hello in five words."
_LONG_ANSWER: Final = "Count from 1 to 150, one number a line."
_POLL_SECONDS: Final = 5.0
_CLOCKS_DIFFER: Final = timedelta(minutes=5)

Value = TypeVar("Value")


class Subject:
    """A deployed stage, its endpoint, and the model that is called. Each property that calls AWS or
    the endpoint may raise botocore's errors and RefusedError."""

    def __init__(
        self,
        deployment: Deployment,
        endpoint: Endpoint,
        model: Model,
        *,
        wait_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.deployment = deployment
        self.endpoint = endpoint
        self.model = model
        self._wait_seconds = wait_seconds
        self._sleep = sleep
        self._outputs: dict[str, Mapping[str, str]] = {}

    @property
    def is_local(self) -> bool:
        return self.deployment.endpoint_url is not None

    def client(self, service: str) -> Client:
        return self.deployment.client(service)

    def output(self, stack: str, name: str) -> str:
        """Return an output of one of the stage's stacks; empty if the stack has no such output."""
        if stack not in self._outputs:
            self._outputs[stack] = self.deployment.outputs(stack)
        return self._outputs[stack].get(name, "")

    @property
    def uses_keys(self) -> bool:
        """Whether callers have API keys; else they sign."""
        return self.output("Gateway", "Auth") != "iam"

    @property
    def body_limit_bytes(self) -> int:
        """The largest body that the stage's web ACL lets through; 0 for any."""
        return int(self.output("Gateway", "BodyLimitKb") or 0) * 1024

    @cached_property
    def records(self) -> Records:
        return records_of(self.deployment)

    @cached_property
    def message(self) -> Response:
        """A short answer as JSON."""
        return self._send_message("message", _SHORT_ANSWER)

    @cached_property
    def invoked(self) -> Response:
        """The same, by InvokeModel."""
        return self._send_message("invoked", _SHORT_ANSWER, headers=_BY_INVOKE)

    @cached_property
    def refused(self) -> Response:
        """The refusal of a message whose `max_tokens` is more than any model takes."""
        return self._send(_SHORT_ANSWER, _TOO_MANY_TOKENS)

    @cached_property
    def refused_by_invoke(self) -> Response:
        """The same, by InvokeModel."""
        return self._send(_SHORT_ANSWER, _TOO_MANY_TOKENS, headers=_BY_INVOKE)

    @cached_property
    def upstream(self) -> str:
        """How messages reach Bedrock, as the audit log entry of one has it."""
        return str((self.audit_entry(self.message) or {}).get("upstream", "invoke"))

    @cached_property
    def stream(self) -> Response:
        """A long answer as a stream, read to its end."""
        return self._send_message("stream", _LONG_ANSWER, stream=True)

    @cached_property
    def large(self) -> Response:
        """An answer to a body of LARGE_BODY_BYTES."""
        return self._send_message("large", "word " * (LARGE_BODY_BYTES // 5))

    @cached_property
    def disconnected(self) -> Response:
        """A long answer, of which the client reads three events before it disconnects."""
        return self._send_message("disconnected", _LONG_ANSWER, stream=True, last_event=3)

    def audit_entry(self, response: Response) -> Mapping[str, Any] | None:
        """Return the gateway's audit log entry of that response, None if none comes in time."""
        return self.wait_for(lambda: self._find_audit_entry(response))

    def wait_for(self, find: Callable[[], Value | None]) -> Value | None:
        """Return what `find` returns, called until it is not None or `wait_seconds` have passed."""
        waited = 0.0
        while True:
            value = find()
            if value is not None or waited >= self._wait_seconds:
                return value
            self._sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS

    def _find_audit_entry(self, response: Response) -> Mapping[str, Any] | None:
        since = response.started_at - _CLOCKS_DIFFER
        entries = audit_lines_of(self.deployment, since, _tomorrow(), Fingerprint())
        for entry in (item.content for item in entries if item.content is not None):
            ids = (entry.get("bedrock_request_id"), entry.get("gateway_request_id"))
            if response.request_id in ids:
                return entry
        return None

    def _send_message(
        self,
        name: str,
        prompt: str,
        *,
        stream: bool = False,
        last_event: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        tokens = ANSWER_TOKENS[name]
        return self._send(prompt, tokens, stream=stream, last_event=last_event, headers=headers)

    def _send(
        self,
        prompt: str,
        tokens: int,
        *,
        stream: bool = False,
        last_event: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        text = prompt + (_PACED if self.is_local else "")
        body = {
            "model": self.model.name,
            "max_tokens": tokens,
            "messages": [{"role": "user", "content": text}],
            "stream": stream,
        }
        return send(
            self.endpoint,
            "POST",
            "/v1/messages",
            json.dumps(body).encode(),
            last_event=last_event,
            headers=headers,
        )


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)
