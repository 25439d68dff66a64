"""`claude-bedrock smoke`."""

import sys
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal
from pathlib import Path
from typing import Annotated

import typer

from claude_bedrock.catalog.cost import unpublished
from claude_bedrock.cli.shared import deployment, endpoint, stage_settings
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    Key,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import echo, echo_json
from claude_bedrock.cli.smoke import report
from claude_bedrock.cli.smoke.check import exit_code
from claude_bedrock.cli.smoke.deployed_stage import Subject
from claude_bedrock.cli.smoke.estimate import cheapest
from claude_bedrock.cli.smoke.report import Run
from claude_bedrock.cli.smoke.runner import run


def smoke(
    *,
    stage: Stage = None,
    region: Region = None,
    key: Key = None,
    wait: Annotated[
        int, typer.Option(help="How many minutes a record may take to arrive.", min=0, max=60)
    ] = 10,
    out: Annotated[Path, typer.Option(help="The folder for the report.")] = Path("smoke"),
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Test a deployed stage with real calls, and write a report.

    Settles what AWS's documentation leaves open. Calls the stage's models for less than a dollar,
    and prints that cost first.
    Exit codes: 0 every check passed, 1 a check failed, 2 a check could not be made."""
    with one_line_errors(NOT_ASSESSED, "operator"):
        target = deployment.chosen(stage, region, local_dir)
        settings = stage_settings.deployed(target)
        where = endpoint.chosen(
            url=None, key=key, iam=False, stage=stage, region=region, local_dir=local_dir
        )
        model, exact = cheapest(settings.models, settings.geography)
        dollars = exact.quantize(Decimal("0.01"), ROUND_UP)
        price = f" ({remark})" if (remark := unpublished(model)) else ""
        others = "and asks each model what sources differ on"
        echo(f"Calls {model.name}, {others}, for at most ${dollars}{price}.", err=True)
        subject = Subject(target, where, model, wait_seconds=wait * 60)
        about = Run(datetime.now(UTC), target.region, subject.is_local, model.name, str(dollars))
        results = []
        for result in run(subject):
            results.append(result)
            verdict, text, _ = result.finding
            echo(f"{verdict:13} {result.check.name}: {report.anonymize(text)}", err=as_json)
        data = report.as_data(about, results)
        files = report.write(data, out, f"smoke-{about.started_at:%Y%m%dT%H%M%SZ}")
    if as_json:
        echo_json(data)
    echo(f"The report is in {files[0]} and {files[1]}.", err=True)
    sys.exit(exit_code(results))
