"""Converse bodies and their blocks, the smallest there are, and what they ask of Claude."""

import json
from typing import Any

from claude_bedrock.catalog import MODELS, Model
from local.bedrock import rules, schema
from local.bedrock.api_format import Question
from local.bedrock.converse import conversation, members, request
from tests.unit.local_bedrock.files import image, pdf, text

Json = dict[str, Any]
IMAGE = {"image": {"format": "png", "source": {"bytes": text(image())}}}
CALL = {"toolUse": {"toolUseId": "t1", "name": "clock", "input": {}}}
RESULT = {"toolResult": {"toolUseId": "t1", "content": [{"text": "noon"}]}}
SPEC = {"name": "clock", "inputSchema": {"json": {"type": "object"}}}
TOOLS = {"tools": [{"toolSpec": SPEC}]}
POINT = {"cachePoint": {"type": "default"}}
TEXT = {"text": "hi"}


def model(name: str = "claude-sonnet-4-5") -> Model:
    return next(model for model in MODELS if model.name == name)


def document(**changed: Any) -> Json:  # noqa: ANN401
    members = {"format": "pdf", "name": "doc", "source": {"bytes": text(pdf())}, **changed}
    return {"document": {name: value for name, value in members.items() if value is not None}}


def user(*content: Json) -> Json:
    return {"role": "user", "content": list(content)}


def assistant(*content: Json) -> Json:
    return {"role": "assistant", "content": list(content)}


def parse_question(name: str = "claude-sonnet-4-5", **fields: Any) -> Question:  # noqa: ANN401
    """The question of a smallest request with `fields` over it; None takes a field out."""
    changed = {"messages": [user(TEXT)], **fields}
    present = {key: value for key, value in changed.items() if value is not None}
    body = members.read(json.dumps(present).encode(), "ConverseRequest")
    conversation.check(body)
    question = request.question(body, model(name))
    rules.check(question.request, model(name), is_converse=True)
    return question


def invoked(**fields: Any) -> schema.Request:  # noqa: ANN401
    """What the same question is as an InvokeModel body."""
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 64_000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
        **fields,
    }
    return schema.parse(json.dumps(body).encode())
