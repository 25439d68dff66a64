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
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    fail,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import (
    console,
    echo_json,
    escape_line,
    plain_lines,
    working,
)
from claude_bedrock.cli.shared.window import Hours, Month, SettleMinutes, Since, Until, window
from claude_bedrock.cli.verify import verification
from claude_bedrock.cli.verify.evidence_folder import Evidence, Written
from claude_bedrock.cli.verify.verification import Report
from claude_bedrock.verification.assessment import Verdict
from claude_bedrock.verification.finding import Finding

CLEAN, FINDINGS, NOT_ASSESSED = 0, 1, 2
EXIT_CODES: Mapping[Verdict, int] = {"pass": CLEAN, "fail": FINDINGS, "not assessed": NOT_ASSESSED}
EVIDENCE = Path("evidence")
_MEANINGS = {
    "calls": "calls from the gateway to Bedrock",
    "matched": "  have a record in both destinations",
    "not_logged": "  lack a record",
    "pending": "  are recent: the record may still arrive",
    "unknown": "  unknown: neither a status from Bedrock nor a readable record",
    "refused": "  refused by Bedrock, or not sent in full: no record is due",
    "not_loggable": "  token counts, which Bedrock does not log",
    "answered_without_bedrock": "requests answered without Bedrock",
    "records": "records",
    "unmatched_records": "  without a call from the gateway: someone bypassed it",
    "records_pending": "  are recent: the audit log entry may still arrive",
    "audit_entries_lost": "  under the gateway's role, without an audit log entry",
    "allowed_direct_calls": "  of callers that the stage allows to call Bedrock directly",
    "duplicates": "  delivered twice",
    "unreadable": "unreadable records and audit log entries",
}
_MEANINGS_WITHOUT_GATEWAY = {
    "calls": "recorded calls",
    "refused": "  refused by Bedrock",
    "allowed_direct_calls": "  of direct callers",
    "unreadable": "unreadable records",
}
"""The same of a stage without an endpoint, where each record is of a direct call."""
_ONLY_OF_GATEWAY = (
    *("not_loggable", "answered_without_bedrock", "unmatched_records", "records_pending"),
    "audit_entries_lost",
)
_TRAIL_MEANINGS = {
    "due": "calls that CloudTrail should have",
    "witnessed": "  have an event",
    "unwitnessed": "  lack an event",
    "outside": "events of calls in Regions or accounts without a stage",
    "unrecorded": "events of this Region without a record",
    "lost": "events of the gateway without an audit log entry and a record",
}
"""The same of CloudTrail's events, in a stage that reads them."""
_COLORS: Mapping[Verdict, str] = {"pass": "green", "fail": "red", "not assessed": "yellow"}
_MAX_ROWS = 50
"""Findings in the terminal; the evidence and --json have all."""


def verify(
    *,
    since: Since = None,
    hours: Hours = None,
    until: Until = None,
    month: Month = None,
    settle_minutes: SettleMinutes = 60,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    evidence: Annotated[
        Path, typer.Option(help="The folder to which each run adds a file.")
    ] = EVIDENCE,
    no_evidence: Annotated[bool, typer.Option("--no-evidence", help="Write no file.")] = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Reconcile gateway calls with Bedrock's log records, and save evidence.

    Exit codes: 0 every call is on record, 1 there are findings, 2 not assessed."""
    with one_line_errors(NOT_ASSESSED, "auditor"):
        period = window(
            since, hours, until, month, now=datetime.now(UTC), settle_minutes=settle_minutes
        )
        target = deployment.chosen(stage, region, local_dir)
        files_of_stage = Evidence(evidence, target.stage, target.region, saves=not no_evidence)
        with working(f"Reconciling {target.stage} in {target.region}"):
            report = verification.run(target, period, files_of_stage)
    if as_json:
        echo_json(verification.as_data(report))
    else:
        console().print(_rendered(report))
    if report.evidence.error:
        fail(report.evidence.error, NOT_ASSESSED)
    sys.exit(EXIT_CODES[report.assessment.verdict])


def _rendered(report: Report) -> RenderableType:
    about, outcome = report.about, report.outcome
    numbers = Table.grid(padding=(0, 2))
    numbers.add_column(justify="right")
    counts, meanings = outcome.counts._asdict(), _MEANINGS
    if not report.has_gateway:
        meanings = {**_MEANINGS, **_MEANINGS_WITHOUT_GATEWAY}
        counts = {name: n for name, n in counts.items() if name not in _ONLY_OF_GATEWAY}
    for name, count in counts.items():
        numbers.add_row(str(count), meanings[name])
        if name == "allowed_direct_calls":
            for caller, calls in outcome.direct_calls.items():
                numbers.add_row("", escape_line(f"    {calls} by {caller}"))
    if trail := about.get("trail"):
        for name, meaning in _TRAIL_MEANINGS.items():
            numbers.add_row(str(trail.get(name, 0)), meaning)
    return Group(
        Text(f"{about['stage']} in {about['region']}, {about['since']} to {about['until']}"),
        numbers,
        *_findings(outcome.findings),
        Text(report.assessment.headline, _COLORS[report.assessment.verdict]),
        Text(_evidence_line(report.evidence)),
    )


def _findings(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    if not findings:
        return
    table = Table("finding, id, request id", "time, model, caller, detail, source", show_lines=True)
    table.columns[0].no_wrap = True
    for finding in findings[:_MAX_ROWS]:
        rest = (finding.at, finding.model_id, finding.who, finding.detail, finding.source)
        table.add_row(plain_lines(finding.kind, finding.id, finding.request_id), plain_lines(*rest))
    yield table
    if len(findings) > _MAX_ROWS:
        yield Text(f"And {len(findings) - _MAX_ROWS:,} more: in the evidence, and with --json.")


def _evidence_line(written: Written) -> str:
    if not written.is_saved:
        return "Evidence: not saved"
    return f"Evidence: {written.file}, last hash {written.sha256}"
