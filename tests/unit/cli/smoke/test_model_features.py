"""Bedrock is asked what the catalog is unsure of; where it says otherwise, the check fails."""

from __future__ import annotations

import json

import pytest

from claude_bedrock import catalog
from claude_bedrock.cli.smoke import model_features
from claude_bedrock.cli.smoke.check import Finding
from claude_bedrock.cli.smoke.http_call import Response
from tests.unit.cli.smoke.fakes import MadeUp, response

OFFERED = ("claude-haiku-4-5", "claude-opus-4-8")
MODELS = [model for model in catalog.MODELS if model.name in OFFERED]
EXPECTED = {
    question.text: 200 if question.is_expected else 400
    for question in model_features.questions(MODELS)
}


def judged(monkeypatch: pytest.MonkeyPatch, answers: dict[str, int]) -> Finding:
    """The finding where Bedrock answers each question, by its text, with that status."""
    left = iter(answers.values())

    def send(_endpoint: object, method: str, path: str, body: bytes = b"") -> Response:
        if method == "GET":
            return response(body={"data": [{"id": name} for name in OFFERED]})
        assert path in {f"/model/{name}/invoke" for name in OFFERED}
        assert json.loads(body)["max_tokens"] == model_features.OUTPUT_TOKENS
        return response(next(left))

    monkeypatch.setattr(model_features, "send", send)
    return model_features.judge(MadeUp())


def test_answers_that_agree_pass_and_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = judged(monkeypatch, EXPECTED)
    assert finding.verdict == "pass"
    assert finding.measured == EXPECTED
    assert "claude-opus-4-8: `output_config.format`" in EXPECTED


def test_an_answer_that_differs_fails_and_names_model_and_feature(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = "claude-opus-4-8: `output_config.format`"
    finding = judged(monkeypatch, {**EXPECTED, question: 200})
    assert (finding.verdict, question in finding.text) == ("fail", True)


def test_what_bedrock_does_not_answer_is_not_assessed(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = judged(monkeypatch, dict.fromkeys(EXPECTED, 429))
    assert finding.verdict == "not assessed"
