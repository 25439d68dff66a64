"""Each budget's spending computed again from Bedrock's own records, beside the counter's."""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from claude_bedrock.budgets.budget import MICRO, STAGE, USD, Budget, role_of
from claude_bedrock.cli.budgets.spending import Spending
from claude_bedrock.cli.usage import totals
from claude_bedrock.cli.usage.rows import Row
from claude_bedrock.cli.usage.totals import TeamProfiles
from claude_bedrock.verification.principals import Principals

TOLERANCE = Decimal("0.01")
"""The part of a recorded amount by which a counter may be below it: a call counts in whole
micro-dollars."""

ReadRows = Callable[[dt.datetime, dt.datetime], Sequence[Row]]
"""Returns the rows of `claude-bedrock usage` for the calls of a window, in UTC."""


class Comparison(NamedTuple):
    """A budget's spending by its counter and by the records. `recorded` is in the budget's unit."""

    spending: Spending
    recorded: int

    @property
    def difference(self) -> int:
        """What the counter has more than the records; below zero, what it misses."""
        return self.spending.spent - self.recorded

    @property
    def is_undercounted(self) -> bool:
        """Return whether calls are on record that the budget does not count."""
        counted = self.spending.spent + self.spending.reserved
        return counted < self.recorded * (1 - TOLERANCE)

    def as_data(self) -> dict[str, Any]:
        """Return both amounts for programs."""
        scale = MICRO if self.spending.budget.unit == USD else 1
        return {
            **self.spending.as_data(),
            "recorded": self.recorded / scale,
            "difference": self.difference / scale,
            "undercounted": self.is_undercounted,
        }


class RecordCheck(NamedTuple):
    """Each budget's comparison. `direct_calls` are on record since the first of the periods began
    and are of other principals than the gateway's: they count for no budget. `unreadable` are
    records and objects since then that cannot be read, whose calls are in no comparison."""

    comparisons: Sequence[Comparison] = ()
    direct_calls: int = 0
    unreadable: int = 0

    @property
    def undercounted(self) -> int:
        """How many budgets count less than the records have."""
        return sum(comparison.is_undercounted for comparison in self.comparisons)


def compare(
    spendings: Sequence[Spending],
    read_rows: ReadRows,
    profiles: TeamProfiles,
    principals: Principals,
    now: dt.datetime,
) -> RecordCheck:
    """Compare each budget with what the records of the gateway's calls in its period say. The
    records of a period are read once."""
    starts = sorted({spending.period.start for spending in spendings})
    rows: dict[int, list[Row]] = {}
    direct_calls: list[int] = []
    unreadable: list[int] = []
    for start in starts:
        recorded = read_rows(dt.datetime.fromtimestamp(start, dt.UTC), now)
        rows[start] = [row for row in recorded if principals.is_gateway(row.principal)]
        calls = (sum(row.calls for row in some) for some in (recorded, rows[start]))
        direct_calls.append(next(calls) - next(calls))
        unreadable.append(sum(row.unreadable for row in recorded))
    return RecordCheck(
        [
            Comparison(spending, _recorded(spending.budget, rows[spending.period.start], profiles))
            for spending in spendings
        ],
        max(direct_calls, default=0),
        max(unreadable, default=0),
    )


def _recorded(budget: Budget, rows: Sequence[Row], profiles: TeamProfiles) -> int:
    by = totals.usage(rows, ("caller", "team"), profiles).groups
    return sum(_amount(budget, total) for group, total in by.items() if _is_of(budget, group))


def _is_of(budget: Budget, group: tuple[str, ...]) -> bool:
    caller, team = group
    if budget.subject == STAGE:
        return True
    if budget.scope == "team":
        return team == budget.name
    return budget.name in (caller, role_of(caller))


def _amount(budget: Budget, total: totals.Sum) -> int:
    if budget.unit == USD:
        return int((total.dollars.total * MICRO).to_integral_value())
    return total.input_tokens + total.cache_write_tokens + total.output_tokens
