"""`claude-bedrock budgets`: what is spent, what is reserved, and of whom."""

from __future__ import annotations

import time

from claude_bedrock.budgets import item, period
from claude_bedrock.budgets.budget import Budget, Rules
from claude_bedrock.cli.budgets.command import _table
from claude_bedrock.cli.budgets.spending import spending

NOW = time.time()
DAILY = Budget("", "usd", 20_000_000, "day", alert_at=(80,))
RULES = Rules(
    stage=(Budget("stage", "tokens", 1000, "month", blocks=False),),
    callers={"default": (DAILY,), "ana": (DAILY._replace(limit=5_000_000),), "free": ()},
)
ITEM = {
    "subject": {"S": "caller#bo"},
    DAILY.counter(period.containing("day", NOW)): {"N": "9000000"},
    "r#open": {"S": f"{int(NOW) + item.RESERVATION_SECONDS} 4000000 0"},
    "r#ended": {"S": f"{int(NOW) - 1} 1000000 0"},
}


def test_each_budget_is_listed_of_those_who_are_named_or_have_called() -> None:
    rows = list(spending(RULES, {"caller#bo": ITEM, "caller#free": {}}, NOW))

    data = [row.as_data() for row in rows]
    assert [(row["scope"], row["name"], row["unit"]) for row in data] == [
        ("stage", "", "tokens"),
        ("caller", "ana", "usd"),
        ("caller", "bo", "usd"),
    ]
    bo = data[-1]
    assert (bo["spent"], bo["reserved"], bo["limit"], bo["used_percent"]) == (5.0, 4.0, 20.0, 45.0)
    assert bo["resets_at"] > bo["since"]
    assert data[0]["action"] == "alert"
    assert [list(column.cells)[-1] for column in _table(rows).columns][2:6] == [
        "$5.00",
        "$4.00",
        "$20.00",
        "45 %",
    ]
