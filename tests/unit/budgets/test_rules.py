"""Which budgets a caller has, and when their periods begin and end."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.budgets import budget, period
from claude_bedrock.budgets.budget import Budget, Rules

MONTHLY = Budget("stage", "usd", 5_000_000_000, "month", alert_at=(80, 100))
DAILY = Budget("", "usd", 20_000_000, "day")
WEEKLY = Budget("", "tokens", 1_000_000, "week", blocks=False)
RULES = Rules(
    stage=(MONTHLY,),
    teams={"default": (WEEKLY,), "search": (DAILY,)},
    callers={"default": (DAILY,), "ana": (), "Deploy": (WEEKLY,), "github:o": (WEEKLY,)},
)


@given(st.integers(0, 4 * 10**9))
def test_periods_are_those_of_the_calendar_in_utc(now: int) -> None:
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    day = moment.replace(hour=0, minute=0, second=0)
    monday = day - dt.timedelta(day.weekday())
    first = day.replace(day=1)
    ends = {
        "day": (day, day + dt.timedelta(1)),
        "week": (monday, monday + dt.timedelta(7)),
        "month": (first, (first + dt.timedelta(32)).replace(day=1)),
    }
    for per, (start, end) in ends.items():
        found = period.containing(per, now)
        assert (found.start, found.end) == (start.timestamp(), end.timestamp())
        assert found.label == f"{start:%Y-%m-%d}"
    assert period.containing("minute", now).label == f"{moment:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("caller", "team", "subjects"),
    [
        ("bo", "search", ["stage", "team#search", "caller#bo"]),
        ("bo", "support", ["stage", "team#support", "caller#bo"]),
        ("bo", "", ["stage", "caller#bo"]),
        ("ana", "", ["stage"]),
        ("", "", ["stage"]),
        ("Deploy/run-1", "", ["stage", "caller#Deploy"]),
        ("Other/run-1", "", ["stage", "caller#Other/run-1"]),
        ("corp:ana", "", ["stage", "caller#corp:ana"]),
        ("Deploy:o/r", "", ["stage", "caller#Deploy:o/r"]),
        ("github:o/r", "", ["stage", "caller#github:o/r"]),
    ],
)
def test_a_caller_has_those_of_its_own_name_else_the_default(
    caller: str, team: str, subjects: list[str]
) -> None:
    assert [each.subject for each in RULES.budgets_for(caller, team)] == subjects


def test_rules_come_back_out_of_the_environment() -> None:
    assert budget.parse(budget.to_json(RULES)) == RULES
    assert budget.to_json(Rules()) == "{}"
