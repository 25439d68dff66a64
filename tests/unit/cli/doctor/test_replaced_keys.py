"""A replaced key that works past its end is found, by whatever the stage's function failed."""

from datetime import UTC, datetime, timedelta

import pytest

from claude_bedrock.cli.doctor.check import Outcome
from claude_bedrock.cli.doctor.checks import replaced_keys
from claude_bedrock.cli.keys.api_keys import Key

NOW = datetime(2026, 11, 30, 16, tzinfo=UTC)
IN_FORCE = Key("k1", "search", "default", enabled=True, created=NOW, ends=None, of_stack=False)
REPLACED = IN_FORCE._replace(id="k2", ends=NOW + timedelta(hours=1))
JUST_ENDED = REPLACED._replace(ends=NOW - timedelta(minutes=5))
OVERDUE = REPLACED._replace(ends=NOW - timedelta(minutes=15))
UNREADABLE = REPLACED._replace(ends=None, unreadable_end="'soon'")


@pytest.mark.parametrize(
    ("keys", "outcome", "words"),
    [
        ([IN_FORCE], "ok", "none works"),
        ([IN_FORCE, REPLACED, JUST_ENDED], "ok", "2 work until their end"),
        ([IN_FORCE, OVERDUE._replace(enabled=False)], "ok", "none works"),
        ([IN_FORCE, OVERDUE], "failed", "search (k2)"),
        ([IN_FORCE, UNREADABLE], "failed", "search (k2)"),
    ],
)
def test_a_replaced_key_is_off_soon_after_its_end(
    keys: list[Key], outcome: Outcome, words: str
) -> None:
    check = replaced_keys.judge(keys, NOW)

    assert (check.outcome, words in check.found) == (outcome, True)
    assert ("--replaced-only" in check.fix) == (outcome == "failed")
