"""The gateway's record of one request: who, which model, what came of it; never what was said."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from claude_bedrock import catalog
from gateway import deprecation
from gateway.errors import GatewayError, Overloaded, PermissionDenied, RateLimited
from gateway.request import Request
from gateway.runtime import Response
from gateway.usage import Usage

ADAPTED_HEADER = "x-gateway-adapted"
MODEL_ID_HEADER = "x-gateway-model-id"
_LONGEST_MESSAGE = 1000
_QUOTABLE = (PermissionDenied, RateLimited, Overloaded)
_LONGEST_HEADER = 4096  # of the 10,240 bytes that API Gateway gives all headers
COMPLETED = "completed"
REFUSED = "refused"  # by us, before Bedrock was asked
UPSTREAM_ERROR = "upstream_error"  # by Bedrock, before the first byte went out
INTERRUPTED = "interrupted"  # after the first byte
CALLER_GONE = "caller_gone"
FAILED = "failed"  # by a defect of ours


class Record:
    """Filled in while the request is served. Times in milliseconds, sizes in bytes."""

    def __init__(
        self,
        request: Request,
        api_key_name: str,
        team: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._clock = clock
        self._started_at = clock()
        self._first_byte_at: float | None = None
        self.api_key_name = api_key_name
        self.team = team
        self.route = ""
        self.model = ""
        self.model_id = ""  # the profile asked last, or the base id where Bedrock takes that
        self.legacy: catalog.Life | None = None
        self.stream = False
        self.asked = False  # whether Bedrock was sent the request
        self.bedrock_request_id = ""
        self.inference_profile_arn = ""  # of the team's own profile, where that was called
        self.upstream_status: int | None = None  # Bedrock's own, once its head is here
        self.upstream_complete = False  # whether its answer was read to the end
        self.upstream_reached = True  # whether all of the request was sent
        self.earlier_attempts: list[dict[str, Any]] = []
        self.request_bytes = 0
        self.response_bytes = 0
        self.status = 0
        self.usage = Usage()
        self.service_tier = ""  # and the project below: empty where no model was to be invoked
        self.project_id = ""
        self.changes: tuple[str, ...] = ()  # made to the body, see gateway.adapt
        self.outcome = COMPLETED
        self.error: GatewayError | None = None

    @property
    def request_id(self) -> str:
        """What the caller is told: Bedrock's id, as in Bedrock's record, once there is one."""
        return self.bedrock_request_id or self._request.id

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's; names in lower case."""
        return self._request.headers

    @property
    def first_byte_ms(self) -> int | None:
        return None if self._first_byte_at is None else self._ms(self._first_byte_at)

    def resolved(self, resolved: catalog.Resolved) -> None:
        """The model that the caller's name means."""
        self.model = resolved.model.name
        self.legacy = resolved.model.life if resolved.legacy else None

    def asks(self, model_id: str, after: GatewayError | None = None) -> None:
        """Bedrock is asked now, by that id; an attempt before this one ended in the error."""
        if after is not None:
            attempt = {
                "model_id": self.model_id,
                "bedrock_request_id": self.bedrock_request_id,
                "error_cause": after.cause,
                **({"error_reason": after.reason} if after.reason else {}),
                **self._upstream(),
            }
            self.earlier_attempts.append(attempt)
        self.asked, self.model_id, self.bedrock_request_id = True, model_id, ""
        self.inference_profile_arn = ""
        self.upstream_status, self.upstream_complete, self.upstream_reached = None, False, True

    def answered(self, status: int, bedrock_request_id: str) -> None:
        """The head of Bedrock's answer is here, whatever comes of its body."""
        self.upstream_status, self.bedrock_request_id = status, bedrock_request_id

    def interrupted(self, error: GatewayError) -> None:
        """The stream ended with an error, which the caller has been sent."""
        self.error, self.outcome = error, INTERRUPTED

    def wrote(self, size: int) -> None:
        if self._first_byte_at is None:
            self._first_byte_at = self._clock()
        self.response_bytes += size

    def line(self) -> dict[str, Any]:
        """The audit line's fields; those not known are left out."""
        fields = {
            "gateway_request_id": self._request.id,
            "bedrock_request_id": self.bedrock_request_id,
            "api_key_id": self._request.api_key_id,
            "api_key_name": self.api_key_name,
            "team": self.team,
            "caller_arn": self._request.caller_arn,
            "route": self.route,
            "model": self.model,
            "model_id": self.model_id,
            "earlier_attempts": self.earlier_attempts,
            "stream": self.stream,
            "service_tier": self.service_tier,
            "project_id": self.project_id,
            "status": self.status,
            **(self._upstream() if self.asked else {}),
            "outcome": self.outcome,
            "error_type": self.error.type if self.error else "",
            "error_cause": self.error.cause if self.error else "",
            **(_reason(self.error) if self.error else {}),
            "adapted": list(self.changes),
            "request_bytes": self.request_bytes,
            "response_bytes": self.response_bytes,
            "first_byte_ms": self.first_byte_ms,
            "duration_ms": self._ms(self._clock()),
            **self.usage._asdict(),
        }
        return {name: value for name, value in fields.items() if value not in ("", None, [])}

    def _upstream(self) -> dict[str, Any]:
        """What came of the attempt at Bedrock. `upstream_complete` is always there, by which a
        reader tells an entry without a status from one of an older version."""
        fields: dict[str, Any] = {"upstream_complete": self.upstream_complete}
        if self.inference_profile_arn:
            fields["inference_profile_arn"] = self.inference_profile_arn
        if self.upstream_status is not None:
            fields["upstream_status"] = self.upstream_status
        if not self.upstream_reached:
            fields["upstream_reached"] = False
        return fields

    def _ms(self, moment: float) -> int:
        return round((moment - self._started_at) * 1000)


def _reason(error: GatewayError) -> dict[str, str]:
    """Why Bedrock refused, and in which words; those of any other error may quote a request."""
    quotable = error.reason or isinstance(error, _QUOTABLE)
    words = error.bedrock_message[:_LONGEST_MESSAGE] if quotable else ""
    return {"error_reason": error.reason, "error_message": words}


class RecordedResponse:
    """A response that notes in the record what went out. `always` are headers of any answer."""

    def __init__(
        self, response: Response, record: Record, always: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._response = response
        self._record = record
        self._always = always
        self.content_type = ""

    @property
    def started(self) -> bool:
        return self._record.status != 0

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Adds what every answer carries: `request-id`, the id by which Bedrock was asked, what was
        changed in the request, and that the model is going."""
        self._record.status = status
        self.content_type = headers.get("content-type", "")
        about = {"request-id": self._record.request_id}
        if self._record.asked:
            about[MODEL_ID_HEADER] = self._record.model_id
        if self._record.changes:
            about[ADAPTED_HEADER] = ", ".join(self._record.changes)[:_LONGEST_HEADER]
        if self._record.legacy:
            about |= deprecation.headers(self._record.legacy)
        self._response.start(status, {**headers, **about, **self._always})

    def start_once(self, status: int, headers: Mapping[str, str]) -> None:
        """For streams, whose first bytes decide that there is an answer at all."""
        if not self.started:
            self.start(status, headers)

    def write(self, data: bytes) -> None:
        self._response.write(data)
        self._record.wrote(len(data))

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """A whole answer, which leaves in one piece."""
        self.start(status, headers)
        self._response.write_last(body)
        self._record.wrote(len(body))
