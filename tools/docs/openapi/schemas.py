"""The JSON schemas of bodies: those of Anthropic's formats and of Bedrock's.

No more is said than the gateway relies on or promises; the rest is Anthropic's and Bedrock's, who
add to it without a new version, so that no schema here is closed.
"""

from collections.abc import Mapping
from typing import Any

from claude_bedrock import catalog
from claude_bedrock.catalog import message_fields

Schema = dict[str, Any]
_BEDROCKS = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_"
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_JSON_TEXT: Schema = {"type": "string", "contentMediaType": "application/json"}
_EVENTS = (
    *("message_start", "content_block_start", "content_block_delta", "content_block_stop"),
    *("message_delta", "message_stop", "ping", "error"),
)
_BLOCK: Schema = {
    "type": "object",
    "description": "A content block, such as text, image, document, tool_use or tool_result.",
    "required": ["type"],
    "properties": {"type": _TEXT, "text": _TEXT},
}
_CONTENT: Schema = {"oneOf": [_TEXT, {"type": "array", "items": _BLOCK}]}
_DATA: Mapping[str, Schema] = {
    "anthropic_beta": {"type": "array", "items": _TEXT},
    "anthropic_version": {"type": "string", "description": "Always set by the gateway."},
    "context_management": {"type": "object"},
    "max_tokens": {"type": "integer", "minimum": 1},
    "messages": {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["role", "content"],
            "properties": {
                "role": {"type": "string", "enum": ["user", "assistant", "system"]},
                "content": _CONTENT,
            },
        },
    },
    "metadata": {"type": "object", "properties": {"user_id": _TEXT}},
    "output_config": {"type": "object"},
    "stop_sequences": {"type": "array", "items": _TEXT},
    "system": _CONTENT,
    "temperature": {"type": "number", "minimum": 0, "maximum": 1},
    "thinking": {"type": "object", "required": ["type"], "properties": {"type": _TEXT}},
    "tool_choice": {"type": "object", "required": ["type"], "properties": {"type": _TEXT}},
    "tools": {
        "type": "array",
        "items": {"type": "object", "required": ["name"], "properties": {"name": _TEXT}},
    },
    "top_k": _COUNT,
    "top_p": {"type": "number", "minimum": 0, "maximum": 1},
    "user_profile_id": _TEXT,
}
_MODEL: Schema = {
    "type": "string",
    "description": "Any spelling of the catalog: a name, a base id, a profile id, an ARN.",
    "examples": [model.name for model in catalog.MODELS if not model.life.retired],
}


def _object(required: Mapping[str, Schema], **more: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **more}}


def _fields(*names: str) -> dict[str, Schema]:
    return {name: _DATA[name] for name in names}


def _listed(name: str, item: Schema) -> Schema:
    return _object({name: {"type": "array", "items": item}})


def schemas() -> dict[str, Schema]:
    """Return each by the name that the document refers to it by."""
    taken = {name: _DATA[name] for name in sorted(message_fields.TAKEN)}
    return {
        "MessageRequest": _described(
            "https://platform.claude.com/docs/en/api/messages",
            _object(
                {"model": _MODEL, **_fields("max_tokens", "messages")},
                **{**taken, "stream": {"type": "boolean", "default": False}},
            ),
        ),
        "CountRequest": _described(
            "https://platform.claude.com/docs/en/api/messages-count-tokens",
            _object({"model": _MODEL, **_fields("messages")}, **taken),
        ),
        "InvokeRequest": _described(
            f"{_BEDROCKS}InvokeModel.html",
            _object(_fields("anthropic_version", "max_tokens", "messages"), **taken),
        ),
        "ConverseRequest": _described(f"{_BEDROCKS}Converse.html", _converse()),
        "CountTokensRequest": _described(
            f"{_BEDROCKS}CountTokens.html", _object({"input": {"type": "object"}})
        ),
        "Message": _message(),
        "MessageEvents": {
            **_object({"event": {"enum": list(_EVENTS)}, "data": _JSON_TEXT}),
            "description": "Each of the server-sent events; `data` is JSON of that type. `ping` "
            "comes in silence, `error` as the last.",
            "externalDocs": {
                "url": "https://platform.claude.com/docs/en/build-with-claude/streaming"
            },
        },
        "EventStream": {
            "type": "string",
            "contentEncoding": "binary",
            "description": "Bedrock's frames, untouched: "
            f"{_BEDROCKS}InvokeModelWithResponseStream.html, {_BEDROCKS}ConverseStream.html",
        },
        "ConverseAnswer": _object(
            {
                "output": {"type": "object"},
                "stopReason": _TEXT,
                "usage": _object({"inputTokens": _COUNT, "outputTokens": _COUNT}),
            },
            metrics={"type": "object"},
        ),
        "Count": _object({"input_tokens": _COUNT}),
        "TokenCount": _object({"inputTokens": _COUNT}),
        **_of_lists(),
        **_of_errors(),
        "Health": _object({"status": {"const": "ok"}, "stage": _TEXT}),
    }


def _described(url: str, schema: Schema) -> Schema:
    return {**schema, "externalDocs": {"url": url}}


def _converse() -> Schema:
    content = {"type": "array", "items": {"type": "object"}}
    turn = _object({"role": {"type": "string", "enum": ["user", "assistant"]}, "content": content})
    return _object(
        {"messages": {"type": "array", "items": turn}},
        system=content,
        inferenceConfig=_object({}, maxTokens=_DATA["max_tokens"]),
        toolConfig={"type": "object"},
        requestMetadata={"type": "object", "additionalProperties": _TEXT},
    )


def _message() -> Schema:
    return _object(
        {
            "id": _TEXT,
            "type": {"const": "message"},
            "role": {"const": "assistant"},
            "model": _TEXT,
            "content": {"type": "array", "items": _BLOCK},
            "stop_reason": {"type": ["string", "null"]},
            "usage": _object({"input_tokens": _COUNT, "output_tokens": _COUNT}),
        },
        stop_sequence={"type": ["string", "null"]},
    )


def _of_lists() -> dict[str, Schema]:
    moment: Schema = {"type": "string", "format": "date-time"}
    model = _object(
        {
            "type": {"const": "model"},
            "id": _TEXT,
            "display_name": _TEXT,
            "created_at": moment,
            "lifecycle": {"enum": ["active", "deprecated", "retired"]},
            "deprecated_at": {**moment, "type": ["string", "null"]},
            "retires_at": {**moment, "type": ["string", "null"]},
            "line": _TEXT,
            "max_input_tokens": _COUNT,
            "max_tokens": _COUNT,
            "capabilities": {"type": "object"},
        }
    )
    profile = _object(dict.fromkeys(("inferenceProfileId", "inferenceProfileArn"), _TEXT))
    reference: Schema = {"$ref": "#/components/schemas/Model"}
    end: Schema = {"type": ["string", "null"]}
    page = {"has_more": {"type": "boolean"}, "first_id": end, "last_id": end}
    return {
        "Model": model,
        "Models": _object({"data": {"type": "array", "items": reference}, **page}),
        "FoundationModels": _listed("modelSummaries", _object({"modelId": _TEXT})),
        "FoundationModel": _object({"modelDetails": _object({"modelId": _TEXT})}),
        "InferenceProfile": profile,
        "InferenceProfiles": _listed(
            "inferenceProfileSummaries", {"$ref": "#/components/schemas/InferenceProfile"}
        ),
    }


def _of_errors() -> dict[str, Schema]:
    return {
        "Error": _described(
            "https://platform.claude.com/docs/en/api/errors",
            _object(
                {
                    "type": {"const": "error"},
                    "error": _object({"type": _TEXT, "message": _TEXT}),
                    "request_id": _TEXT,
                }
            ),
        ),
        "BedrockError": _described(
            "https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html",
            _object({"message": _TEXT}),
        ),
    }
