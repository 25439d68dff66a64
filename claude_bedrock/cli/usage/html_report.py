"""How usage is shown as a page: one file of HTML, which asks nobody for anything else."""

from decimal import Decimal
from html import escape
from typing import Final

from claude_bedrock.cli.usage.table import money, remarks
from claude_bedrock.cli.usage.totals import Sum, Usage

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --bar: #c96442; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
section { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; }
td:last-child { width: 20%; min-width: 6rem; }
.bar { background: var(--bar); height: .8rem; border-radius: 2px; }
tr.all { font-weight: 600; }
@media print { body { margin: 0; max-width: none; } }
"""
_HEAD: Final = ("calls", "failed", "in", "out", "from cache", "to cache", "US dollars", "")


def page(usages: list[Usage], title: str) -> str:
    """One section for each of the `usages`, which are the same calls by different dimensions."""
    sections = "".join(_section(each) for each in usages)
    notes = dict.fromkeys(note for each in usages for note in remarks(each))
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{sections}<ul>{listed}</ul></body></html>\n"
    )


def _section(usage: Usage) -> str:
    most = max((each.dollars.total for each in usage.groups.values()), default=Decimal())
    name = ", ".join(usage.by)
    head = "".join(f'<th scope="col">{each}</th>' for each in (name, *_HEAD))
    rows = [_row(" · ".join(values), each, most) for values, each in usage.groups.items()]
    return (
        f"<section><h2>By {name}</h2><table><thead><tr>{head}</tr></thead><tbody>"
        f"{''.join(rows)}{_row('all', usage.total, Decimal(), 'all')}</tbody></table></section>"
    )


def _row(name: str, each: Sum, most: Decimal, kind: str = "") -> str:
    counts = (
        *(each.calls, each.failed, each.input_tokens, each.output_tokens),
        *(each.cache_read_tokens, each.cache_write_tokens),
    )
    cells = "".join(f"<td>{count:,}</td>" for count in counts)
    share = each.dollars.total / most * 100 if most else Decimal()
    bar = f'<div class="bar" style="width:{share:.1f}%"></div>' if share else ""
    return (
        f'<tr class="{kind}"><td>{escape(name)}</td>{cells}'
        f"<td>{money(each.dollars.total)}</td><td>{bar}</td></tr>"
    )
