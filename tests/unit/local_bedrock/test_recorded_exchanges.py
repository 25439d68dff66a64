"""What the real Bedrock answered to requests that other projects recorded, the local one answers.

`data/README.md` names the projects. Of a success the status is compared, of a refusal its words.
"""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.catalog import MODELS
from local.bedrock import rules, schema
from local.bedrock.api_format import Question
from local.bedrock.converse import conversation, members, request
from local.bedrock.converse.errors import model_errors
from local.bedrock.counting import parse_input as counted
from local.bedrock.errors import RefusedError

Json = dict[str, Any]
_FILE = Path(__file__).parent / "data" / "recorded_exchanges.jsonl"
EXCHANGES: list[Json] = [json.loads(line) for line in _FILE.read_text().splitlines()]
_MODELS = {model.name: model for model in MODELS}


def _question(exchange: Json) -> Question:
    body, model = json.dumps(exchange["request"]).encode(), _MODELS[exchange["model"]]
    if exchange["operation"] == "count-tokens":
        return counted(members.read(body, "CountTokensRequest")["input"], model)
    if exchange["operation"] == "invoke":
        return Question(schema.parse(body), 0)
    read = members.read(body, "ConverseRequest")
    conversation.check(read)
    return request.question(read, model)


def _words(exchange: Json) -> str:
    """What is refused in it, nothing if it is taken."""
    try:
        question = _question(exchange)
        with model_errors() if question.is_converse else nullcontext():
            rules.check(
                question.request, _MODELS[exchange["model"]], is_converse=question.is_converse
            )
    except RefusedError as refused:
        return refused.message
    return ""


@pytest.mark.parametrize(
    "exchange", EXCHANGES, ids=[f"{n}-{Path(e['file']).name}" for n, e in enumerate(EXCHANGES)]
)
def test_a_recorded_request_has_the_recorded_outcome(exchange: Json) -> None:
    assert _words(exchange) == exchange["words"]
