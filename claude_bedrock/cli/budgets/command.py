"""`claude-bedrock budgets`."""

import datetime as dt
import sys
import time
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from claude_bedrock.budgets.budget import MICRO, USD, Rules
from claude_bedrock.cli.budgets.record_check import Comparison, RecordCheck, compare
from claude_bedrock.cli.budgets.spending import Spending, read_items, read_rules, spending
from claude_bedrock.cli.shared import deployment, stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo, echo_items, plain_lines
from claude_bedrock.cli.usage import sources
from claude_bedrock.cli.usage.rows import Row
from claude_bedrock.cli.verify.verification import principals_of

_UNDERCOUNTED = 1
_COLUMNS = ("budget of", "per", "spent", "reserved", "limit", "used", "action", "resets (UTC)")


def budgets(
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Compute each budget from Bedrock's records too, and compare."
        ),
    ] = False,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Show how much of each budget is spent in its current period.

    Exit codes with --check: 0, 1 if the records come to more than a budget counts, 2 if the
    command could not read all of them."""
    with one_line_errors(NOT_ASSESSED, "auditor"):
        target = deployment.chosen(stage, region, local_dir)
        rules = read_rules(target)
        rows = list(spending(rules, read_items(target), time.time()))
        checked = _compare(target, rows, rules) if check else RecordCheck()
    if as_json:
        echo_items(row.as_data() for row in (checked.comparisons or rows))
    else:
        console().print(_checked_table(checked.comparisons) if check else _table(rows))
    if not (checked.comparisons or rows):
        echo("The budgets under `default` appear once a team or caller has called.", err=True)
    if checked.direct_calls:
        echo(
            f"{checked.direct_calls:,} calls on record are of other principals than the gateway, "
            "and count for no budget. `claude-bedrock verify` names them.",
            err=True,
        )
    if checked.uncounted:
        echo(
            f"{checked.uncounted:,} calls lack token counts or a price, and add nothing to what is "
            "on record.",
            err=True,
        )
    if checked.undercounted:
        echo(
            "The records have calls that a budget does not count. docs/budgets.md says why.",
            err=True,
        )
        sys.exit(_UNDERCOUNTED)
    if checked.unreadable:
        echo(
            f"not compared: {checked.unreadable:,} records or objects that cannot be read; "
            "`claude-bedrock verify` names each",
            err=True,
        )
        sys.exit(NOT_ASSESSED)


def _compare(target: Deployment, rows: Sequence[Spending], rules: Rules) -> RecordCheck:
    principals = principals_of(target, stage_settings.deployed(target))

    def read(since: dt.datetime, until: dt.datetime) -> list[Row]:
        # The counters are the gateway's word, and so are its audit log entries: records are not.
        return sources.read_records(target, since, until, lambda *_: None)

    profiles = sources.team_profiles(target)
    return compare(rows, rules, read, profiles, principals, now=dt.datetime.now(dt.UTC))


def _table(rows: Sequence[Spending]) -> Table:
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _checked_table(comparisons: Sequence[Comparison]) -> Table:
    table = Table(*_COLUMNS, "on record", "difference")
    for comparison in comparisons:
        unit = comparison.spending.budget.unit
        recorded = _amount(unit, comparison.recorded)
        difference = _amount(unit, comparison.difference)
        table.add_row(*_cells(comparison.spending), recorded, difference)
    return table


def _cells(row: Spending) -> tuple[str | Text, ...]:
    budget = row.budget
    return (
        plain_lines(f"{budget.scope} {budget.name}".strip()),
        budget.per,
        _amount(budget.unit, row.spent),
        _amount(budget.unit, row.reserved),
        _amount(budget.unit, budget.limit),
        f"{row.used_percent:g} %",
        "block" if budget.blocks else "alert",
        time.strftime("%Y-%m-%d", time.gmtime(row.period.end)),
    )


def _amount(unit: str, amount: int) -> str:
    return f"${amount / MICRO:,.2f}" if unit == USD else f"{amount:,} tokens"
