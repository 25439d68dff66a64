"""One subject of budgets in one call: the stage, a team or a caller, whose spending is one item of
the table."""

from collections.abc import Sequence

from claude_bedrock.budgets import item, period
from claude_bedrock.budgets.budget import Budget
from claude_bedrock.budgets.period import Period
from claude_bedrock.budgets.spending import Amounts
from gateway.budget_table import Result


class BudgetSubject:
    """One item of the table in one call: its budgets, what is added to its counters, and its state
    so far. `result` is that of the last update; `charged` is what the counters have of the call,
    the least and the most that it can be."""

    def __init__(self, subject: str, budgets: Sequence[Budget], now: float) -> None:
        self.subject = subject
        self.budgets = budgets
        self.periods = {budget.per: period.containing(budget.per, now) for budget in budgets}
        self.result = Result(cause="NotAsked")
        self.is_reserved = False
        self.charged = (Amounts(), Amounts())

    def period_of(self, budget: Budget) -> Period:
        return self.periods[budget.per]

    def counter(self, budget: Budget) -> str:
        return budget.counter(self.periods[budget.per])

    def added(self, amounts: Amounts) -> dict[str, int]:
        return {self.counter(budget): amounts.of(budget.unit) for budget in self.budgets}

    def most(self, amounts: Amounts) -> dict[str, int]:
        """Return what each counter may hold for the amounts to fit into the budgets that block."""
        most: dict[str, int] = {}
        for budget in self.budgets:
            if budget.blocks:
                room = budget.limit - amounts.of(budget.unit)
                counter = self.counter(budget)
                most[counter] = min(room, most.get(counter, room))
        return most

    def exceeded(self, amounts: Amounts) -> list[Budget]:
        """Return the budgets that block and into which the amounts do not fit."""
        return [
            budget
            for budget in self.budgets
            if budget.blocks
            and item.charged(self.result.item, self.counter(budget)) + amounts.of(budget.unit)
            > budget.limit
        ]
