"""`claude-bedrock audit`."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from claude_bedrock.cli.audit import output_folder
from claude_bedrock.cli.audit.report import Report, gather
from claude_bedrock.cli.audit.statement import NOT_ASSESSED, Verdict, exit_code
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.options import (
    LOCAL_STATE,
    MOST_HOURS,
    MOST_MINUTES,
    AsJson,
    Region,
    Stage,
    StateFolder,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo, echo_json, plain, plain_lines
from claude_bedrock.cli.shared.writable import require_writable
from claude_bedrock.cli.verify.evidence_folder import Evidence
from claude_bedrock.verification.period import FIRST_YEAR, BadWindowError, Period, period

OUT = Path("audit")
_COLORS: dict[Verdict, str] = {"pass": "green", "fail": "red", "not assessed": "magenta"}


def audit(
    *,
    out: Annotated[Path, typer.Option(help="A new folder for the report.")] = OUT,
    since: Annotated[str | None, typer.Option(help="Begin of the window, ISO 8601.")] = None,
    hours: Annotated[
        int | None,
        typer.Option(
            help="How long the window is, if --since is not given.", min=1, max=MOST_HOURS
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(help="End of the window; else now.")] = None,
    month: Annotated[
        str | None, typer.Option(help="The window is a month of UTC.", metavar="YYYY-MM")
    ] = None,
    delay: Annotated[
        int,
        typer.Option(help="How many minutes a record may be on its way.", min=0, max=MOST_MINUTES),
    ] = 60,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Create an audit report (HTML and JSON) with hashed AWS responses.

    Exit code: 0 every statement passes, 1 one fails, 2 one could not be assessed."""
    with one_line_errors(NOT_ASSESSED, "auditor"):
        now = datetime.now(UTC)
        if month is None:
            asked = period(since, hours, until, delay, now)
        elif since or hours or until:
            raise BadWindowError("give --month, or a window by other options")
        else:
            asked = of_month(month, delay, now)
        found = deployment.chosen(stage, region, state)
        output_folder.must_be_free(out)
        require_writable(out)
        report = gather(found, asked, Evidence(out / "evidence", found.stage, found.region))
    if as_json:
        echo_json(report.as_data())
    else:
        _tell(report)
    with one_line_errors(NOT_ASSESSED):
        written = output_folder.write(out, report)
    if not as_json:
        echo(f"\nThe report: {written.page}")
    sys.exit(exit_code(report.statements))


def of_month(month: str, delay_minutes: int, now: datetime) -> Period:
    """As much of it as has been. Raises BadWindowError."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadWindowError(f"{month!r} is no month: write it as 2026-11") from error
    if first.year < FIRST_YEAR:
        raise BadWindowError(f"{month} is before the year {FIRST_YEAR}")
    if first >= now:
        raise BadWindowError(f"{month} is yet to come")
    after = (first + timedelta(days=31)).replace(day=1)
    return Period(first, min(after, now), timedelta(minutes=delay_minutes), now)


def _tell(report: Report) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for each in report.statements:
        verdict = Text(each.verdict, _COLORS[each.verdict])
        table.add_row(verdict, plain_lines(each.claim, each.words))
    console().print(plain(report.headline, "bold"), table)
