"""The routes of the gateway: what each takes and answers, and by which statuses it refuses."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import botocore.session

from gateway import errors
from gateway.control_plane import PARAMETERS
from gateway.errors import GatewayError
from local.bedrock.errors import STATUS
from tools.docs.openapi.schemas import Schema

HAIKU = "claude-haiku-4-5"
_TURNS = [{"role": "user", "content": "Hello"}]
_INVOKE = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": _TURNS}
JSON, EVENTS, FRAMES = (
    *("application/json", "text/event-stream"),
    "application/vnd.amazon.eventstream",
)


class Operation(NamedTuple):
    """`answers`: content type -> schema. `refusals`: the gateway's own, beside API Gateway's."""

    summary: str
    answers: Mapping[str, str]
    refusals: frozenset[int]
    body: str = ""
    examples: Mapping[str, Any] = {}
    query: tuple[str, ...] = ()
    headers: Mapping[str, Schema] = {}
    open: bool = False


def _all(kind: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from _all(subclass)


KINDS = [kind for kind in _all() if kind.__module__ == errors.__name__]
_BUT_COUNTING = {kind.status for kind in KINDS} - {errors.NotSupported.status}
_ANTHROPIC = frozenset(_BUT_COUNTING)
_BEDROCK = frozenset({kind.bedrock[1] for kind in KINDS} | set(STATUS.values()))
_MISSING = frozenset({errors.NotFound.status})
_PAGED = frozenset({errors.InvalidRequest.status})
_NAMED = _MISSING | _PAGED | {errors.PermissionDenied.status}
_CONVERSE = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
_MESSAGE = {"model": HAIKU, "max_tokens": 100, "messages": _TURNS}


def _bedrocks_headers() -> dict[str, Schema]:
    """Return those of InvokeModel, as botocore has them from AWS."""
    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    shape: Any = model.operation_model("InvokeModel").input_shape
    return {
        member.serialization["name"]: {
            "type": "string",
            **({"enum": member.enum} if member.enum else {}),
        }
        for member in shape.members.values()
        if member.serialization.get("name", "").startswith("X-Amzn-Bedrock-")
    }


_BEDROCKS = _bedrocks_headers()
_ANTHROPICS: Mapping[str, Schema] = {
    "anthropic-version": {"type": "string", "description": "Accepted and ignored."},
    "anthropic-beta": {"type": "string", "description": "Betas, separated by commas."},
}
OPERATIONS: Mapping[str, Operation] = {
    "POST /v1/messages": Operation(
        "Create a message, as JSON or server-sent events",
        {JSON: "Message", EVENTS: "MessageEvents"},
        _ANTHROPIC,
        "MessageRequest",
        {"whole": _MESSAGE, "streamed": {**_MESSAGE, "stream": True}},
        query=("beta",),
        headers={**_ANTHROPICS, **_BEDROCKS},
    ),
    "POST /v1/messages/count_tokens": Operation(
        "Count the tokens of a message, where Bedrock counts them for the model",
        {JSON: "Count"},
        _ANTHROPIC | {errors.NotSupported.status},
        "CountRequest",
        {"count": {"model": HAIKU, "messages": _TURNS}},
        query=("beta",),
        headers=_ANTHROPICS,
    ),
    "GET /v1/models": Operation(
        "List the models of this stage",
        {JSON: "Models"},
        _PAGED,
        query=("limit", "after_id", "before_id", "lifecycle"),
    ),
    "GET /v1/models/{id}": Operation("Get a model by any of its names", {JSON: "Model"}, _NAMED),
    "POST /model/{id}/invoke": Operation(
        "Bedrock's InvokeModel",
        {JSON: "Message"},
        _BEDROCK,
        "InvokeRequest",
        {"invoke": _INVOKE},
        headers=_BEDROCKS,
    ),
    "POST /model/{id}/invoke-with-response-stream": Operation(
        "Bedrock's InvokeModelWithResponseStream",
        {FRAMES: "EventStream"},
        _BEDROCK,
        "InvokeRequest",
        {"invoke": _INVOKE},
        headers=_BEDROCKS,
    ),
    "POST /model/{id}/converse": Operation(
        "Bedrock's Converse",
        {JSON: "ConverseAnswer"},
        _BEDROCK,
        "ConverseRequest",
        {"converse": _CONVERSE},
    ),
    "POST /model/{id}/converse-stream": Operation(
        "Bedrock's ConverseStream",
        {FRAMES: "EventStream"},
        _BEDROCK,
        "ConverseRequest",
        {"converse": _CONVERSE},
    ),
    "POST /model/{id}/count-tokens": Operation(
        "Bedrock's CountTokens, where Bedrock counts them for the model",
        {JSON: "TokenCount"},
        _BEDROCK,
        "CountTokensRequest",
        {"converse": {"input": {"converse": _CONVERSE}}},
    ),
    "GET /foundation-models": Operation(
        "Bedrock's ListFoundationModels, of this stage",
        {JSON: "FoundationModels"},
        _PAGED,
        query=tuple(PARAMETERS["ListFoundationModels"]),
    ),
    "GET /foundation-models/{id}": Operation(
        "Bedrock's GetFoundationModel", {JSON: "FoundationModel"}, _NAMED
    ),
    "GET /inference-profiles": Operation(
        "Bedrock's ListInferenceProfiles, of this stage",
        {JSON: "InferenceProfiles"},
        _PAGED,
        query=tuple(PARAMETERS["ListInferenceProfiles"]),
    ),
    "GET /inference-profiles/{id}": Operation(
        "Bedrock's GetInferenceProfile",
        {JSON: "InferenceProfile"},
        _NAMED,
    ),
    "GET /health": Operation(
        "Check that the endpoint responds", {JSON: "Health"}, frozenset(), open=True
    ),
    "HEAD /": Operation("Respond with a status only", {}, frozenset(), open=True),
    "HEAD /api/hello": Operation("Respond with a status only", {}, frozenset(), open=True),
}
