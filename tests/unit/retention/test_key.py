"""What is left of a record whose key goes."""

import datetime as dt

import pytest

from claude_bedrock.retention import key, log_group
from claude_bedrock.retention.key import Key
from claude_bedrock.retention.log_group import LogGroup

DAY = dt.date(2026, 1, 15)
MIDNIGHT = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
RECORD = log_group.retention_of(LogGroup(30), DAY)


def going(days: int) -> Key:
    return Key("PendingDeletion", MIDNIGHT + dt.timedelta(days=days, hours=12))


def test_a_key_that_stays_changes_nothing() -> None:
    message = key.retention_of(Key("Enabled"))

    assert (message.first, message.days) == (None, None)
    assert key.under(Key("Enabled"), RECORD, DAY) == RECORD
    assert "7 days" in message.threats[0].what


@pytest.mark.parametrize(("days", "left"), [(8, 7), (1, 0), (-3, 0)])
def test_a_key_that_goes_takes_all_with_it(days: int, left: int) -> None:
    message = key.under(going(days), RECORD, DAY)

    assert message.first == message.last == going(days).deleted_on
    assert message.days == left
    assert "key is deleted on 2026-01" in message.rule


def test_a_key_that_goes_later_shortens_nothing() -> None:
    message = key.under(going(100), RECORD, DAY)

    assert (message.first, message.last, message.days) == (RECORD.first, RECORD.last, RECORD.days)


@pytest.mark.parametrize("off", [Key("Disabled"), going(100)])
def test_a_key_that_is_not_on_lets_nothing_be_read(off: Key) -> None:
    message = key.retention_of(off)

    assert message.days == 0
    assert off.state in message.rule
