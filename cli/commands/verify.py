"""`claude-bedrock verify`."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli import deployment, verification
from cli.commands.options import LOCAL_STATE, AsJson, Region, Stage, StateFolder, one_line_errors
from cli.evidence import BrokenEvidenceError, Evidence, EvidenceError, checked
from cli.verification import Report
from verification.evidence import BrokenEvidenceError as BrokenHourError
from verification.period import moment, period

CLEAN, FINDINGS, NOT_ASKED = 0, 1, 2
EVIDENCE = Path("evidence")
_MEANINGS = {
    "calls": "calls of Bedrock by the gateway",
    "matched": "  with their record in both destinations",
    "not_logged": "  not on record",
    "pending": "  too young to be judged",
    "unknown": "  refused or unanswered by Bedrock, without a record: none may be due",
    "not_expected": "  by an operation that Bedrock does not log",
    "not_asked": "requests answered without Bedrock",
    "records": "records",
    "not_called": "  of nobody's call: someone went round the gateway",
    "records_pending": "  whose call may still turn up",
    "duplicates": "  written once more",
}


def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="With --chain: files of evidence, oldest first; else the stage's own."),
    ] = None,
    *,
    chain: Annotated[
        bool, typer.Option("--chain", help="Check evidence: files, or what the stage has left.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="Begin of the window, or with --chain of what is checked.")
    ] = None,
    hours: Annotated[
        int | None, typer.Option(help="How long the window is, if --since is not given.", min=1)
    ] = None,
    until: Annotated[str | None, typer.Option(help="End of the window; else now.")] = None,
    delay: Annotated[
        int, typer.Option(help="How many minutes a record may be on its way.", min=0)
    ] = 60,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    evidence: Annotated[Path, typer.Option(help="Folder for the evidence.")] = EVIDENCE,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Join the gateway's calls with Bedrock's records, both ways, and keep what came of it.

    Exit code: 0 nothing found, 1 findings or a broken chain, 2 could not ask."""
    if chain:
        with one_line_errors(NOT_ASKED):
            if hours or until or (files and since):
                raise EvidenceError("--chain takes files, or a stage and --since")
            begin = moment(since) if since else None
            told = _check(files) if files else _check_hours(stage, region, state, begin)
        typer.echo(told)
        return
    with one_line_errors(NOT_ASKED):
        if files:
            raise EvidenceError("files are for --chain")
        asked = period(since, hours, until, delay, datetime.now(UTC))
        found = deployment.chosen(stage, region, state)
        report = verification.run(found, asked, Evidence(evidence, found.stage, found.region))
    if as_json:
        typer.echo(json.dumps(verification.as_data(report), indent=2))
    else:
        Console().print(_told(report))
    sys.exit(FINDINGS if report.outcome.findings else CLEAN)


def _check(files: list[Path]) -> str:
    try:
        last = checked(files)
    except BrokenEvidenceError as broken:
        sys.exit(f"claude-bedrock: {broken}")
    return f"{len(files)} files hold; the last hash is {last}"


def _check_hours(stage: str | None, region: str | None, state: Path, since: datetime | None) -> str:
    try:
        held = verification.evidence_of(deployment.chosen(stage, region, state)).check(since)
    except BrokenHourError as broken:
        sys.exit(f"claude-bedrock: {broken}")
    if held is None:
        raise EvidenceError("no hour has been verified yet, or none since then")
    window = f"without a gap from {held.since} to {held.until}"
    return f"{held.files} files of hours hold, {window}; the last hash is {held.sha256}"


def _told(report: Report) -> RenderableType:
    about, (counts, findings) = report.about, report.outcome
    numbers = Table.grid(padding=(0, 2))
    numbers.add_column(justify="right")
    for name, count in counts._asdict().items():
        numbers.add_row(str(count), _MEANINGS[name])
    table = Table("finding, request id", "when, model, who, what", show_lines=True)
    table.columns[0].no_wrap = True
    table.columns[1].overflow = "fold"
    for kind, request_id, *rest in findings:
        table.add_row(Text(f"{kind}\n{request_id}"), Text("\n".join(each for each in rest if each)))
    return Group(
        Text(f"{about['stage']} in {about['region']}, {about['since']} to {about['until']}"),
        numbers,
        table if findings else Text("Nothing found.", "green"),
        Text(f"Evidence: {report.evidence.file}, last hash {report.evidence.sha256}"),
    )
