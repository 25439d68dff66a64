"""`claude-bedrock evidence …`."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.verify import verification
from claude_bedrock.cli.verify.chain_report import chain_data, chain_exit_code, chain_text
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.verify.evidence_folder import EvidenceError, checked
from claude_bedrock.cli.shared.terminal import echo, echo_items, echo_json
from claude_bedrock.cli.verify.verification import ChainReport
from claude_bedrock.verification.period import moment

app = typer.Typer(
    help="Check that evidence of verification is unchanged.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def main() -> None:
    """Check that evidence of verification is unchanged."""


@app.command()
def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILES]",
            help="Files that `claude-bedrock verify` wrote, oldest first. Without files: the "
            "evidence that the stage's function sealed each hour.",
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
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Check that evidence is unchanged: the hash chain of files, or of a stage's sealed hours.

    Exit codes: 0 the chain holds, 1 it is broken or an hour is missing, 2 it cannot be checked."""
    with one_line_errors(NOT_ASSESSED, "auditor"):
        if files:
            if since or objects:
                raise EvidenceError("FILES cannot be combined with --since or --objects.")
            last_hash = checked(files)
        else:
            target = deployment.chosen(stage, region, local_dir)
            report = _chain(target, since, objects=objects)
    if files:
        _show_files(files, last_hash, as_json=as_json)
        return
    if as_json:
        echo_json(chain_data(report))
    else:
        echo(chain_text(report))
    sys.exit(chain_exit_code(report))


def _show_files(files: list[Path], last_hash: str, *, as_json: bool) -> None:
    if as_json:
        echo_items(map(str, files), last_hash=last_hash)
    else:
        echo(f"{len(files)} files hold; the last hash is {last_hash}")


def _chain(target: Deployment, since: str | None, *, objects: bool) -> ChainReport:
    now = datetime.now(UTC)
    report = verification.chain_report(target, moment(since) if since else None, now, now)
    return verification.with_objects(target, report, now) if objects else report
