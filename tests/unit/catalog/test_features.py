"""What only some models take: each row is of models that there are, with a source and a month."""

import re

import pytest

from claude_bedrock.catalog import MODELS, Model, capabilities, features
from claude_bedrock.catalog.features import Feature

NAMES = {model.name for model in MODELS}


@pytest.mark.parametrize("feature", features.ALL, ids=lambda feature: feature.label)
def test_a_row_has_models_a_source_and_a_month(feature: Feature) -> None:
    assert feature.taken_by | feature.unconfirmed <= NAMES
    assert feature.source.startswith("https://")
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", feature.date)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_what_is_not_sure_is_not_taken_and_is_marked(model: Model) -> None:
    takes = capabilities.of(model)
    for field in ("output_format", "forced_tool", "prefill", "system_turns"):
        assert not (getattr(takes, field) and field in takes.unconfirmed)
    assert not (takes.tool_fields and "tool_fields" in takes.unconfirmed)
