"""Each budget's spending computed again from Bedrock's own records, beside the counter's."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from claude_bedrock.budgets import period
from claude_bedrock.budgets.budget import MICRO, USD, Budget, Rules
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
    records and objects since then that cannot be read, whose calls are in no comparison;
    `uncounted` are calls of the gateway's whose records lack token counts or a model with a price:
    they add nothing to what is on record."""

    comparisons: Sequence[Comparison] = ()
    direct_calls: int = 0
    unreadable: int = 0
    uncounted: int = 0

    @property
    def undercounted(self) -> int:
        """How many budgets count less than the records have."""
        return sum(comparison.is_undercounted for comparison in self.comparisons)


def compare(
    spendings: Sequence[Spending],
    rules: Rules,
    read_rows: ReadRows,
    profiles: TeamProfiles,
    principals: Principals,
    *,
    now: dt.datetime,
) -> RecordCheck:
    """Compare each budget of the `rules` with what the records of the gateway's calls in its period
    say; that of a caller or team on record without a counter too. The records of a period are read
    once."""
    known = {spending.period for spending in spendings}
    starts = sorted({each.start for each in known | _periods(rules, now)})
    usages: dict[int, totals.Usage] = {}
    direct_calls: list[int] = []
    unreadable: list[int] = []
    for start in starts:
        recorded = read_rows(dt.datetime.fromtimestamp(start, dt.UTC), now)
        of_gateway = [row for row in recorded if principals.is_gateway(row.principal)]
        usages[start] = totals.usage(of_gateway, ("caller", "team"), profiles)
        direct_calls.append(sum(row.calls for row in recorded) - usages[start].total.calls)
        unreadable.append(sum(row.unreadable for row in recorded))
    return RecordCheck(
        [
            Comparison(spending, _recorded(spending.budget, usages[spending.period.start], rules))
            for spending in [*spendings, *_without_counter(spendings, rules, usages, profiles, now)]
        ],
        max(direct_calls, default=0),
        max(unreadable, default=0),
        max((usage.total.uncounted + usage.total.unpriced for usage in usages.values()), default=0),
    )


def _periods(rules: Rules, now: dt.datetime) -> set[period.Period]:
    lists = (rules.stage, *rules.teams.values(), *rules.callers.values())
    return {period.containing(rule.per, now.timestamp()) for budgets in lists for rule in budgets}


def _without_counter(
    spendings: Sequence[Spending],
    rules: Rules,
    usages: Mapping[int, totals.Usage],
    profiles: TeamProfiles,
    now: dt.datetime,
) -> Iterator[Spending]:
    """Yield the budgets of callers and teams that have calls on record and no item in the table; a
    team is one of the stage's."""
    teams = {profile.team for profile in profiles.values()}
    known = {spending.budget.subject for spending in spendings}
    groups = {group for usage in usages.values() for group in usage.groups}
    budgets = {
        rule: None
        for caller, team in sorted(groups)
        for rule in rules.budgets_for(caller, team if team in teams else "")
        if rule.subject not in known
    }
    for rule in budgets:
        yield Spending(rule, period.containing(rule.per, now.timestamp()), 0, 0)


def _recorded(budget: Budget, usage: totals.Usage, rules: Rules) -> int:
    """Return what the records have of the calls that count against the budget, as the gateway
    chooses them."""
    return sum(
        _amount(budget, total)
        for (caller, team), total in usage.groups.items()
        if any(rule.subject == budget.subject for rule in rules.budgets_for(caller, team))
    )


def _amount(budget: Budget, total: totals.Sum) -> int:
    if budget.unit == USD:
        return int((total.dollars.total * MICRO).to_integral_value())
    return total.input_tokens + total.cache_write_tokens + total.output_tokens
