"""The comparison with the bill in a terminal."""

from typing import Final

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from claude_bedrock.cli.shared.expiry import Source
from claude_bedrock.cli.shared.terminal import plain_lines
from claude_bedrock.cli.usage.bill.comparison import Comparison, Reason
from claude_bedrock.cli.usage.table import money

MEANINGS: Final[dict[Reason, str]] = {
    "rounding": "rounding, less than a cent",
    "billed later": "the bill's last day is not complete, and later days are missing in it",
    "other rates": "same tokens: a discount, a service tier, a one-hour cache write or a new price",
    "no price in the catalog": "some calls are of models without a price in the catalog",
    "no caller session": "calls in the gateway's own role, which the bill cannot tell apart",
    "calls broke off": "calls broke off: Bedrock bills tokens that the gateway did not read",
    "not in the bill": "on record, and not in the bill",
    "not in the records": "billed, and not on record in this window: run `claude-bedrock verify`",
    "other tokens": "the bill counts other tokens, or not in tokens",
}
"""What each reason says to a person."""


def shown(comparison: Comparison, title: str, source: Source = "records") -> RenderableType:
    """Return groups, the largest difference first, then what else the bill has."""
    table = Table(comparison.by, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in (source, "bill", "difference"):
        table.add_column(f"{name}\nUS dollars", justify="right", no_wrap=True)
    table.add_column("why")
    for group in sorted(comparison.groups, key=lambda each: -abs(each.difference)):
        amounts = (group.recorded, group.billed, group.difference)
        why = MEANINGS[group.reason] if group.reason else ""
        table.add_row(plain_lines(group.name), *map(money, amounts), why)
    others = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
    for (kind, name), dollars in comparison.others.items():
        others.add_row(kind, plain_lines(name), money(dollars))
    ends = comparison.last_day or "no day: it has no line of the gateway in this window"
    parts: list[RenderableType] = [Text(title), table]
    if comparison.others:
        parts += [Text("Also in the bill, and no calls through the gateway:"), others]
    return Lines(*parts, Text(f"the bill reaches to {ends}"))
