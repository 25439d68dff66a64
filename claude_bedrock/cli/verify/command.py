"""`claude-bedrock verify`."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.options import (
    LOCAL_STATE,
    MOST_HOURS,
    MOST_MINUTES,
    AsJson,
    Region,
    Stage,
    StateFolder,
    fail,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo, echo_json, escape_line, plain_lines
from claude_bedrock.cli.verify import verification
from claude_bedrock.cli.verify.chain_report import chain_data, chain_exit_code, chain_text
from claude_bedrock.cli.verify.evidence_folder import Evidence, EvidenceError, Written, checked
from claude_bedrock.cli.verify.verification import ChainReport, Report
from claude_bedrock.verification.assessment import Verdict
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.period import moment, period

CLEAN, FINDINGS, NOT_ASSESSED = 0, 1, 2
EXIT_CODES: Mapping[Verdict, int] = {"pass": CLEAN, "fail": FINDINGS, "not assessed": NOT_ASSESSED}
EVIDENCE = Path("evidence")
_MEANINGS = {
    "calls": "calls of Bedrock by the gateway",
    "matched": "  with their record in both destinations",
    "not_logged": "  not on record",
    "pending": "  too young to be judged",
    "unknown": "  of which it cannot be known: no status of Bedrock's, and no readable record",
    "refused": "  refused by Bedrock, or never sent to it: no record is due",
    "not_loggable": "  by an operation that Bedrock does not log",
    "answered_without_bedrock": "requests answered without Bedrock",
    "records": "records",
    "unmatched_records": "  of nobody's call: someone went round the gateway",
    "records_pending": "  whose call may still turn up",
    "audit_entries_lost": "  of the gateway's own role, without its audit entry",
    "allowed_direct_calls": "  of callers that the stage allows past the gateway",
    "duplicates": "  written once more",
    "unreadable": "records and audit entries that cannot be read",
}
_COLORS: Mapping[Verdict, str] = {"pass": "green", "fail": "red", "not assessed": "yellow"}
_MOST_SHOWN = 50
"""Findings in the terminal; the evidence and --json have all."""


def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="With --chain: files of evidence, oldest first; else the stage's own."),
    ] = None,
    *,
    chain: Annotated[
        bool, typer.Option("--chain", help="Check evidence: files, or what the stage has left.")
    ] = False,
    objects: Annotated[
        bool,
        typer.Option(
            "--objects", help="With --chain: compare the objects in S3 with those that were read."
        ),
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="Begin of the window, or with --chain of what is checked.")
    ] = None,
    hours: Annotated[
        int | None,
        typer.Option(
            help="How long the window is, if --since is not given.", min=1, max=MOST_HOURS
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(help="End of the window; else now.")] = None,
    delay: Annotated[
        int,
        typer.Option(help="How many minutes a record may be on its way.", min=0, max=MOST_MINUTES),
    ] = 60,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    evidence: Annotated[Path, typer.Option(help="Folder for the evidence.")] = EVIDENCE,
    no_evidence: Annotated[bool, typer.Option("--no-evidence", help="Keep no file.")] = False,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Reconcile gateway calls with Bedrock's log records, and save evidence.

    Exit code: 0 every call is on record, 1 findings or a broken chain, 2 it cannot be told."""
    if chain:
        with one_line_errors(NOT_ASSESSED, "auditor"):
            if hours or until or (files and (since or objects)):
                raise EvidenceError("--chain takes files, or a stage, --since and --objects")
            if not files:
                found = deployment.chosen(stage, region, state)
                chain_found = _chain(found, since, objects=objects)
        if files:
            _check(files)
        else:
            _show_chain(chain_found, as_json=as_json)
        return
    with one_line_errors(NOT_ASSESSED, "auditor"):
        if files or objects:
            raise EvidenceError(f"{'files' if files else '--objects'} are for --chain")
        asked = period(since, hours, until, delay, datetime.now(UTC))
        found = deployment.chosen(stage, region, state)
        files_of_stage = Evidence(evidence, found.stage, found.region, keep=not no_evidence)
        report = verification.run(found, asked, files_of_stage)
    if as_json:
        echo_json(verification.as_data(report))
    else:
        console().print(_told(report))
    if report.evidence.error:
        fail(report.evidence.error, NOT_ASSESSED)
    sys.exit(EXIT_CODES[report.assessment.verdict])


def _check(files: list[Path]) -> None:
    with one_line_errors(NOT_ASSESSED, "auditor"):
        last = checked(files)
    echo(f"{len(files)} files hold; the last hash is {last}")


def _chain(found: Deployment, since: str | None, *, objects: bool) -> ChainReport:
    now = datetime.now(UTC)
    report = verification.chain_report(found, moment(since) if since else None, now, now)
    return verification.with_objects(found, report, now) if objects else report


def _show_chain(found: ChainReport, *, as_json: bool) -> None:
    if as_json:
        echo_json(chain_data(found))
    else:
        echo(chain_text(found))
    sys.exit(chain_exit_code(found))


def _told(report: Report) -> RenderableType:
    about, outcome = report.about, report.outcome
    numbers = Table.grid(padding=(0, 2))
    numbers.add_column(justify="right")
    for name, count in outcome.counts._asdict().items():
        numbers.add_row(str(count), _MEANINGS[name])
        if name == "allowed_direct_calls":
            for caller, calls in outcome.direct_calls.items():
                numbers.add_row("", escape_line(f"    {calls} by {caller}"))
    return Group(
        Text(f"{about['stage']} in {about['region']}, {about['since']} to {about['until']}"),
        numbers,
        *_findings(outcome.findings),
        Text(report.assessment.headline, _COLORS[report.assessment.verdict]),
        Text(_kept(report.evidence)),
    )


def _findings(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    if not findings:
        return
    table = Table("finding, id, request id", "when, model, who, what, where", show_lines=True)
    table.columns[0].no_wrap = True
    table.columns[1].overflow = "fold"
    for each in findings[:_MOST_SHOWN]:
        rest = (each.at, each.model_id, each.who, each.detail, each.source)
        table.add_row(plain_lines(each.kind, each.id, each.request_id), plain_lines(*rest))
    yield table
    if len(findings) > _MOST_SHOWN:
        yield Text(f"And {len(findings) - _MOST_SHOWN:,} more: in the evidence, and with --json.")


def _kept(written: Written) -> str:
    if not written.is_kept:
        return "Evidence: none is kept"
    return f"Evidence: {written.file}, last hash {written.sha256}"
