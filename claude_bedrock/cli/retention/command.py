"""`claude-bedrock retention`."""

import datetime as dt
import sys
from typing import Annotated

import typer

from claude_bedrock.cli.retention import locations as destinations
from claude_bedrock.cli.retention.report import LAST_YEAR, Report
from claude_bedrock.cli.shared import deployment, stage_settings
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo_json, working
from claude_bedrock.verification.period import FIRST_YEAR


def _day(text: str) -> dt.date:
    """Parse the day. Raises BadParameter."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError as unreadable:
        raise typer.BadParameter(f"Invalid date {text!r}. Use YYYY-MM-DD.") from unreadable
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise typer.BadParameter(f"Invalid date {text!r}. Years are {FIRST_YEAR} to {LAST_YEAR}.")
    return day


def retention(
    *,
    day: Annotated[
        dt.date | None,
        typer.Option(
            parser=_day, metavar="YYYY-MM-DD", help="The day of the logs, UTC; else today."
        ),
    ] = None,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Show when logs written on a given day can be deleted, per store.

    Exit codes: 0 every store keeps logs as long as the stage says, 1 one does not, 2 AWS did not
    answer."""
    of = day or dt.datetime.now(dt.UTC).date()
    with one_line_errors(NOT_ASSESSED, "auditor"):
        target = deployment.chosen(stage, region, local_dir)
        meant = stage_settings.deployed(target)
        with working(f"Reading the rules of {target.stage} in {target.region}"):
            rules = destinations.list_locations(target, of)
        report = Report(target, meant.source, meant.retention_days, of, rules)
    if as_json:
        echo_json(report.as_data())
    else:
        console().print(report.as_text())
    sys.exit(destinations.exit_code(report.outcomes))
