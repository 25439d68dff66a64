"""Usage as CSV (RFC 4180), for spreadsheets: a row for each group, dollars exact."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from claude_bedrock.cli.shared.csv_cell import QUOTING, csv_cell
from claude_bedrock.cli.shared.terminal import escape_line
from claude_bedrock.cli.usage.totals import Usage


def as_csv(usage: Usage) -> str:
    """Return the groups with their dimensions, counts and dollars; the first row has the names."""
    rows = list(_rows(usage))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=QUOTING)
    writer.writerow(rows[0] if rows else [*usage.by, *_flat(usage.total.as_data())])
    writer.writerows(row.values() for row in rows)
    return text.getvalue()


def _rows(usage: Usage) -> Iterator[dict[str, object]]:
    for values, group_sum in usage.groups.items():
        names = dict(zip(usage.by, map(_cell, values), strict=True))
        yield names | _flat(group_sum.as_data(), has_price=group_sum.has_price)


def _flat(data: dict[str, Any], *, has_price: bool = True) -> dict[str, object]:
    """Return the counts and dollars side by side; the dollars of models without a price are empty
    cells."""
    dollars = data.pop("dollars")
    return data | {f"dollars_{name}": value if has_price else "" for name, value in dollars.items()}


def _cell(value: str) -> str:
    """Return the value on one line, and as text to a spreadsheet."""
    return escape_line(csv_cell(value))
