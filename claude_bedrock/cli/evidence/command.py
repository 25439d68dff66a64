"""`claude-bedrock evidence …`."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from claude_bedrock.cli.evidence import hold_commands
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import echo, echo_items, echo_json, working
from claude_bedrock.cli.shared.window import Hours, Month, Since, Until, window
from claude_bedrock.cli.shared.writable import require_new_folder
from claude_bedrock.cli.verify import deployed_chain, trail_digests
from claude_bedrock.cli.verify.chain_report import chain_data, chain_exit_code, chain_text, listed
from claude_bedrock.cli.verify.deployed_chain import ChainReport
from claude_bedrock.cli.verify.evidence_folder import EvidenceError, checked
from claude_bedrock.verification.period import moment

app = typer.Typer(
    help="Check, export and hold the evidence of verification.",
    no_args_is_help=True,
    add_completion=False,
)


app.command()(hold_commands.hold)
app.command()(hold_commands.holds)
app.command()(hold_commands.release)


@app.callback()
def main() -> None:
    """Check, export and hold the evidence of verification."""


@app.command()
def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FOLDER|FILES]",
            help="A copy of the stage's bucket, checked without AWS; or files that "
            "`claude-bedrock verify` wrote, oldest first. Without either: the evidence that the "
            "stage's function sealed each hour, in AWS.",
        ),
    ] = None,
    *,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Check the stage's hours from this time on, ISO 8601.",
            show_default="the first deployment",
        ),
    ] = None,
    objects: Annotated[
        bool,
        typer.Option(
            "--objects", help="Compare the objects in S3 with those that each hour was verified by."
        ),
    ] = False,
    records: Annotated[
        bool,
        typer.Option(
            "--records",
            help="Compare the records in CloudWatch Logs with those that each hour was verified "
            "by, by SHA-256. It reads all of them.",
        ),
    ] = False,
    public_key: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="The public key of the stage's signing key, PEM. Repeat it for each key that the "
            "stage has signed with. Default: those in FOLDER.",
        ),
    ] = None,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Check that evidence is unchanged: hashes, signatures and objects of a copy of the bucket, the
    hash chain of files, or a stage's sealed hours in AWS.

    Exit codes: 0 the chain holds, 1 it is broken or an hour is missing, 2 it cannot be checked."""
    with one_line_errors(NOT_ASSESSED, "auditor"):
        if files and (since or objects or records):
            raise EvidenceError(
                "FOLDER or FILES cannot be combined with --since, --objects or --records."
            )
        if files and files[0].is_dir():
            exit_code = _verify_folder(files, public_key or [], as_json=as_json)
        elif public_key:
            raise EvidenceError("--public-key needs FOLDER, a copy of the stage's bucket.")
        elif files:
            exit_code = _verify_files(files, as_json=as_json)
        else:
            target = deployment.chosen(stage, region, local_dir)
            report = _chain(target, since, objects=objects, records=records)
            outputs = target.outputs("InvocationLogging")
            note = trail_digests.note_on_calls(target, outputs, report.coverage.due)
            exit_code = _print_chain(report, note, as_json=as_json)
    sys.exit(exit_code)


@app.command()
def export(
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="A new folder for the bundle.", show_default="evidence-STAGE-TIME"),
    ] = None,
    without_records: Annotated[
        bool,
        typer.Option("--without-records", help="Leave out the records, which hold prompts."),
    ] = False,
    since: Since = None,
    hours: Hours = None,
    until: Until = None,
    month: Month = None,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Write a bundle that a third party can check without AWS: sealed hours, signatures, records,
    audit entries, the public key and a manifest.

    Exit codes: 0, 1 if an object or an hour of the window is missing in the bucket, 2 if the bundle
    cannot be written."""
    with one_line_errors(NOT_ASSESSED, "auditor"):
        from claude_bedrock.cli.evidence import bundle  # noqa: PLC0415 - boto3

        period = window(since, hours, until, month, now=datetime.now(UTC))
        target = deployment.chosen(stage, region, local_dir)
        folder = out or Path(f"evidence-{target.stage}-{period.now:%Y%m%dT%H%M%SZ}")
        require_new_folder(folder)
        with working(f"Exporting evidence of {target.stage} in {target.region}"):
            result = bundle.export(target, period, folder, with_records=not without_records)
    if as_json:
        echo_json(result.as_data())
    else:
        echo(
            f"{result.folder}: {result.hours:,} files of hours, {result.objects:,} objects, "
            f"{result.log_records:,} records of CloudWatch Logs, "
            f"{result.audit_entries:,} audit entries."
        )
        if result.missing:
            echo(f"Gone from the bucket: {listed(result.missing)}.")
        if result.gaps:
            echo(f"In no sealed file: {listed(result.gaps)}.")
    sys.exit(1 if result.missing or result.gaps else 0)


def _verify_folder(folders: list[Path], public_keys: list[Path], *, as_json: bool) -> int:
    from claude_bedrock.cli.evidence import offline, offline_report  # noqa: PLC0415 - cryptography

    if len(folders) > 1:
        raise EvidenceError("Name one FOLDER, or FILES.")
    report = offline.check_folder(folders[0], public_keys)
    if as_json:
        echo_json(report.as_data())
    else:
        echo(offline_report.offline_text(report))
    return offline_report.offline_exit_code(report)


def _verify_files(files: list[Path], *, as_json: bool) -> int:
    last_hash = checked(files)
    if as_json:
        echo_items(map(str, files), last_hash=last_hash)
    else:
        echo(f"{len(files)} files hold; the last hash is {last_hash}")
    return 0


def _print_chain(report: ChainReport, note: str, *, as_json: bool) -> int:
    """Print the report, and what was not looked at."""
    if as_json:
        echo_json({**chain_data(report), "not_compared": note or None})
    else:
        echo("\n".join(filter(None, (chain_text(report), note))))
    return chain_exit_code(report)


def _chain(target: Deployment, since: str | None, *, objects: bool, records: bool) -> ChainReport:
    now = datetime.now(UTC)
    report = deployed_chain.chain_report(target, moment(since) if since else None, now, now)
    if objects:
        report = deployed_chain.with_objects(target, report, now)
    return deployed_chain.with_records(target, report, now) if records else report
