"""`claude-bedrock budgets`."""

import time
from collections.abc import Sequence

from rich.table import Table

from claude_bedrock.budgets.budget import MICRO, USD
from claude_bedrock.cli.budgets.spending import Spending, read_items, read_rules, spending
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo_items, plain_lines


def budgets(
    *,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Show what is spent of each budget in its current period."""
    with one_line_errors(role="auditor"):
        target = deployment.chosen(stage, region, local_dir)
        rules = read_rules(target)
        rows = list(spending(rules, read_items(target), time.time()))
    if as_json:
        echo_items(row.as_data() for row in rows)
    else:
        console().print(_table(rows))


def _table(rows: Sequence[Spending]) -> Table:
    table = Table(
        "budget of", "per", "spent", "reserved", "limit", "used", "action", "resets (UTC)"
    )
    for row in rows:
        each = row.budget
        table.add_row(
            plain_lines(f"{each.scope} {each.name}".strip()),
            each.per,
            _amount(each.unit, row.spent),
            _amount(each.unit, row.reserved),
            _amount(each.unit, each.limit),
            f"{row.used_percent:g} %",
            "block" if each.blocks else "alert",
            time.strftime("%Y-%m-%d", time.gmtime(row.period.end)),
        )
    return table


def _amount(unit: str, amount: int) -> str:
    return f"${amount / MICRO:,.2f}" if unit == USD else f"{amount:,} tokens"
