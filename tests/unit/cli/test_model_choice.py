"""Which model is called where none is named, or a family."""

import pytest

from claude_bedrock.catalog import MODELS, find
from claude_bedrock.cli.ask.model_choice import choose_model
from claude_bedrock.cli.ask.request_body import BadQuestionError
from claude_bedrock.cli.models import listing
from claude_bedrock.cli.models.listing import Offer
from claude_bedrock.cli.shared.endpoint import Endpoint
from claude_bedrock.cli.shared.request_auth import ByKey

ENDPOINT = Endpoint("https://x/dev", ByKey("k"), None)


def allow(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    offers = [Offer(model, {}) for name in names if (model := find(name))]
    monkeypatch.setattr(listing, "of_endpoint", lambda _: offers)


@pytest.mark.parametrize(
    ("name", "allowed", "chosen"),
    [
        (None, ("claude-opus-4-5", "claude-haiku-4-5"), "claude-haiku-4-5"),
        (None, ("claude-sonnet-4-5", "claude-opus-4-6"), "claude-opus-4-6"),
        ("haiku", ("claude-opus-4-5", "claude-haiku-4-5"), "claude-haiku-4-5"),
        ("opus", ("claude-opus-4-6", "claude-opus-4-5", "claude-haiku-4-5"), "claude-opus-4-6"),
    ],
)
def test_the_newest_that_the_stage_allows_is_called(
    monkeypatch: pytest.MonkeyPatch, name: str | None, allowed: tuple[str, ...], chosen: str
) -> None:
    allow(monkeypatch, *allowed)
    assert choose_model(name, ENDPOINT) == chosen


def test_a_name_is_sent_as_it_is_and_sends_no_request() -> None:
    for name in ("claude-haiku-4-5", "eu.anthropic.claude-haiku-4-5-20251001-v1:0", "unheard-of"):
        assert choose_model(name, ENDPOINT) == name
    assert "haiku" in {model.family for model in MODELS}


def test_a_family_that_the_stage_has_none_of_names_what_it_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allow(monkeypatch, "claude-opus-4-5")
    with pytest.raises(BadQuestionError, match="no sonnet model"):
        choose_model("sonnet", ENDPOINT)
