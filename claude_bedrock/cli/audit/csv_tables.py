"""Statements and findings as CSV (RFC 4180), for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from claude_bedrock.cli.audit.report import Report
from claude_bedrock.cli.shared.csv_cell import QUOTING, csv_cell
from claude_bedrock.verification.finding import Finding

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
    writer = csv.writer(text, quoting=QUOTING)
    writer.writerow(columns)
    writer.writerows([csv_cell(str(row.get(column, ""))) for column in columns] for row in rows)
    return text.getvalue().encode()
