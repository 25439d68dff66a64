"""InvokeModel and its stream: settings in headers, bodies and events as Anthropic has them."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext

from claude_bedrock.catalog import Model
from local.bedrock import directives, frames, message, metadata, schema
from local.bedrock.api_format import CompleteResponse, Event, Question
from local.bedrock.call import Call
from local.bedrock.errors import invalid
from local.bedrock.invocation import Invocation
from local.bedrock.message import Answer, Timing
from local.bedrock.options import STANDARD_LATENCY, STANDARD_TIER, Options
from local.bedrock.tokens import Usage

JSON = "application/json"
EVENT_STREAM = "application/vnd.amazon.eventstream"
_TIER = "x-amzn-bedrock-service-tier"
_LATENCY = "x-amzn-bedrock-performanceconfig-latency"
_CHOICES = {
    _LATENCY: (STANDARD_LATENCY, "optimized"),
    "x-amzn-bedrock-trace": ("ENABLED", "DISABLED", "ENABLED_FULL"),
}
_ECHOED = (_TIER, _LATENCY)


class InvokeForm:
    """One InvokeModel call; see `local.bedrock.api_format.Form`."""

    exceptions = directives.STREAM_EXCEPTIONS

    def __init__(self, call: Call, *, streamed: bool) -> None:
        self._call = call
        self.streamed = streamed
        self.operation = "InvokeModelWithResponseStream" if streamed else "InvokeModel"

    def open(self, seen: Invocation) -> None:
        headers = self._call.wire.headers
        for name, choices in _CHOICES.items():
            if headers.get(name, choices[0]) not in choices:
                raise invalid(f"{name} must be one of: {', '.join(choices)}")
        guardrail = [f"x-amzn-bedrock-guardrail{part}" for part in ("identifier", "version")]
        refuse_guardrail([headers.get(name) for name in guardrail])
        seen.metadata = metadata.read(headers.get(metadata.HEADER))

    def options(self) -> Options:
        headers = self._call.wire.headers
        return Options(headers.get(_TIER, STANDARD_TIER), headers.get(_LATENCY, STANDARD_LATENCY))

    # InvokeModel has no default for `max_tokens`: the body must name it.
    def parse_question(self, model: Model) -> Question:
        del model
        _check_media_types(self._call.wire.headers, is_stream=self.streamed)
        request = schema.parse(self._call.body)
        return Question(request, request.max_tokens)

    def model_errors(self) -> AbstractContextManager[None]:
        return nullcontext()

    def build_response(self, answer: Answer) -> CompleteResponse:
        return CompleteResponse(self._headers(answer.usage), message.serialize(answer))

    def stream_headers(self) -> list[tuple[str, str]]:
        # The type of the stream, and in a header of its own that of the events in it.
        types = [("content-type", EVENT_STREAM), ("x-amzn-bedrock-content-type", JSON)]
        return [*types, *self._echoes()]

    def events(self, answer: Answer) -> Iterator[Event]:
        # The events are made while they are sent: this moment is that of the first one.
        first_byte = self._call.elapsed()
        for event in message.events(answer):
            yield Event(frames.chunk(event), event)
        last = message.last_event(answer, Timing(self._call.elapsed(), first_byte))
        yield Event(frames.chunk(last), last)

    def failure(self, name: str, fields: Mapping[str, str | int]) -> bytes:
        return frames.exception(name, fields)

    def record_stream(self, seen: Invocation, sent: list[bytes]) -> None:
        seen.output_events = sent

    def _headers(self, usage: Usage) -> list[tuple[str, str]]:
        counts = {
            "invocation-latency": self._call.elapsed(),
            "input-token-count": usage.input,
            "output-token-count": usage.output,
            "cache-read-input-token-count": usage.cache_read,
            "cache-write-input-token-count": usage.cache_write,
        }
        count_headers = [(f"x-amzn-bedrock-{name}", str(count)) for name, count in counts.items()]
        return [("content-type", JSON), *count_headers, *self._echoes()]

    def _echoes(self) -> list[tuple[str, str]]:
        headers = self._call.wire.headers
        return [(name, headers[name]) for name in _ECHOED if name in headers]


def _check_media_types(headers: Mapping[str, str], *, is_stream: bool) -> None:
    """Refuse a body that is not called JSON, and a client that does not take JSON.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html; a stream
    has a header of its own for what its events hold. A charset is refused too, as reported in
    https://github.com/tedder/requests-aws4auth/issues/71 and
    https://github.com/tsibelman/aws-signer-v4-dot-net/issues/40
    """
    if (headers.get("content-type") or JSON).strip().lower() != JSON:
        raise invalid("The provided Content Type is invalid or not supported for this model")
    accepted = headers.get("x-amzn-bedrock-accept" if is_stream else "accept")
    if _media_types(accepted or JSON).isdisjoint((JSON, "application/*", "*/*")):
        raise invalid("The provided Accept Type is invalid or not supported for this model")


def _media_types(header: str) -> set[str]:
    return {each.partition(";")[0].strip().lower() for each in header.split(",")}


def refuse_guardrail(parts: list[str | None]) -> None:
    """Refuse a guardrail's identifier and version, since none exists here; one without the other is
    refused for that."""
    named = [part is not None for part in parts]
    if any(named) and not all(named):
        raise invalid("guardrailIdentifier and guardrailVersion must be given together.")
    if all(named):
        raise invalid("The guardrail identifier or version provided in the request does not exist.")
