"""One call of Bedrock: who asks is written into its record, how long it may take, what it refused.

Every route that invokes a model goes through `ask`, so that none can forget the audit trail.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from gateway import errors, json_object
from gateway.audit import Record
from gateway.request import Request
from gateway.service import Service, model_path
from gateway.settings import Guardrail
from gateway.upstream import Reply, read_all

METADATA_HEADER = "x-amzn-bedrock-request-metadata"
_SILENT_SECONDS = 290.0  # API Gateway gives up on a silent connection after 300
_RESERVE_SECONDS = 5.0  # to tell the caller before Lambda ends the invocation
_CLIENT_PREFIX = "client_"
_BEDROCKS = "x-amzn-bedrock-"
_UNFIT = re.compile(r"[^a-zA-Z0-9\s:_@$#=/+,.-]")
_LONGEST_VALUE = 256


class Call(NamedTuple):
    """What Bedrock is asked: an operation on the first of `model_ids`, and on the next only where
    Bedrock has no capacity for the one before; the body is ready to send."""

    model_ids: tuple[str, ...]
    operation: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """Bedrock's 200. `until`: the moment, by the monotonic clock, when it must be passed on."""

    reply: Reply
    until: float

    def read(self, seconds: float) -> bytes | None:
        """As Reply.read, within the time there is. Raises UpstreamTimeout past it."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise errors.UpstreamTimeout("The answer took longer than this gateway may run.")
        return self.reply.read(min(seconds, left))

    def read_all(self) -> bytes:
        """The whole body, for an answer that is sent in one piece."""
        return read_all(self.reply, min(_SILENT_SECONDS, self.until - time.monotonic()))


@contextmanager
def ask(call: Call, record: Record, service: Service) -> Iterator[Answer]:
    """Send `call` and give Bedrock's answer; what Bedrock refuses is raised as ours."""
    _check(call.headers)
    until = time.monotonic() + service.remaining() - _RESERVE_SECONDS
    answer = _first_with_capacity(call, until, record, service)
    try:
        yield answer
    finally:
        answer.reply.close()


def _first_with_capacity(call: Call, until: float, record: Record, service: Service) -> Answer:
    *earlier, last = call.model_ids
    for model_id in earlier:
        try:
            return _ask_one(call, model_id, until, record, service)
        except (errors.RateLimited, errors.Overloaded):
            continue
    return _ask_one(call, last, until, record, service)


def _ask_one(call: Call, model_id: str, until: float, record: Record, service: Service) -> Answer:
    record.asks(model_id)
    path = model_path(service.called_as(model_id, record.team), call.operation)
    patience = min(_SILENT_SECONDS, until - time.monotonic())
    reply = service.upstream.post(path, call.headers, call.body, seconds=patience)
    record.bedrock_request_id = reply.headers.get("x-amzn-requestid", "")
    answer = Answer(reply, until)
    if reply.status == 200:
        return answer
    try:
        raise _refusal(reply, answer.read_all())
    finally:
        reply.close()


def _check(headers: Mapping[str, str]) -> None:
    """A line break in a value would begin another header: https://www.rfc-editor.org/rfc/rfc9110#section-5.5"""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise errors.InvalidRequest(f"{name}: HTTP does not allow all of these characters")


def carried(headers: Mapping[str, str]) -> dict[str, str]:
    """Bedrock's own headers, of a request or of an answer: guardrail, trace, service tier, latency,
    counts. All but the metadata, which is the gateway's to write.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
    """
    return {
        name: value
        for name, value in headers.items()
        if name.startswith(_BEDROCKS) and name != METADATA_HEADER
    }


def guarded(headers: Mapping[str, str], guardrail: Guardrail | None) -> dict[str, str]:
    """A client's headers for Bedrock, the stage's guardrail over the client's own:
    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html"""
    if guardrail is None:
        return carried(headers)
    named = {"guardrailidentifier": guardrail.id, "guardrailversion": guardrail.version}
    return {**carried(headers), **{f"{_BEDROCKS}{name}": value for name, value in named.items()}}


def metadata(
    request: Request, record: Record, client: Mapping[str, object] | None = None
) -> dict[str, str]:
    """What Bedrock's record says of the caller. The gateway's entries are the gateway's alone:
    what a client sent in the header, or as `client`, is kept under a prefix of its own.

    https://docs.aws.amazon.com/bedrock/latest/userguide/cost-mgmt-request-metadata.html
    """
    theirs = {**_sent(request.headers.get(METADATA_HEADER, "")), **(client or {})}
    if not all(isinstance(value, str) for value in theirs.values()):
        raise errors.InvalidRequest("The request metadata must be an object of strings.")
    ours = {
        "api_key_id": request.api_key_id,
        "api_key_name": record.api_key_name,
        "caller_arn": _fitting(request.caller_arn),
        "gateway_request_id": request.id,
    }
    return {
        **{f"{_CLIENT_PREFIX}{name}": str(value) for name, value in theirs.items()},
        **{name: value for name, value in ours.items() if value},
    }


def _fitting(value: str) -> str:
    """Cut to what Bedrock takes as a value of metadata; a path in a user's ARN may hold more.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
    """
    return _UNFIT.sub("_", value)[:_LONGEST_VALUE]


def _sent(header: str) -> dict[str, object]:
    try:
        content = json.loads(header or "{}")
    except (ValueError, RecursionError) as error:
        raise errors.InvalidRequest("The request metadata is not valid JSON.") from error
    if not isinstance(content, dict):
        raise errors.InvalidRequest("The request metadata must be an object of strings.")
    return content


def _refusal(reply: Reply, body: bytes) -> errors.GatewayError:
    message = json_object.parsed(body).get("message")
    return errors.from_bedrock(
        reply.headers.get("x-amzn-errortype", ""),
        str(message or ""),
        status=reply.status,
        retry_after=reply.headers.get("retry-after", ""),
    )
