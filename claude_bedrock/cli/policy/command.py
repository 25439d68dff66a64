"""`claude-bedrock policy …`."""

from typing import Annotated

import typer

from claude_bedrock.cli.access import deny_policy
from claude_bedrock.cli.access.deny_policy import Form
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.options import LOCAL_DIR, LocalDir, Region, Stage, one_line_errors
from claude_bedrock.cli.shared.terminal import echo

app = typer.Typer(help="Print a stage's deny policy.", no_args_is_help=True, add_completion=False)


@app.callback()
def main() -> None:
    """Print a stage's deny policy."""


@app.command("print")
def print_(
    *,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="scp: a service control policy. boundary: a permissions boundary. deny: the "
            "deny statements alone.",
        ),
    ],
    stage: Stage = None,
    region: Region = None,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Print the deny policy of a deployed stage as JSON, ready to paste into IAM."""
    with one_line_errors(role="operator"):
        echo(deny_policy.policy_text(deployment.chosen(stage, region, local_dir), form))
