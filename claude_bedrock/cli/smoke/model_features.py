"""Checks of model features that the catalog is not sure of, by Bedrock's own answer."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from claude_bedrock import catalog
from claude_bedrock.catalog import Model, capabilities, features
from claude_bedrock.catalog.features import Feature
from claude_bedrock.cli.shared.endpoint import RefusedError
from claude_bedrock.cli.smoke.check import Check, Finding, failed, not_assessed, passed
from claude_bedrock.cli.smoke.deployed_stage import Subject
from claude_bedrock.cli.smoke.http_call import send

INPUT_TOKENS: Final = 1_000
OUTPUT_TOKENS: Final = 16
"""The most tokens of one question; a tool's instructions count as input."""

_CLOSED: Final = {"type": "object", "properties": {}, "additionalProperties": False}
_TOOL: Final = {"name": "now", "description": "The time.", "input_schema": _CLOSED}
_USER: Final = {"role": "user", "content": "What time is it?"}
_ASSISTANT: Final = {"role": "assistant", "content": "Noon."}
_FIELDS: Final[tuple[tuple[Feature, Mapping[str, Any]], ...]] = (
    (
        features.OUTPUT_FORMAT,
        {"output_config": {"format": {"type": "json_schema", "schema": _CLOSED}}},
    ),
    (features.STRICT, {"tools": [{**_TOOL, "strict": True}]}),
    (features.EAGER_STREAMING, {"tools": [{**_TOOL, "eager_input_streaming": True}]}),
    (features.FORCED_TOOL, {"tools": [_TOOL], "tool_choice": {"type": "any"}}),
    (
        features.SYSTEM_TURNS,
        {"messages": [_USER, _ASSISTANT, _USER, {"role": "system", "content": "Be brief."}]},
    ),
)
_MEMORY_BETA: Final = "context-management-2025-06-27"


class Question(NamedTuple):
    """`fields` go over a smallest body; `is_expected` says that the catalog has Bedrock take it."""

    model: Model
    label: str
    fields: Mapping[str, Any]
    is_expected: bool

    @property
    def text(self) -> str:
        return f"{self.model.name}: {self.label}"


def questions(models: Iterable[Model]) -> Iterator[Question]:
    """Yield a question for each feature that the catalog is not sure of, of these models."""
    for model in models:
        for feature, fields in _FIELDS:
            if model.name in feature.unconfirmed:
                yield Question(model, feature.label, fields, model.name in feature.taken_by)
        if _MEMORY_BETA in capabilities.of(model).betas:
            memory = {"tools": [{"type": "memory_20250818", "name": "memory"}]}
            yield Question(model, "`memory_20250818` without a beta", memory, is_expected=False)


def judge(subject: Subject) -> Finding:
    """Judge whether Bedrock's answers agree with the catalog, for every model that the stage
    offers."""
    open_questions = list(questions(_offered(subject)))
    if not open_questions:
        return not_assessed("The catalog is sure of everything that the stage's models take.")
    statuses = {question.text: _status(subject, question) for question in open_questions}
    differ = [
        question.text
        for question in open_questions
        if statuses[question.text] == (400 if question.is_expected else 200)
    ]
    unanswered = [text for text, status in statuses.items() if status not in (200, 400)]
    if differ:
        return failed(f"Bedrock differs from the catalog: {'; '.join(differ)}.", **statuses)
    if unanswered:
        return not_assessed(f"Bedrock does not answer: {'; '.join(unanswered)}.", **statuses)
    return passed(f"Bedrock agrees with the catalog in {len(open_questions)} answers.", **statuses)


def _offered(subject: Subject) -> list[Model]:
    response = send(subject.endpoint, "GET", "/v1/models?limit=1000")
    if response.status != 200:
        raise RefusedError(f"the endpoint lists no models: status {response.status}")
    models = (catalog.find(item["id"]) for item in json.loads(response.body)["data"])
    return [model for model in models if model]


def _status(subject: Subject, question: Question) -> int:
    body = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": OUTPUT_TOKENS,
        "messages": [_USER],
        **question.fields,
    }
    path = f"/model/{question.model.name}/invoke"
    return send(subject.endpoint, "POST", path, json.dumps(body).encode()).status


CHECKS: Final = (
    Check(
        "model features",
        "Each model takes what the catalog says, where sources differ or say nothing.",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-structured-outputs.html",
        judge,
    ),
)
