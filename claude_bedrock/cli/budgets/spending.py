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
        rule = self.budget
        scale = MICRO if rule.unit == USD else 1
        return {
            "scope": rule.scope,
            "name": rule.name,
            "unit": rule.unit,
            "per": rule.per,
            "action": "block" if rule.blocks else "alert",
            "limit": rule.limit / scale,
            "spent": self.spent / scale,
            "reserved": self.reserved / scale,
            "used_percent": self.used_percent,
            "since": _moment(self.period.start),
            "resets_at": _moment(self.period.end),
        }


def read_rules(deployment: Deployment) -> Rules:
    """Return the budgets of a deployed stage. Raises NoBudgetsError, NoTargetError."""
    outputs = deployment.outputs("InvocationLogging")
    rules = budget.parse(outputs.get("BudgetRules", "{}"))
    if not any(rules):
        raise NoBudgetsError(
            f"Stage {deployment.stage} has no budgets. `callers.budgets` in cdk.json sets them."
        )
    return rules


def read_items(deployment: Deployment) -> dict[str, Item]:
    """Return the items of the stage's table by subject. Raises botocore's errors."""
    table = deployment.outputs("InvocationLogging")["BudgetTableName"]
    pages = deployment.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return {content[item.KEY]["S"]: content for page in pages for content in page["Items"]}


def spending(rules: Rules, items: Mapping[str, Item], now: float) -> Iterator[Spending]:
    """Yield each budget of each subject that is named or has spent anything."""
    for rule in _budgets(rules, items):
        current = period.containing(rule.per, now)
        content = items.get(rule.subject, {})
        reserved = item.reserved(content, rule.unit, current, now)
        charged = item.charged(content, rule.counter(current))
        yield Spending(rule, current, charged - reserved, reserved)


def _budgets(rules: Rules, items: Mapping[str, Item]) -> Iterator[Budget]:
    yield from rules.stage
    subjects = {Budget(subject, USD, 1, "day") for subject in items}
    for scope, by_name in (("team", rules.teams), ("caller", rules.callers)):
        named = {rule.name for rule in subjects if rule.scope == scope}
        for name in sorted({*named, *by_name} - {budget.DEFAULT}):
            for rule in by_name.get(name, by_name.get(budget.DEFAULT, ())):
                yield rule._replace(subject=f"{scope}#{name}")


def _moment(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()
