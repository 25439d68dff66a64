"""The local Bedrock refuses what the real one was quoted to refuse, in its words."""

import json

import pytest

from claude_bedrock.catalog import MODELS
from local.bedrock import rules, schema
from local.bedrock.errors import RefusedError
from tests.unit.local_bedrock.refusals import REFUSALS, Refusal

_NAMES = {model.name: model for model in MODELS}
_SMALLEST = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 4096,
    "messages": [{"role": "user", "content": "hi"}],
}
_CASES = [(row, name) for row in REFUSALS for name in row.models]


@pytest.mark.parametrize(("row", "name"), _CASES, ids=[f"{r.what} - {n}" for r, n in _CASES])
def test_a_quoted_refusal_is_the_local_bedrocks(row: Refusal, name: str) -> None:
    body = json.dumps({**_SMALLEST, **row.fields}).encode()
    with pytest.raises(RefusedError) as refused:
        rules.check(schema.parse(body), _NAMES[name])
    assert refused.value.name == "ValidationException"
    assert refused.value.message.startswith(row.words)


def test_every_row_names_its_source() -> None:
    assert all(row.source.startswith("https://") and len(row.date) == 7 for row in REFUSALS)
