"""What CloudWatch Logs removes and when."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.retention.log_group import LogGroup, retention_of
from claude_bedrock.retention.result import ends, suffices

DAY = dt.date(2026, 1, 15)
MIDNIGHT = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)


@given(st.integers(1, 3653), st.integers(0, 24 * 60 * 60 * 1000 - 1))
def test_an_event_is_due_at_its_exact_age(days: int, written: int) -> None:
    message = retention_of(LogGroup(days), DAY)
    due = MIDNIGHT + dt.timedelta(milliseconds=written) + dt.timedelta(days=days)

    assert message.first is not None
    assert message.last is not None
    assert message.first <= due < message.last
    assert message.last - message.first == dt.timedelta(days=1)
    assert suffices(message, days)
    assert not suffices(message, days + 1)
    assert "72 hours" in message.delay


def test_without_retention_nothing_ends() -> None:
    message = retention_of(LogGroup(None), DAY)

    assert (message.first, message.last, message.days, message.delay) == (None, None, None, "")
    assert suffices(message, 3653)
    assert not ends(message)


def test_the_class_delivery_retains_a_day_whatever_is_set() -> None:
    assert retention_of(LogGroup(365, log_class="DELIVERY"), DAY).days == 1


def test_deletion_protection_is_a_step_more() -> None:
    def threat(group: LogGroup) -> str:
        return retention_of(group, DAY).threats[0].what

    assert "deletion protection" in threat(LogGroup(30, protected=True))
    assert "deletion protection" not in threat(LogGroup(30))
