"""`claude-bedrock access …`."""

from typing import Annotated

import typer

from cli import access, deployment
from cli.access import Form
from cli.commands.options import LOCAL_STATE, Region, Stage, StateFolder, one_line_errors

app = typer.Typer(help="Who may reach Claude, and how.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Who may reach Claude, and how."""


@app.command()
def guard(
    *,
    form: Annotated[
        Form, typer.Option("--as", help="A service control policy, a boundary, or denials.")
    ],
    stage: Stage = None,
    region: Region = None,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Print the guard of a deployed stage, ready to paste."""
    with one_line_errors():
        typer.echo(access.guard_text(deployment.chosen(stage, region, state), form))
