"""Statements and findings as CSV, for a spreadsheet.

RFC 4180; a cell that a spreadsheet would take for a formula begins with an apostrophe:
https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from claude_bedrock.cli.audit.report import Report
from claude_bedrock.verification.finding import Finding

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_STATEMENTS: Final = (
    "id",
    "verdict",
    "severity",
    "claim",
    "words",
    "applies",
    "risk",
    "remediation",
)
_FINDINGS: Final = ("state", "id", *Finding._fields, "reason", "accepted_by", "accepted_at")


def statements_csv(report: Report) -> bytes:
    rows = (statement.as_data() for statement in report.statements)
    return _table(_STATEMENTS, rows)


def findings_csv(report: Report) -> bytes:
    """Return the findings of the window: open, accepted and settled ones."""
    return _table(_FINDINGS, _findings(report))


def _findings(report: Report) -> Iterator[Mapping[str, object]]:
    joined = report.completeness.report
    for finding in joined.outcome.findings:
        yield {"state": "open", **finding.as_data()}
    for finding, by in joined.accepted:
        why = {"reason": by.reason, "accepted_by": by.by, "accepted_at": by.at}
        yield {"state": "accepted", **finding.as_data(), **why}
    for finding in joined.settled:
        yield {"state": "settled", **finding.as_data()}


def _table(columns: tuple[str, ...], rows: Iterable[Mapping[str, object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column, "")) for column in columns] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text
