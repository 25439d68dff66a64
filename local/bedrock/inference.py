"""From a call to the answer sent: the checks in their order, the faults, what the log is told."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from claude_bedrock.catalog import Model
from local.bedrock import access, directives, message, model_rules, options, replies, rules
from local.bedrock.access import Authorize
from local.bedrock.api_format import Event, Form, Question
from local.bedrock.applications import Applications
from local.bedrock.call import Call
from local.bedrock.directives import Directives, Fault, class_name
from local.bedrock.errors import RefusedError, UnauthorizedError, invalid
from local.bedrock.http_exchange import ClientDisconnectedError
from local.bedrock.invocation import DeliveryPlan, Invocation
from local.bedrock.message import Answer
from local.bedrock.model_ids import Target, identify, identify_application, is_application
from local.bedrock.model_rules import anthropic_name
from local.bedrock.tokens import PromptCache, Usage


class Prepared(NamedTuple):
    answer: Answer
    directives: Directives


class Inference:
    """Answers calls in one Region; keeps the prompt cache."""

    def __init__(self, region: str, applications: Applications, authorize: Authorize) -> None:
        self._region = region
        self._applications = applications
        self._authorize = authorize
        self._cache = PromptCache()

    async def run(self, call: Call, form: Form) -> Invocation | None:
        """Answer `call`; return what the log is to tell, None if IAM refuses the call."""
        seen = self._invocation(call, form.operation)
        try:
            prepared = await self._prepare(call, form, seen)
            self._plan_delivery(seen, prepared.directives.faults)
            await _answer(call, form, prepared, seen)
        # Bedrock logs no call that IAM refuses: it has not become an invocation.
        except UnauthorizedError as denied:
            await call.wire.refuse(denied)
            return None
        except RefusedError as refused:
            seen.error = refused.name
            await call.wire.refuse(refused)
        # A client that goes does not undo the call: the model ran, and the record is written.
        except ClientDisconnectedError:
            pass
        return seen

    def _invocation(self, call: Call, operation: str) -> Invocation:
        return Invocation(
            request_id=call.wire.request_id,
            at=call.at,
            account=call.caller.account,
            region=self._region,
            caller_arn=call.caller.arn,
            operation=operation,
            model_id=call.model_id,
            input=call.body,
        )

    def _plan_delivery(self, seen: Invocation, faults: Mapping[str, Fault]) -> None:
        """What the faults ask of the record: when it is delivered, and how it names the model."""
        late = faults.get("late")
        seen.delivery = DeliveryPlan(
            delay_seconds=late.seconds if late else 0.0,
            is_duplicate="duplicate" in faults,
            is_reordered="reordered" in faults,
            is_lost="no_delivery" in faults,
            is_without_event="no_event" in faults,
        )
        if "profile_arn" in faults:
            seen.model_id = access.profile_arn(seen.model_id, self._region, seen.account)

    async def _prepare(self, call: Call, form: Form, seen: Invocation) -> Prepared:
        """Check everything that can be refused before the first byte, and return it prepared.
        Raises RefusedError."""
        form.open(seen)
        # The model id is resolved before access is checked: policies name profiles and models by
        # ARN.
        target = await self._target(call)
        # IAM comes before the rules of the model: who may not call learns nothing of them.
        await self._check_access(call, target, form)
        options.check(form.options(), target.model, self._region)
        question = form.parse_question(target.model)
        request = question.request
        with form.model_errors():
            rules.check(request, target.model, is_converse=question.is_converse)
        prompt_directives = directives.read(replies.last_user_text(request), call.model_id)
        seen.inference_region = target.inference_region(prompt_directives.text.encode())
        usage = self._usage(question, target.model, call.caller.account)
        with form.model_errors():
            _check_length(usage, question, target.model)
        reply = replies.compose(request, target.model, prompt_directives, call.wire.request_id)
        seen.usage = usage._replace(output=reply.output_tokens)
        name = anthropic_name(target.model)
        answer = Answer(message.identity(call.wire.request_id), name, reply, seen.usage)
        return Prepared(answer, prompt_directives)

    def _usage(self, question: Question, model: Model, account: str) -> Usage:
        # A prefix is a hit for the same account and model alone.
        return self._cache.usage(
            question.request,
            f"{account} {model.base_id}",
            smallest=model_rules.of(model).smallest_cached_prefix,
            text_only=question.is_converse,
        )

    async def _check_access(self, call: Call, target: Target, form: Form) -> None:
        requests = access.inference_requests(
            target,
            streamed=form.streamed,
            region=self._region,
            account=call.caller.account,
            tier=form.options().tier,
        )
        await asyncio.to_thread(access.check, self._authorize, call.caller, requests)

    async def _target(self, call: Call) -> Target:
        requested, account, today = call.model_id, call.caller.account, call.at.date().isoformat()
        if not is_application(requested):
            return identify(requested, region=self._region, account=account, today=today)
        models = await asyncio.to_thread(self._applications, requested)
        return identify_application(
            requested, models, region=self._region, account=account, today=today
        )


def _check_length(usage: Usage, question: Question, model: Model) -> None:
    # The prompt and the output share the context window:
    # https://platform.claude.com/docs/en/build-with-claude/context-windows
    if usage.prompt > model.context_tokens:
        raise invalid("Input is too long for requested model.")
    if usage.prompt + question.reserved > model.context_tokens:
        raise invalid(
            f"input length and `max_tokens` exceed context limit: {usage.prompt} + "
            f"{question.reserved} > {model.context_tokens}, decrease input length or "
            "`max_tokens` and try again"
        )


async def _answer(call: Call, form: Form, prepared: Prepared, seen: Invocation) -> None:
    faults = prepared.directives.faults
    if "slow" in faults:
        await call.wire.pause(faults["slow"].seconds)
    refusal = _refusal(form, prepared.directives)
    if refusal is not None:
        raise refusal
    if "cut" in faults and faults["cut"].after == 0:
        seen.output = None if form.streamed else form.build_response(prepared.answer).body
        call.wire.reset()
    elif form.streamed:
        await _stream(call, form, prepared, seen)
    else:
        await _send_complete(call, form, prepared, seen)


def _refusal(form: Form, prompt_directives: Directives) -> RefusedError | None:
    if not form.streamed:
        return prompt_directives.unstreamed_refusal()
    fault = prompt_directives.faults.get("exception")
    if fault is not None and fault.type not in form.exceptions:
        return invalid(f"local directive: {form.operation} has no {fault.type}")
    return prompt_directives.refusal()


async def _send_complete(call: Call, form: Form, prepared: Prepared, seen: Invocation) -> None:
    headers, body = form.build_response(prepared.answer)
    seen.output = body
    faults, wire = prepared.directives.faults, call.wire
    sent = body[: len(body) // 2] if "cut" in faults else body
    # The whole length also where half is sent: that is how a client notices that it was cut,
    # https://www.rfc-editor.org/rfc/rfc9112#section-8
    await wire.start(200, [*headers, ("content-length", str(len(body)))])
    if "silence" in faults:
        await wire.pause(faults["silence"].seconds)
    await wire.write(sent)
    if "cut" in faults:
        wire.reset()
    else:
        await wire.end()


async def _stream(call: Call, form: Form, prepared: Prepared, seen: Invocation) -> None:
    sent: list[bytes] = []
    # After this status, a failure can only be an exception event within the stream.
    await call.wire.start(200, form.stream_headers())
    try:
        for position, event in enumerate(form.events(prepared.answer)):
            if position:
                await call.wire.pause(prepared.directives.pace)
            is_over = await _broken_off(
                call, form, prepared.directives.faults, position, event, seen=seen
            )
            if is_over:
                return
            await call.wire.write(event.frame)
            # The record holds what was sent, not what would have been.
            sent.append(event.logged_json)
        await call.wire.end()
    finally:
        form.record_stream(seen, sent)


async def _broken_off(
    call: Call,
    form: Form,
    faults: dict[str, Fault],
    position: int,
    event: Event,
    *,
    seen: Invocation,
) -> bool:
    """Do what the faults ask before the event at `position`; true if nothing may follow."""
    due = {name for name, fault in faults.items() if fault.after == position}
    if "silence" in due:
        await call.wire.pause(faults["silence"].seconds)
    if "exception" in due:
        name = faults["exception"].type
        seen.error = class_name(name)
        await call.wire.write(form.failure(name, _exception_fields(name)))
        await call.wire.end()
    if "cut" in due:
        # Half a frame: a reader must not take it, since its checksum is at the end.
        await call.wire.write(event.frame[: len(event.frame) // 2])
        call.wire.reset()
    return bool(due & {"exception", "cut"})


def _exception_fields(name: str) -> dict[str, str | int]:
    fields: dict[str, str | int] = {"message": "The stream failed because a fault asked for it."}
    if name == "modelStreamErrorException":
        fields |= {"originalStatusCode": 500, "originalMessage": "a fault asked for it"}
    return fields
