"""Counting tokens, in either format, by Bedrock's CountTokens: free, and not in the record.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html takes base
model ids only, and not of every model.
"""

import json
from base64 import b64encode
from collections.abc import Mapping

from claude_bedrock import catalog
from gateway import errors, json_object, message_body
from gateway.audit import Record, RecordedResponse
from gateway.invocation import Call, ask
from gateway.message_body import Members
from gateway.request import Request, encoded
from gateway.service import Service

_REQUIRED = {"model": str, "messages": list}
_NOT_COUNTED = "support counting tokens"  # "The provided model doesn't support counting tokens."
_OPERATION = "count-tokens"
_NO_BUDGET = 10**9  # no model thinks for so long, and Python writes no number of any length
_JSON = {"content-type": "application/json"}


def for_messages(
    request: Request, response: RecordedResponse, record: Record, service: Service
) -> None:
    """`POST /v1/messages/count_tokens`. Raises GatewayError.

    https://platform.claude.com/docs/en/api/messages-count-tokens
    """
    members = message_body.read(message_body.taken(request, record, service.settings), _REQUIRED)
    resolved = service.resolve(members["model"].value, record.team)
    model_id = _counted_by(resolved, record)
    parts = message_body.for_bedrock(
        members, resolved.model, request, record, service.settings, counted=True
    )
    body = encoded(json_object.join({**parts, "max_tokens": _max_tokens(members)}))
    question = {"input": {"invokeModel": {"body": b64encode(body).decode()}}}
    call = Call((model_id,), _OPERATION, _JSON, json.dumps(question).encode())
    try:
        counted = _count(call, resolved, record, service)
    except errors.InvalidRequest as error:
        error.message = message_body.with_tool_name(error.message, message_body.tool_names(body))
        raise
    response.start(200, _JSON)
    response.write(json.dumps({"input_tokens": counted}).encode())


def native(request: Request, response: RecordedResponse, record: Record, service: Service) -> None:
    """`POST /model/{id}/count-tokens`. Raises GatewayError."""
    text = message_body.taken(request, record, service.settings)
    model_id = _counted_by(service.resolve(request.parameters["id"], record.team), record)
    body = _ask(Call((model_id,), _OPERATION, _JSON, encoded(text)), record, service)
    response.start(200, {**_JSON, "x-amzn-requestid": record.request_id})
    response.write(body)


def _count(call: Call, resolved: catalog.Resolved, record: Record, service: Service) -> int:
    """The count. Bedrock may not have it in this Region, whatever the catalog says."""
    try:
        told = json_object.parsed(_ask(call, record, service)).get("inputTokens")
    except errors.InvalidRequest as error:
        if _NOT_COUNTED in error.message:
            raise _not_supported(resolved.model) from error
        raise
    if not isinstance(told, int):
        raise errors.UpstreamFailed("Bedrock told no number of tokens.", cause="NoCount")
    return told


def _not_supported(model: catalog.Model) -> errors.NotSupported:
    return errors.NotSupported(f"Bedrock does not count tokens for {model.name}.")


def _counted_by(resolved: catalog.Resolved, record: Record) -> str:
    """The id by which Bedrock counts the model's tokens. Raises NotSupported."""
    record.resolved(resolved)
    if not resolved.model.count_tokens:
        raise _not_supported(resolved.model)
    return resolved.model.base_id


def _max_tokens(members: Members) -> str:
    """Bedrock wants a whole invoke body: `max_tokens` above any thinking budget."""
    thinking = members["thinking"].value if "thinking" in members else None
    budget = thinking.get("budget_tokens") if isinstance(thinking, Mapping) else None
    if isinstance(budget, int | float) and budget < _NO_BUDGET:
        return str(int(budget) + 1)
    return "1"


def _ask(call: Call, record: Record, service: Service) -> bytes:
    with ask(call, record, service) as answer:
        return answer.read_object()
