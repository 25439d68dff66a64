"""The stage's budgets, each computed again from Bedrock's records."""

import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from claude_bedrock.budgets import budget
from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.audit.statement import Judgment, Statement, pass_if, stated
from claude_bedrock.cli.budgets.record_check import Comparison, ReadRows, RecordCheck, compare
from claude_bedrock.cli.budgets.spending import read_items, spending
from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.usage.totals import TeamProfiles
from claude_bedrock.cli.verify.verification import Report, principals_of
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
    *,
    joined: Report,
) -> BudgetCheck:
    """Return what is spent of each budget, by its counter and by the records; and judge it with
    what the verification has found of budgets in the report's window."""
    rules = budget.parse(outputs.get("BudgetRules", "{}"))
    if not any(rules):  # a stage may limit tokens per minute alone
        return BudgetCheck()
    checks: list[RecordCheck] = []
    mismatches = sum(finding.kind == "budget_mismatch" for finding in joined.outcome.findings)

    def ask() -> Judgment:
        rows = list(spending(rules, read_items(deployment), time.time()))
        principals = principals_of(deployment, stage_settings.deployed(deployment))
        checks.append(compare(rows, rules, read_rows, profiles, principals, now=period.now))
        return judge(checks[0], mismatches)

    actions = "dynamodb:Scan and kms:Decrypt"
    statement = stated(deployment, BUDGETS_COUNTED, _CLAIM, actions, ask)
    comparisons = tuple(checks[0].comparisons) if checks else ()
    return BudgetCheck(comparisons, (statement,))


def judge(check: RecordCheck, mismatches: int) -> Judgment:
    """Return whether no budget counts less than the records of the gateway's calls have, and the
    verification has found no mismatch."""
    number = len(check.comparisons)
    words = f"{number} budgets were computed again from Bedrock's records."
    if check.undercounted:
        words = (
            f"{check.undercounted} of {number} budgets count less than Bedrock's records come to."
        )
    if mismatches:
        words += f" The verification has {mismatches:,} findings of budgets, listed below."
    if check.direct_calls:
        words += f" {check.direct_calls:,} calls of other principals count for no budget."
    if check.uncounted:
        words += f" {check.uncounted:,} calls lack token counts or a price, and add nothing to it."
    if check.unreadable:
        words += f" {check.unreadable:,} records or objects cannot be read."
    if check.unreadable and not check.undercounted and not mismatches:
        return Judgment("not assessed", words)
    return pass_if(not check.undercounted and not mismatches, words)
