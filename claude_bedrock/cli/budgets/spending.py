"""What is spent of each budget now, read from the stage's table."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from claude_bedrock.budgets import budget, item, period
from claude_bedrock.budgets.budget import MICRO, USD, Budget, Rules
from claude_bedrock.budgets.item import Item
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.errors import CliError


class NoBudgetsError(CliError):
    """The stage has no budgets; the text says so."""


class Spending(NamedTuple):
    """One budget of one subject. `spent` and `reserved` are in the budget's unit."""

    budget: Budget
    period: period.Period
    spent: int
    reserved: int

    @property
    def used_percent(self) -> float:
        return round(100 * (self.spent + self.reserved) / self.budget.limit, 1)

    def as_data(self) -> dict[str, Any]:
        """Return the spending for programs: dollars as numbers, times in ISO 8601."""
        each = self.budget
        scale = MICRO if each.unit == USD else 1
        return {
            "scope": each.scope,
            "name": each.name,
            "unit": each.unit,
            "per": each.per,
            "action": "block" if each.blocks else "alert",
            "limit": each.limit / scale,
            "spent": self.spent / scale,
            "reserved": self.reserved / scale,
            "used_percent": self.used_percent,
            "since": _moment(self.period.start),
            "resets_at": _moment(self.period.end),
        }


def read_rules(deployment: Deployment) -> Rules:
    """Return the budgets of a deployed stage. Raises NoBudgetsError, NoTargetError."""
    outputs = deployment.outputs("InvocationLogging")
    if "BudgetRules" not in outputs:
        raise NoBudgetsError(
            f"Stage {deployment.stage} has no budgets. `callers.budgets` in cdk.json sets them."
        )
    return budget.parse(outputs["BudgetRules"])


def read_items(deployment: Deployment) -> dict[str, Item]:
    """Return the items of the stage's table by subject. Raises botocore's errors."""
    table = deployment.outputs("InvocationLogging")["BudgetTableName"]
    pages = deployment.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return {found[item.KEY]["S"]: found for page in pages for found in page["Items"]}


def spending(rules: Rules, items: Mapping[str, Item], now: float) -> Iterator[Spending]:
    """Yield each budget of each subject that is named or has spent anything."""
    for each in _budgets(rules, items):
        current = period.containing(each.per, now)
        found = items.get(each.subject, {})
        reserved = item.reserved(found, each.unit, current, now)
        charged = item.charged(found, each.counter(current))
        yield Spending(each, current, charged - reserved, reserved)


def _budgets(rules: Rules, items: Mapping[str, Item]) -> Iterator[Budget]:
    yield from rules.stage
    subjects = {Budget(subject, USD, 1, "day") for subject in items}
    for scope, by_name in (("team", rules.teams), ("caller", rules.callers)):
        seen = {each.name for each in subjects if each.scope == scope}
        for name in sorted({*seen, *by_name} - {budget.DEFAULT}):
            for each in by_name.get(name, by_name.get(budget.DEFAULT, ())):
                yield each._replace(subject=f"{scope}#{name}")


def _moment(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
