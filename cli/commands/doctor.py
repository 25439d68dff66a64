"""`claude-bedrock doctor`."""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli import deployment
from cli.commands.options import LOCAL_STATE, AsJson, Region, Stage, StateFolder, one_line_errors
from cli.doctor.check import Check, exit_code
from cli.doctor.examination import Wanted, examine, without_region
from cli.doctor.report import report
from cli.settings import CDK_JSON, region_of

Fix = Annotated[
    bool, typer.Option("--fix", help="Repair what needs nobody's consent; it says what it did.")
]


def doctor(
    *,
    stage: Stage = None,
    region: Region = None,
    fix: Fix = False,
    as_json: AsJson = False,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Look for what is missing or wrong, before and after deploying, and say what to do.

    Ends with 0 if nothing failed, 1 if something did, 2 if something could not be told."""
    with one_line_errors():
        checks = _checks(stage, region, state, fix=fix)
    if as_json:
        typer.echo(json.dumps([check._asdict() for check in checks], indent=2))
    else:
        Console().print(report(checks))
    sys.exit(exit_code(checks))


def _checks(stage: str | None, region: str | None, state: Path, *, fix: bool) -> list[Check]:
    wanted = Wanted(CDK_JSON, None, fix, lambda: dt.datetime.now(dt.UTC))
    if stage is None:
        up = deployment.local_endpoint(state)
        here = (up["url"], up["ca_bundle"])
        return examine(deployment.local(state), wanted._replace(local=here))
    try:
        found = deployment.deployed(stage, region or region_of(stage))
    except deployment.NoTargetError:
        return without_region(stage)
    return examine(found, wanted)
