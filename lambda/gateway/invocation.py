"""One call of Bedrock: who asks is written into its record, how long it may take, what it refused.

Every route that invokes a model goes through `ask`, so that none can forget the audit trail.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from gateway import errors, json_object, retries
from gateway.audit import Record
from gateway.caller_options import METADATA_HEADER, PREFIX, TIER_HEADER
from gateway.patience import Patience
from gateway.request import Request
from gateway.service import Service, model_path
from gateway.upstream import LOOK_SECONDS, Reply, read_all

_SHORTEST_READ = 0.001  # seconds
_CLIENT_PREFIX = "client_"
_UNFIT = r"[^a-zA-Z0-9\s:_@$#=/+,.-]"
_LONGEST_VALUE = 256


class Call:
    """What Bedrock is asked: an operation on the first of `model_ids`, and on the next only where
    Bedrock has no capacity for the one before; the body is ready to send."""

    def __init__(
        self,
        model_ids: tuple[str, ...],
        operation: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        self.model_ids = model_ids
        self.operation = operation
        self.headers = headers
        self.body = body


class Answer:
    """Bedrock's 200, and how long it may take to pass it on."""

    def __init__(self, reply: Reply, patience: Patience, record: Record) -> None:
        self.reply = reply
        self.patience = patience
        self.record = record

    def read(self, seconds: float) -> bytes | None:
        """The next bytes; None after `seconds` without any.

        Raises UpstreamTimeout when there is no time left, UpstreamFailed, CallerGone."""
        return self.reply.read(min(seconds, self.patience.left()))

    def read_or_speak(self, quiet_seconds: float) -> bytes | None:
        """The same; None as soon as the caller has been told nothing for `quiet_seconds`."""
        return self.read(max(quiet_seconds - self.patience.quiet(), _SHORTEST_READ))

    def spoke(self) -> None:
        """The caller has been sent something of it."""
        self.patience.spoke()

    def read_all(self) -> bytes:
        """The whole body, for an answer that is sent in one piece."""
        return read_all(self.reply, self.patience.left())

    def complete(self) -> None:
        """Bedrock's answer was read to its end, and is one."""
        self.record.upstream_complete = True

    def read_object(self) -> bytes:
        """The same, of a JSON object: what else came with a 200 is no answer of Bedrock's."""
        body = self.read_all()
        if not (body.lstrip()[:1] == b"{" and body.rstrip()[-1:] == b"}"):
            raise errors.UpstreamFailed("Bedrock's answer could not be read.", cause="NotJson")
        self.complete()
        return body


@contextmanager
def ask(call: Call, record: Record, service: Service) -> Iterator[Answer]:
    """Send `call` and give Bedrock's answer; what Bedrock refuses is raised as ours."""
    _check(call.headers)
    answer = _answered(call, record, service)
    try:
        yield answer
    finally:
        answer.reply.close()


def _answered(call: Call, record: Record, service: Service) -> Answer:
    """Of the first profile that has capacity; else of the first one, asked again."""
    patience = Patience(service.remaining())
    model_id, *others = call.model_ids
    retried, failed = 0, None
    while True:
        try:
            return _ask_one(
                call, model_id, after=failed, patience=patience, record=record, service=service
            )
        except errors.GatewayError as error:
            failed = error
            turned_away = retries.turned_away(error)
            if turned_away and others:
                model_id = others.pop(0)
            elif _waits(error, retried, patience, record, service):
                model_id = call.model_ids[0] if turned_away else model_id
                retried += 1
            else:
                raise


def _waits(
    error: errors.GatewayError, retried: int, patience: Patience, record: Record, service: Service
) -> bool:
    """Whether the call is made again now. If not, and it was, the caller is told not to go on."""
    theirs = retries.announced(record.headers)
    left = patience.seconds()
    seconds = service.retries.spend(error, retried=retried, left=left, theirs=theirs)
    if seconds is not None:
        _pause(seconds, service.look)
        return True
    if retried and retries.answered(error) and not theirs:
        error.headers = {**error.headers, "x-should-retry": "false"}
    return False


def _pause(seconds: float, look: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        look()
        time.sleep(min(left, LOOK_SECONDS))


def _ask_one(
    call: Call,
    model_id: str,
    *,
    after: errors.GatewayError | None,
    patience: Patience,
    record: Record,
    service: Service,
) -> Answer:
    seconds = patience.left()
    record.asks(model_id, after)
    called_as = service.called_as(model_id, record.team)
    record.inference_profile_arn = called_as if called_as != model_id else ""
    path = model_path(called_as, call.operation)
    try:
        reply = service.upstream.post(
            path, call.headers, call.body, seconds=seconds, look=service.look
        )
    except errors.NotSent:
        record.upstream_reached = False
        raise
    record.answered(reply.status, reply.headers.get("x-amzn-requestid", ""))
    answer = Answer(reply, patience, record)
    if reply.status == 200:
        record.service_tier = reply.headers.get(TIER_HEADER, record.service_tier)
        service.retries.earn()
        return answer
    try:
        body = answer.read_all()
        answer.complete()
        raise _refusal(reply, body)
    finally:
        reply.close()


def _check(headers: Mapping[str, str]) -> None:
    """A line break in a value would begin another header: https://www.rfc-editor.org/rfc/rfc9110#section-5.5"""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise errors.InvalidRequest(f"{name}: HTTP does not allow all of these characters")


def carried(headers: Mapping[str, str]) -> dict[str, str]:
    """Bedrock's own headers of an answer: guardrail, trace, service tier, latency, counts.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
    """
    return {name: value for name, value in headers.items() if name.startswith(PREFIX)}


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
    return re.sub(_UNFIT, "_", value)[:_LONGEST_VALUE] if value else ""


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
