"""Counting tokens, in either format, by Bedrock's CountTokens: free, and not in the record.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html takes base
model ids only, and not of every model.
"""

import json
from base64 import b64encode
from collections.abc import Mapping

from claude_bedrock import catalog
from gateway import errors, json_object, messages_request
from gateway.bedrock_call import COUNT_TOKENS, BedrockRequest, call_bedrock
from gateway.messages_request import Members
from gateway.request import encoded
from gateway.request_context import RequestContext
from gateway.unsupported_fields import adapt_for

_REQUIRED = {"model": str, "messages": list}
_NOT_COUNTED = "support counting tokens"  # "The provided model doesn't support counting tokens."
_NO_BUDGET = 10**9  # no model thinks for so long, and Python writes no number of any length
_JSON = {"content-type": "application/json"}


def count_messages(context: RequestContext) -> None:
    """Answer `POST /v1/messages/count_tokens`. Raises GatewayError.

    https://platform.claude.com/docs/en/api/messages-count-tokens
    """
    members = messages_request.read(context.take_body(), _REQUIRED)
    resolved = context.resolve(members["model"].value)
    model_id = _counting_id(resolved.model)
    parts = adapt_for(context, members, resolved.model, counted=True)
    body = encoded(json_object.join({**parts, "max_tokens": _max_tokens(members)}))
    content = {"input": {"invokeModel": {"body": b64encode(body).decode()}}}
    request = BedrockRequest((model_id,), COUNT_TOKENS, _JSON, json.dumps(content).encode())
    try:
        count = _count(request, resolved.model, context)
    except errors.InvalidRequest as error:
        tools = messages_request.tool_names(body)
        error.message = messages_request.with_hint(error.message, tools)
        raise
    context.response.send_json({"input_tokens": count})


def count_bedrock(context: RequestContext) -> None:
    """Answer `POST /model/{id}/count-tokens`. Raises GatewayError."""
    text = context.take_body()
    model_id = _counting_id(context.resolve(context.parameters["id"]).model)
    request = BedrockRequest((model_id,), COUNT_TOKENS, _JSON, encoded(text))
    body = _call(request, context)
    headers = {**_JSON, "x-amzn-requestid": context.response.request_id}
    context.response.send(200, headers, body)


def _count(request: BedrockRequest, model: catalog.Model, context: RequestContext) -> int:
    """Return the count. Bedrock may not have it in this Region, whatever the catalog says."""
    try:
        count = json_object.parsed(_call(request, context)).get("inputTokens")
    except errors.InvalidRequest as error:
        if _NOT_COUNTED in error.message:
            raise _not_supported(model) from error
        raise
    if not isinstance(count, int):
        raise errors.UpstreamFailed("Bedrock returned no token count. Try again.", cause="NoCount")
    return count


def _not_supported(model: catalog.Model) -> errors.NotSupported:
    return errors.NotSupported(
        f"Bedrock does not count tokens for {model.name}. A response has them in `usage`."
    )


def _counting_id(model: catalog.Model) -> str:
    """Return the id by which Bedrock counts the model's tokens. Raises NotSupported."""
    if not model.count_tokens:
        raise _not_supported(model)
    return model.base_id


def _max_tokens(members: Members) -> str:
    """Return a `max_tokens` above any thinking budget: Bedrock requires a complete InvokeModel
    body."""
    thinking = members["thinking"].value if "thinking" in members else None
    budget = thinking.get("budget_tokens") if isinstance(thinking, Mapping) else None
    if isinstance(budget, int | float) and budget < _NO_BUDGET:
        return str(int(budget) + 1)
    return "1"


def _call(request: BedrockRequest, context: RequestContext) -> bytes:
    with call_bedrock(request, context) as response:
        return response.read_object()
