"""Every two values of every two stage keys synthesize together, with all rules on, or the settings
say in a line why they cannot stand together."""

from __future__ import annotations

import json

import pytest

from tests.infrastructure.pairs import Choice, Pairs, cover, holds
from tests.infrastructure.variants import ACCOUNT, VALUES, Syntheses, variant

# Two values of one key, which a key's value brings with it, or a sentence of the settings.
REASONS = ("two values of ", "stage 'dev': ")


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    return cover()


@pytest.fixture(scope="module")
def syntheses(tmp_path_factory: pytest.TempPathFactory) -> Syntheses:
    return Syntheses(tmp_path_factory.mktemp("syntheses"))


def test_few_pairs_are_refused_and_each_with_a_reason(pairs: Pairs) -> None:
    assert len(pairs.refused) < len(pairs.covered) / 50
    assert all(reason.startswith(REASONS) for reason in pairs.refused.values())


def test_a_block_holds_each_pair_that_the_settings_accept(pairs: Pairs) -> None:
    missing = [
        pair for pair in pairs.covered if not any(holds(block, pair) for block in pairs.blocks)
    ]

    assert missing == []


def test_an_account_and_teams_are_in_one_block(pairs: Pairs) -> None:
    account = next(
        number
        for number, account in enumerate(VALUES["account.id"])
        if account == {"account.id": ACCOUNT}
    )

    assert frozenset((Choice("account.id", account), Choice("callers.teams", 1))) in pairs.covered
    assert any(block.get("account.id") and block.get("callers.teams") for block in pairs.blocks)


def test_every_pair_synthesizes(pairs: Pairs, syntheses: Syntheses) -> None:
    broken = {
        json.dumps(block): violations
        for block in pairs.blocks
        if (violations := syntheses.violations(block))
    }

    assert broken == {}


def test_a_rule_that_is_broken_is_detected(
    syntheses: Syntheses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stacks.components.api.streaming_api.SECURITY_POLICY", "TLS_1_0")
    (_, block) = variant(
        {**VALUES["models.geography"][0], "logging.keep_logs_on_destroy": False},
        {"region": "us-east-1", "models.allow": ["haiku"]},
    )

    assert any(
        "apis_take_no_tls_below_1_2" in violation for violation in syntheses.violations(block)
    )
