"""The stage's budgets, each computed again from Bedrock's records."""

import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from claude_bedrock.budgets import budget
from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, pass_if, stated
from claude_bedrock.cli.budgets.record_check import Comparison, ReadRows, compare
from claude_bedrock.cli.budgets.spending import read_items, spending
from claude_bedrock.cli.usage.totals import TeamProfiles
from claude_bedrock.verification.period import Period

BUDGETS_COUNTED: Final = "budgets-counted"
_CLAIM: Final = "Every budget counts at least 99 % of what Bedrock's records of its period have"


class BudgetCheck(NamedTuple):
    """Each budget of the stage in its current period; empty for a stage without budgets."""

    comparisons: Sequence[Comparison] = ()
    statements: tuple[Statement, ...] = ()


def collect_budgets(
    deployment: RecordingDeployment,
    outputs: Mapping[str, str],
    period: Period,
    read_rows: ReadRows,
    profiles: TeamProfiles,
) -> BudgetCheck:
    """Return what is spent of each budget, by its counter and by the records."""
    if "BudgetRules" not in outputs:
        return BudgetCheck()
    comparisons: list[Comparison] = []

    def ask() -> Judgment:
        rules, items = budget.parse(outputs["BudgetRules"]), read_items(deployment)
        rows = list(spending(rules, items, time.time()))
        comparisons.extend(compare(rows, read_rows, profiles, period.now))
        return judge(comparisons)

    actions = "dynamodb:Scan and kms:Decrypt"
    statement = stated(deployment, BUDGETS_COUNTED, _CLAIM, actions, ask)
    return BudgetCheck(tuple(comparisons), (statement,))


def judge(comparisons: Sequence[Comparison]) -> Judgment:
    """Return whether no budget counts less than the records have."""
    missed = sum(each.is_undercounted for each in comparisons)
    if missed:
        return pass_if(
            False, f"{missed} of {len(comparisons)} budgets count less than Bedrock's records have."
        )
    return pass_if(True, f"{len(comparisons)} budgets were computed again from Bedrock's records.")
