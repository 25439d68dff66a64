"""A Converse body as the InvokeModel body it amounts to.

Where a client names no `maxTokens`, the model's own maximum stands:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html
"""

import json
from typing import Any

from claude_bedrock.catalog import Model
from local.bedrock.api_format import Question
from local.bedrock.converse.blocks import Json, content_of, mark
from local.bedrock.converse.conversation import not_an_object
from local.bedrock.converse.errors import model_errors
from local.bedrock.errors import invalid
from local.bedrock.model_rules import V2023
from local.bedrock.schema import parse

_INFERENCE = {
    "maxTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop_sequences",
}
# Claude's own tools have no place in toolConfig: they are given beside it.
_JOINED = "tools"


def question(body: Json, model: Model) -> Question:
    """Return the question in a checked body; raise RefusedError for what Claude does not take."""
    _check_max_tokens(body.get("inferenceConfig", {}), model.max_output_tokens)
    try:
        fields = _fields(body)
        _add(fields, body.get("additionalModelRequestFields", {}))
        anthropic_body = {
            "anthropic_version": V2023,
            "max_tokens": model.max_output_tokens,
            **fields,
        }
        with model_errors():
            request = parse(json.dumps(anthropic_body).encode())
    except RecursionError as deep:
        raise invalid("The request is nested too deeply.") from deep
    return Question(request, request.max_tokens if "max_tokens" in fields else 0, is_converse=True)


def _check_max_tokens(settings: Json, limit: int) -> None:
    """Refuse more than the model's maximum. pydantic-ai asks for the maximum itself by default:
    https://github.com/pydantic/pydantic-ai/blob/main/pydantic_ai_slim/pydantic_ai/models/bedrock.py
    One report has it refused: https://github.com/vertesia/llumiverse/pull/562 (2026-08).
    """
    if settings.get("maxTokens", 0) > limit:
        raise invalid(
            f"The maximum tokens you requested exceeds the model limit of {limit}. "
            f"Try again with a maximum tokens value that is lower than {limit}."
        )


def _fields(body: Json) -> Json:
    settings = body.get("inferenceConfig", {})
    fields: Json = {
        anthropic_name: settings[converse_name]
        for converse_name, anthropic_name in _INFERENCE.items()
        if converse_name in settings
    }
    fields["messages"] = [
        {
            "role": message["role"],
            "content": content_of(message["content"], f"messages.{position}.content"),
        }
        for position, message in enumerate(body.get("messages", []))
    ]
    if body.get("system"):
        fields["system"] = content_of(body["system"], "system")
    if "toolConfig" in body:
        fields |= _tool_fields(body["toolConfig"])
    output = _output_config(body.get("outputConfig", {}))
    return {**fields, "output_config": output} if output else fields


def _tool_fields(config: Json) -> Json:
    tools: list[Json] = []
    for index, tool in enumerate(config["tools"]):
        where = f"toolConfig.tools.{index}"
        if "cachePoint" in tool:
            mark(tools, tool["cachePoint"], f"tools.{index}")
        elif "toolSpec" in tool:
            tools.append(_custom_tool(tool["toolSpec"], f"{where}.toolSpec"))
        else:
            raise invalid(f"This model doesn't support the systemTool field at {where}.")
    if "toolChoice" not in config:
        return {"tools": tools}
    (kind, choice) = next(iter(config["toolChoice"].items()))
    return {"tools": tools, "tool_choice": {"type": kind, **choice}}


def _custom_tool(spec: Json, where: str) -> Json:
    schema = spec["inputSchema"]["json"]
    if not isinstance(schema, dict):
        raise not_an_object(f"{where}.inputSchema.json")
    if schema.get("type") != "object":
        raise invalid(
            f"The value at {where}.inputSchema.json.type must be one of the following: object."
        )
    fields: Json = {name: spec[name] for name in ("name", "description", "strict") if name in spec}
    return {**fields, "input_schema": schema}


def _output_config(config: Json) -> Json:
    output_config: Json = {"effort": config["effort"]} if "effort" in config else {}
    if "textFormat" in config:
        schema_text = config["textFormat"]["structure"]["jsonSchema"]["schema"]
        output_config["format"] = {"type": "json_schema", "schema": _schema(schema_text)}
    return output_config


def _schema(text: str) -> Json:
    where = "outputConfig.textFormat.structure.jsonSchema.schema"
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as broken:
        raise not_an_object(where) from broken
    if not isinstance(schema, dict):
        raise not_an_object(where)
    return schema


def _add(fields: Json, additional: Any) -> None:  # noqa: ANN401
    if not isinstance(additional, dict):
        raise not_an_object("additionalModelRequestFields")
    for name, value in additional.items():
        if name == _JOINED and isinstance(value, list):
            fields[name] = [*fields.get(name, []), *value]
        elif name in fields:
            raise invalid(f"The additional field {name} conflicts with an existing field.")
        else:
            fields[name] = value
