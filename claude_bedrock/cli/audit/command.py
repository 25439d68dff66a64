"""`claude-bedrock audit`."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from claude_bedrock.cli.audit import output_folder
from claude_bedrock.cli.audit.accounts.audit_accounts import audit_accounts
from claude_bedrock.cli.audit.report import Report, gather
from claude_bedrock.cli.audit.statement import Statement, Verdict, exit_code
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo, echo_json, plain, plain_lines, working
from claude_bedrock.cli.shared.window import Hours, Month, SettleMinutes, Since, Until, window
from claude_bedrock.cli.shared.writable import require_new_folder
from claude_bedrock.cli.verify.evidence_folder import Evidence

_COLORS: dict[Verdict, str] = {"pass": "green", "fail": "red", "not assessed": "magenta"}


def audit(
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="A new folder for the report.", show_default="audit-STAGE-TIME"),
    ] = None,
    since: Since = None,
    hours: Hours = None,
    until: Until = None,
    month: Month = None,
    settle_minutes: SettleMinutes = 60,
    accounts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Audit the stages that this file names, from their archives alone, on one page.",
        ),
    ] = None,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Create an audit report (HTML and JSON) with hashed AWS responses.

    Exit codes: 0 pass, 1 a statement fails, 2 a statement could not be assessed."""
    with one_line_errors(NOT_ASSESSED, "auditor"):
        period = window(
            since,
            hours,
            until,
            month,
            now=datetime.now(UTC),
            settle_minutes=settle_minutes,
        )
        if accounts is not None:
            if stage or region:
                raise NoTargetError(
                    "--accounts cannot be combined with --stage (or CLAUDE_BEDROCK_STAGE) and "
                    "--region: the file names the stages."
                )
            sys.exit(audit_accounts(accounts, period, out, as_json=as_json))
        target = deployment.chosen(stage, region, local_dir)
        out = out or Path(f"audit-{target.stage}-{period.now:%Y%m%dT%H%M%SZ}")
        require_new_folder(out)
        with working(f"Auditing {target.stage} in {target.region}"):
            report = gather(target, period, Evidence(out / "evidence", target.stage, target.region))
    if as_json:
        echo_json(report.as_data())
    else:
        _print_report(report)
    with one_line_errors(NOT_ASSESSED):
        written = output_folder.write(out, report)
    echo(f"Report: {written.page}", err=True)
    sys.exit(exit_code(report.statements))


def _print_report(report: Report) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column()
    table.add_column()
    for statement in report.statements:
        verdict = Text(statement.verdict, _COLORS[statement.verdict])
        table.add_row(
            verdict,
            Text(statement.importance.severity),
            plain_lines(statement.claim, statement.words, _remediation(statement)),
        )
    overall = Text(report.verdict, f"bold {_COLORS[report.verdict]}")
    console().print(overall, plain(report.reason, "bold"))
    hours = report.completeness.hours
    if hours:
        console().print(plain(" ".join(hours.sentences())))
    console().print(table)


def _remediation(statement: Statement) -> str | None:
    """Return what to do about a statement that fails."""
    if statement.verdict != "fail":
        return None
    return f"Remediation: {statement.importance.remediation}"
