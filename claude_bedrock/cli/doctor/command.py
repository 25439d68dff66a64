"""`claude-bedrock doctor`."""

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import ProfileNotFound

from claude_bedrock.cli.doctor.check import Check, exit_code
from claude_bedrock.cli.doctor.checks.endpoint import LocalEndpoint
from claude_bedrock.cli.doctor.report import report
from claude_bedrock.cli.doctor.runner import DoctorOptions, examine, without_region
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.aws_errors import explain
from claude_bedrock.cli.shared.cdk_json import CDK_JSON, CdkJsonError
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo_items, working

Fix = Annotated[
    bool, typer.Option("--fix", help="Repair what needs no one's consent, and print each repair.")
]


def doctor(
    *,
    stage: Stage = None,
    region: Region = None,
    fix: Fix = False,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Check an account and a stage, and say how to fix what is wrong.

    Exit codes: 0 every check passed, 1 a check failed, 2 a check could not be made."""
    with (
        one_line_errors(NOT_ASSESSED, "operator"),
        working("Checking the account and the stage"),
    ):
        checks = _checks(stage, region, local_dir, fix=fix)
    if as_json:
        echo_items(check._asdict() for check in checks)
    else:
        console().print(report(checks))
    sys.exit(exit_code(checks))


def _checks(stage: str | None, region: str | None, local_dir: Path, *, fix: bool) -> list[Check]:
    options = DoctorOptions(CDK_JSON, None, fix, lambda: dt.datetime.now(dt.UTC))
    if stage is None:
        deployment.chosen(stage, region, local_dir)
        up = deployment.local_endpoint(local_dir)
        here = LocalEndpoint(up["url"], up["ca_bundle"], up.get("client_certificate"))
        return examine(deployment.local(local_dir), options._replace(local=here))
    try:
        target = deployment.deployed(stage, region)
    except ProfileNotFound as unknown:
        return without_region(stage, explain(unknown))
    except (deployment.NoTargetError, CdkJsonError) as unknown:
        return without_region(stage, str(unknown))
    return examine(target, options)
