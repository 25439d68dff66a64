"""The usage table in a terminal, with a bar for each group's share of the cost."""

import re
from decimal import Decimal

from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from claude_bedrock.cli.shared.terminal import plain_lines
from claude_bedrock.cli.usage.totals import Sum, Usage

_BAR_WIDTH = 10
_COUNTS = {
    "calls": "calls",
    "failed": "failed",
    "input_tokens": "in",
    "output_tokens": "out",
    "cache_read_tokens": "from\ncache",
    "cache_write_tokens": "to\ncache",
}
_SCALES = ((10**9, "G"), (10**6, "M"), (10**3, "k"))
_UNSCALED_BELOW = 10_000
_ARN_ACCOUNT = re.compile(r"^arn:[^:]+:[^:]+:[^:]*:\d{12}:")


def shown(usage: Usage, title: str) -> RenderableType:
    table = Table(*usage.by, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in (*_COUNTS.values(), "US\ndollars"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", width=_BAR_WIDTH)
    most = max((group.dollars.total for group in usage.groups.values()), default=Decimal())
    for values, group_sum in _by_cost(usage):
        table.add_row(
            *(plain_lines(_ARN_ACCOUNT.sub("", value)) for value in values),
            *_numbers(group_sum),
            _bar(group_sum, most),
        )
    if len(usage.groups) != 1:
        others = [""] * (len(usage.by) - 1)
        table.add_row("all", *others, *_numbers(usage.total), style="bold")
    return Group(Text(title), table, *(Text(line) for line in remarks(usage)))


def _by_cost(usage: Usage) -> list[tuple[tuple[str, ...], Sum]]:
    """Return the groups, the dearest first; days in their order."""
    groups = list(usage.groups.items())
    return groups if "day" in usage.by else sorted(groups, key=lambda item: -item[1].dollars.total)


def remarks(usage: Usage) -> list[str]:
    """Return what stands below the numbers: the premium, and what was assumed or left out."""
    lines = [f"of which a geography's premium: ${money(usage.total.dollars.premium)}"]
    total = usage.total
    if total.unpriced:
        lines.append(f"not in the dollars, for lack of a price: {_calls(total.unpriced)}")
    if total.uncounted:
        lines.append(f"not in the dollars, for lack of token counts: {_calls(total.uncounted)}")
    if total.unreadable:
        lines.append(f"not counted, since they cannot be read: {total.unreadable:,} {usage.source}")
    if total.incomplete:
        lines.append(f"broke off, with the tokens counted until then: {_calls(total.incomplete)}")
    return [*lines, "at the standard tier's rates", *usage.notes]


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count:,} calls"


def money(dollars: Decimal) -> str:
    return f"{dollars:,.4f}"


def _numbers(group_sum: Sum) -> list[str]:
    dollars = money(group_sum.dollars.total) if group_sum.has_price else "no price"
    return [*(_short(getattr(group_sum, name)) for name in _COUNTS), dollars]


def _short(count: int) -> str:
    """Return the count as `123.4M`; exact numbers are in the page and in the JSON."""
    if count < _UNSCALED_BELOW:
        return str(count)
    scale, letter = next(scale_letter for scale_letter in _SCALES if count >= scale_letter[0])
    return f"{count / scale:.1f}{letter}"


def _bar(group_sum: Sum, most: Decimal) -> RenderableType:
    return Bar(float(most), 0, float(group_sum.dollars.total), width=_BAR_WIDTH) if most else Text()
