"""CountTokens: how many tokens a prompt has, for an InvokeModel or a Converse body; free, unlogged.

https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html
"""

import asyncio
import json
from base64 import b64decode
from contextlib import nullcontext

from claude_bedrock.catalog import Model
from local.bedrock import access, directives, replies, rules, schema
from local.bedrock.access import Authorize
from local.bedrock.api_format import Question
from local.bedrock.call import Call
from local.bedrock.converse import conversation, members
from local.bedrock.converse import request as converse_request
from local.bedrock.converse.errors import model_errors
from local.bedrock.directives import Directives
from local.bedrock.errors import RefusedError
from local.bedrock.http_exchange import ClientDisconnectedError
from local.bedrock.model_ids import identify_counted
from local.bedrock.tokens import count_prompt


class Counting:
    """Counts for callers in one Region. Of the faults, those before an answer work."""

    def __init__(self, region: str, authorize: Authorize) -> None:
        self._region = region
        self._authorize = authorize

    async def run(self, call: Call) -> None:
        """Answer `call`; there is nothing for the log to tell."""
        try:
            await self._answer(call)
        except RefusedError as refused:
            await call.wire.refuse(refused)
        except ClientDisconnectedError:
            pass

    async def _answer(self, call: Call) -> None:
        count_input = members.read(call.body, "CountTokensRequest")["input"]
        today = call.at.date().isoformat()
        account = call.caller.account
        model = identify_counted(call.model_id, region=self._region, account=account, today=today)
        requests = access.count_requests(model, self._region)
        await asyncio.to_thread(access.check, self._authorize, call.caller, requests)
        question = parse_input(count_input, model)
        with model_errors() if question.is_converse else nullcontext():
            rules.check(question.request, model, is_converse=question.is_converse)
        read = directives.read(replies.last_user_text(question.request))
        if await _misbehaves(call, read):
            return
        count = count_prompt(question.request, text_only=question.is_converse)
        body = json.dumps({"inputTokens": count}).encode()
        await call.wire.reply(200, [("content-type", "application/json")], body)


def parse_input(count_input: dict[str, dict[str, str]], model: Model) -> Question:
    """Return what is counted: the `input` of a CountTokens body; raise RefusedError."""
    if "converse" in count_input:
        conversation.check(count_input["converse"])
        return converse_request.question(count_input["converse"], model)
    request = schema.parse(b64decode(count_input["invokeModel"]["body"]))
    return Question(request, request.max_tokens)


async def _misbehaves(call: Call, prompt_directives: Directives) -> bool:
    """Do what the faults ask; true if there is no answer any more."""
    if "slow" in prompt_directives.faults:
        await call.wire.pause(prompt_directives.faults["slow"].seconds)
    refusal = prompt_directives.unstreamed_refusal()
    if refusal is not None:
        raise refusal
    if "cut" in prompt_directives.faults:
        call.wire.reset()
    return "cut" in prompt_directives.faults
