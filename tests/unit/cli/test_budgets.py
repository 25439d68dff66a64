"""`claude-bedrock budgets`: what is spent, what is reserved, and of whom."""

from __future__ import annotations

import datetime as dt
import time
from types import SimpleNamespace
from typing import Any

import pytest

from claude_bedrock.budgets import item, period
from claude_bedrock.budgets.budget import Budget, Rules, to_json
from claude_bedrock.cli.audit.budgets import BudgetCheck, collect_budgets
from claude_bedrock.cli.budgets.command import _checked_table, _table
from claude_bedrock.cli.budgets.record_check import compare
from claude_bedrock.cli.budgets.spending import NoBudgetsError, read_rules, spending
from claude_bedrock.cli.usage.rows import Row, unreadable_row
from claude_bedrock.verification.principals import Principals

NOW = time.time()
DAILY = Budget("", "usd", 20_000_000, "day", alert_at=(80,))
RULES = Rules(
    stage=(Budget("stage", "tokens", 1000, "month", blocks=False),),
    callers={"default": (DAILY,), "ana": (DAILY._replace(limit=5_000_000),), "free": ()},
)
PRINCIPALS = Principals("arn:aws:iam::123456789012:role/gateway")
ROLE = "arn:aws:sts::123456789012:assumed-role/gateway"
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


@pytest.mark.parametrize("outputs", [{}, {"BudgetRules": to_json(Rules())}])
def test_a_stage_that_limits_tokens_per_minute_alone_has_no_budgets(
    outputs: dict[str, str],
) -> None:
    stage: Any = SimpleNamespace(stage="dev", outputs=lambda _: outputs)

    with pytest.raises(NoBudgetsError, match="Stage dev has no budgets"):
        read_rules(stage)
    assert collect_budgets(stage, outputs, stage, stage, stage, joined=stage) == BudgetCheck()


def test_a_budget_is_computed_again_from_the_records() -> None:
    rows = list(spending(RULES, {"caller#bo": ITEM}, NOW))
    model = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
    of_bo = Row("2026-11-29", "bo", model, "us-east-1", 0, 2, 0, 0, 1_000_000, 100_000, 0, 0)
    of_bo = of_bo._replace(principal=ROLE)
    # Of a principal that names bo in metadata of its own, and went past the gateway:
    direct = of_bo._replace(principal="arn:aws:sts::123456789012:assumed-role/batch", calls=7)
    of_ana = of_bo._replace(caller="ana", input_tokens=2_000_000, output_tokens=0)
    windows: list[dt.datetime] = []

    def read(since: dt.datetime, _until: dt.datetime) -> list[Row]:
        windows.append(since)
        return [of_bo, of_ana, direct]

    check = compare(rows, RULES, read, {}, PRINCIPALS, now=dt.datetime.fromtimestamp(NOW, dt.UTC))
    stage, ana, bo = check.comparisons
    assert (check.direct_calls, check.undercounted) == (7, 2)

    assert len(windows) == len({row.period.start for row in rows})
    assert stage.recorded == 3_100_000
    assert (ana.recorded, ana.is_undercounted) == (6_000_000, True)
    assert (bo.recorded, bo.difference, bo.is_undercounted) == (4_500_000, 500_000, False)
    assert bo.as_data()["difference"] == 0.5
    assert list(_checked_table([bo]).columns[-1].cells) == ["$0.50"]


def test_a_record_that_cannot_be_read_is_in_no_comparison_and_counted() -> None:
    rows = list(spending(RULES, {"caller#bo": ITEM}, NOW))

    check = compare(
        rows,
        RULES,
        lambda *_: [unreadable_row("s3://bucket/torn"), unreadable_row("s3://bucket/other")],
        {},
        PRINCIPALS,
        now=dt.datetime.fromtimestamp(NOW, dt.UTC),
    )

    assert (check.unreadable, check.undercounted, check.direct_calls) == (2, 0, 0)


def test_a_caller_on_record_without_a_counter_is_undercounted() -> None:
    """A lost item of the table must not look like a caller who has not called."""
    uncounted = Row("2026-11-29", "eve", "anthropic.claude-new", "", 0, 3, 0, 1, 0, 0, 0, 0)
    of_eve = uncounted._replace(input_tokens=100, principal=ROLE)
    priced = of_eve._replace(model_id="global.anthropic.claude-sonnet-4-5-20250929-v1:0")
    rules = Rules(callers={"default": (DAILY._replace(unit="tokens"),), "free": ()})
    rows = [of_eve, priced, priced._replace(caller="free")]
    now = dt.datetime.fromtimestamp(NOW, dt.UTC)

    check = compare([], rules, lambda *_: rows, {}, PRINCIPALS, now=now)

    (eve,) = check.comparisons
    assert (eve.spending.budget.subject, eve.recorded) == ("caller#eve", 200)
    assert (check.undercounted, check.uncounted) == (1, 6)  # three records without counts, 3 prices


@pytest.mark.parametrize(
    ("caller", "counts"),
    [
        ("Deploy/run-1", True),
        ("Deploy", True),
        ("Deploy/other", False),  # which has a budget of its own
        ("Deploy:run-1", False),
        ("arn:aws:sts::123456789012:assumed-role/Deploy/run-1", False),  # past the gateway
    ],
)
def test_a_roles_budget_counts_its_sessions_through_the_gateway(caller: str, counts: bool) -> None:
    rules = Rules(callers={"Deploy": (DAILY,), "Deploy/other": (DAILY,)})
    row = Row("2026-11-29", caller, "anthropic.claude-haiku-4-5", "", 0, 1, 0, 0, 10, 0, 0, 0)
    row = row._replace(principal=ROLE)
    tokens = [
        each._replace(budget=each.budget._replace(unit="tokens"))
        for each in spending(rules, {}, NOW)
    ]
    now = dt.datetime.fromtimestamp(NOW, dt.UTC)
    compared, _ = compare(tokens, rules, lambda *_: [row], {}, PRINCIPALS, now=now).comparisons
    assert compared.recorded == (10 if counts else 0)
