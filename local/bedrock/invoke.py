"""InvokeModel and InvokeModelWithResponseStream: from a caller's request to the answer sent."""

from collections.abc import Iterator
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from catalog import Model
from local.bedrock import directives, frames, message, metadata, replies, rules, schema
from local.bedrock.caller import Caller
from local.bedrock.directives import Directives, Fault
from local.bedrock.errors import RefusedError, invalid
from local.bedrock.generations import anthropic_name
from local.bedrock.identify import identify
from local.bedrock.invocation import Invocation
from local.bedrock.message import Answer, Timing
from local.bedrock.tokens import PromptCache, Usage
from local.bedrock.wire import ClientGoneError, Wire

JSON = "application/json"
EVENT_STREAM = "application/vnd.amazon.eventstream"
_CHOICES = {
    "x-amzn-bedrock-service-tier": ("priority", "default", "flex", "reserved"),
    "x-amzn-bedrock-performanceconfig-latency": ("standard", "optimized"),
    "x-amzn-bedrock-trace": ("ENABLED", "DISABLED", "ENABLED_FULL"),
}
_ECHOED = ("x-amzn-bedrock-service-tier", "x-amzn-bedrock-performanceconfig-latency")


class Call(NamedTuple):
    """An authenticated request for an inference; `started` is a monotonic time in seconds."""

    wire: Wire
    caller: Caller
    model_id: str
    body: bytes
    streamed: bool
    at: datetime
    started: float

    def elapsed(self) -> int:
        return int((monotonic() - self.started) * 1000)


class Prepared(NamedTuple):
    answer: Answer
    asked: Directives


class Inference:
    """Answers calls in one Region; keeps the prompt cache."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._cache = PromptCache()

    async def run(self, call: Call) -> Invocation | None:
        """Answers `call`; returns what the log is to tell, None if a fault says to lose it."""
        seen = self._invocation(call)
        asked = Directives()
        try:
            prepared = self._prepare(call, seen)
            asked = prepared.asked
            await self._answer(call, prepared, seen)
        except RefusedError as refused:
            seen.error = refused.name
            await call.wire.refuse(refused)
        except ClientGoneError:
            pass
        return None if "no_delivery" in asked.faults else seen

    def _invocation(self, call: Call) -> Invocation:
        return Invocation(
            request_id=call.wire.request_id,
            at=call.at,
            account=call.caller.account,
            region=self._region,
            caller_arn=call.caller.arn,
            operation="InvokeModelWithResponseStream" if call.streamed else "InvokeModel",
            model_id=call.model_id,
            input=call.body,
        )

    def _prepare(self, call: Call, seen: Invocation) -> Prepared:
        """Everything that can be refused before the first byte; raises RefusedError."""
        _check_headers(call.wire.headers)
        seen.metadata = metadata.read(call.wire.headers.get(metadata.HEADER))
        today = call.at.date().isoformat()
        account = call.caller.account
        target = identify(call.model_id, region=self._region, account=account, today=today)
        request = schema.parse(call.body)
        rules.check(request, target.model)
        asked = directives.read(replies.last_user_text(request))
        seen.inference_region = target.inference_region(asked.text.encode())
        usage = self._cache.usage(request, f"{account} {target.model.base_id}")
        _check_length(usage, request.max_tokens, target.model)
        reply = replies.compose(request, target.model, asked, call.wire.request_id)
        seen.usage = usage._replace(output=reply.output_tokens)
        name = anthropic_name(target.model)
        identity = f"msg_bdrk_{call.wire.request_id.replace('-', '')[:24]}"
        return Prepared(Answer(identity, name, reply, seen.usage), asked)

    async def _answer(self, call: Call, prepared: Prepared, seen: Invocation) -> None:
        faults = prepared.asked.faults
        if "slow" in faults:
            await call.wire.pause(faults["slow"].seconds)
        refusal = prepared.asked.refusal() or _refusal_instead_of_frame(call, faults)
        if refusal is not None:
            raise refusal
        if "cut" in faults and faults["cut"].after == 0:
            seen.output = None if call.streamed else message.whole(prepared.answer)
            call.wire.reset()
        elif call.streamed:
            await _stream(call, prepared, seen)
        else:
            await _whole(call, prepared, seen)


def _check_headers(headers: dict[str, str]) -> None:
    for name, choices in _CHOICES.items():
        if headers.get(name, choices[0]) not in choices:
            raise invalid(f"{name} must be one of: {', '.join(choices)}")
    guardrail = [f"x-amzn-bedrock-guardrail{part}" for part in ("identifier", "version")]
    given = [name in headers for name in guardrail]
    if any(given) and not all(given):
        raise invalid("guardrailIdentifier and guardrailVersion must be given together.")
    if all(given):
        raise invalid("The guardrail identifier or version provided in the request does not exist.")


def _check_length(usage: Usage, max_tokens: int, model: Model) -> None:
    if usage.prompt > model.context_tokens:
        raise invalid("Input is too long for requested model.")
    if usage.prompt + max_tokens > model.context_tokens:
        raise invalid(
            f"input length and `max_tokens` exceed context limit: {usage.prompt} + {max_tokens} > "
            f"{model.context_tokens}, decrease input length or `max_tokens` and try again"
        )


def _refusal_instead_of_frame(call: Call, faults: dict[str, Fault]) -> RefusedError | None:
    """A call without a stream has no frame to carry an exception: it gets the HTTP error."""
    if call.streamed or "exception" not in faults:
        return None
    name = faults["exception"].type
    return RefusedError(name[0].upper() + name[1:], "The request failed because a fault asked.")


async def _whole(call: Call, prepared: Prepared, seen: Invocation) -> None:
    body = seen.output = message.whole(prepared.answer)
    faults, wire = prepared.asked.faults, call.wire
    sent = body[: len(body) // 2] if "cut" in faults else body
    length = ("content-length", str(len(body)))
    await wire.start(200, [*_headers(call, prepared.answer.usage), length])
    if "silence" in faults:
        await wire.pause(faults["silence"].seconds)
    await wire.write(sent)
    if "cut" in faults:
        wire.reset()
    else:
        await wire.end()


def _headers(call: Call, usage: Usage) -> list[tuple[str, str]]:
    counts = {
        "invocation-latency": call.elapsed(),
        "input-token-count": usage.input,
        "output-token-count": usage.output,
        "cache-read-input-token-count": usage.cache_read,
        "cache-write-input-token-count": usage.cache_write,
    }
    told = [(f"x-amzn-bedrock-{name}", str(count)) for name, count in counts.items()]
    return [("content-type", JSON), *told, *_echoes(call)]


def _echoes(call: Call) -> list[tuple[str, str]]:
    headers = call.wire.headers
    return [(name, headers[name]) for name in _ECHOED if name in headers]


async def _stream(call: Call, prepared: Prepared, seen: Invocation) -> None:
    wire, asked = call.wire, prepared.asked
    types = [("content-type", EVENT_STREAM), ("x-amzn-bedrock-content-type", JSON)]
    await wire.start(200, [*types, *_echoes(call)])
    for position, event in enumerate(_events(call, prepared.answer)):
        if position:
            await wire.pause(asked.pace)
        if await _broken_off(call, asked.faults, position, event, seen):
            return
        await wire.write(frames.chunk(event))
        seen.output_events.append(event)
    await wire.end()


def _events(call: Call, answer: Answer) -> Iterator[bytes]:
    first_byte = call.elapsed()
    yield from message.events(answer)
    yield message.last_event(answer, Timing(call.elapsed(), first_byte))


async def _broken_off(
    call: Call, faults: dict[str, Fault], position: int, event: bytes, seen: Invocation
) -> bool:
    """Does what the faults ask before the event at `position`; true if nothing may follow."""
    due = {name for name, fault in faults.items() if fault.after == position}
    if "silence" in due:
        await call.wire.pause(faults["silence"].seconds)
    if "exception" in due:
        name = faults["exception"].type
        seen.error = name[0].upper() + name[1:]
        await call.wire.write(frames.exception(name, _exception_fields(name)))
        await call.wire.end()
    if "cut" in due:
        frame = frames.chunk(event)
        await call.wire.write(frame[: len(frame) // 2])
        call.wire.reset()
    return bool(due & {"exception", "cut"})


def _exception_fields(name: str) -> dict[str, str | int]:
    fields: dict[str, str | int] = {"message": "The stream failed because a fault asked for it."}
    if name == "modelStreamErrorException":
        fields |= {"originalStatusCode": 500, "originalMessage": "a fault asked for it"}
    return fields
