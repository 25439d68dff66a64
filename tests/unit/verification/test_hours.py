"""Hours are covered without a gap and without being covered twice, whatever runs are missed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from verification.hours import AT_ONCE, HOUR, due

START = datetime(2026, 11, 25, 9, 59, 30, tzinfo=UTC)
WAITS = st.lists(st.timedeltas(timedelta(seconds=1), timedelta(hours=20)), max_size=30)


@given(WAITS)
def test_hours_follow_each_other_whenever_the_function_runs(waits: list[timedelta]) -> None:
    now, covered, done = START, None, []
    for wait in waits:
        now += wait
        hours = list(due(covered, now))
        assert len(hours) <= AT_ONCE
        done += hours
        covered = done[-1][1] if done else None
    for since, until in done:
        assert until - since == HOUR
        assert until <= now
    assert all(one[1] == other[0] for one, other in pairwise(done))
    if done:
        backlog = list(due(covered, now + timedelta(days=365)))
        assert backlog[0][0] == done[-1][1]


def test_the_first_run_is_about_the_last_whole_hour() -> None:
    assert list(due(None, START)) == [(START.replace(hour=8, minute=0, second=0), _hour(9))]


def test_a_run_leaves_what_it_has_no_time_for_to_the_next() -> None:
    assert len(list(due(_hour(0), START))) == AT_ONCE
    assert list(due(_hour(9), START)) == []


def _hour(hour: int) -> datetime:
    return START.replace(hour=hour, minute=0, second=0)
