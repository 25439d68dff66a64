"""The report's section on budgets: each beside what Bedrock's records say of it."""

from __future__ import annotations

import time
from typing import Any

from claude_bedrock.budgets import period
from claude_bedrock.budgets.budget import Budget
from claude_bedrock.cli.audit.budgets import BUDGETS_COUNTED, BudgetCheck, judge
from claude_bedrock.cli.audit.page import page
from claude_bedrock.cli.audit.statement import Statement
from claude_bedrock.cli.budgets.record_check import Comparison, RecordCheck
from claude_bedrock.cli.budgets.spending import Spending
from tests.unit.cli.audit.made_up import HOSTILE, report

DAILY = Budget(f"caller#{HOSTILE}", "usd", 20_000_000, "day")


def compared(spent: int, recorded: int) -> Comparison:
    today = period.containing("day", time.time())
    return Comparison(Spending(DAILY, today, spent, 0), recorded)


def test_a_budget_below_the_records_fails() -> None:
    right, wrong = compared(5_000_000, 5_000_100), compared(5_000_000, 6_000_000)

    assert judge(RecordCheck([right]), 0).verdict == "pass"
    both = judge(RecordCheck([right, wrong]), 0)
    assert both.words == "1 of 2 budgets count less than Bedrock's records come to."
    assert both.verdict == "fail"


def test_a_finding_of_the_verification_fails_and_a_direct_call_does_not() -> None:
    right = compared(5_000_000, 5_000_000)

    direct = judge(RecordCheck([right], direct_calls=3), 0)
    assert (direct.verdict, "3 calls of other principals" in direct.words) == ("pass", True)
    assert judge(RecordCheck([right]), 1).verdict == "fail"
    torn = judge(RecordCheck([right], unreadable=2), 0)
    assert (torn.verdict, "2 records or objects cannot be read" in torn.words) == (
        "not assessed",
        True,
    )
    assert judge(RecordCheck([right], unreadable=2), 1).verdict == "fail"


def test_the_section_is_there_for_a_stage_with_budgets_alone() -> None:
    judgment = judge(RecordCheck([compared(5_000_000, 4_000_000)]), 0)
    statement = Statement(BUDGETS_COUNTED, "claim", judgment.verdict, judgment.words)
    check = BudgetCheck((compared(5_000_000, 4_000_000),), (statement,))
    with_budgets = report()._replace(budgets=check)

    text = page(with_budgets)

    assert 'id="budgets"' in text
    assert HOSTILE not in text
    assert '<td class="number" data-value="1.0">1.00</td>' in text
    assert 'id="budgets"' not in page(report())
    data: dict[str, Any] = with_budgets.as_data()
    assert [each["recorded"] for each in data["budgets"]] == [4.0]
