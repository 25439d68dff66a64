"""The budgets of a stage, and which of them a call has."""

import os

from claude_bedrock.budgets.budget import TOKENS, Budget, Rules, caller_subject, parse
from claude_bedrock.budgets.period import MINUTE
from gateway.aws_service import AwsService
from gateway.budget_table import BudgetTable
from gateway.call_budgets import CallBudgets
from gateway.caller import Caller
from gateway.model_call import ModelCall
from gateway.settings import Settings
from gateway.signing import Signer


class Budgets:
    """The budgets of a stage. `fails_open`: whether a call goes on where the table does not
    answer."""

    def __init__(
        self, rules: Rules, rates: dict[str, int], table: BudgetTable, *, fails_open: bool
    ) -> None:
        self._rules = rules
        self._rates = rates
        self._table = table
        self._fails_open = fails_open

    def of_call(self, caller: Caller, call: ModelCall, call_id: str) -> CallBudgets | None:
        """Return the budgets of a caller's call; None where it has none."""
        name = caller.qualified_name
        budgets = self._rules.budgets_for(name, caller.team)
        rate = self._rates.get(caller.plan)
        if rate is not None and name:
            budgets += (Budget(caller_subject(name), TOKENS, rate, MINUTE),)
        if not budgets:
            return None
        return CallBudgets(budgets, self._table, call, call_id, fails_open=self._fails_open)


def from_settings(settings: Settings) -> Budgets:
    """Return the budgets that the settings name, over connections to DynamoDB."""
    default = f"https://dynamodb.{settings.region}.amazonaws.com"
    endpoint = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or default
    signer = Signer(settings.region, service="dynamodb")
    table = BudgetTable(settings.budgets_table, lambda: AwsService("DynamoDB", endpoint, signer))
    rules = parse(settings.budget_rules) if settings.budget_rules else Rules()
    return Budgets(
        rules, dict(settings.plan_rates), table, fails_open=settings.budgets_fail == "open"
    )
