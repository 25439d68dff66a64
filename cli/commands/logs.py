"""`claude-bedrock logs …`."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from cli import deployment, logs
from cli.commands.options import LOCAL_STATE, AsJson, Region, Stage, StateFolder, one_line_errors
from cli.target import records_of

app = typer.Typer(help="The records that Bedrock wrote.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """The records that Bedrock wrote."""


@app.command()
def show(
    request_id: Annotated[str, typer.Argument(help="The request-id header of the answer.")],
    *,
    stage: Stage = None,
    region: Region = None,
    hours: Annotated[int, typer.Option(help="How far back to look.", min=1)] = 24,
    as_json: AsJson = False,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Show the record of a call in CloudWatch Logs and in S3; fails unless both hold it."""
    with one_line_errors():
        records = records_of(deployment.chosen(stage, region, state))
        found = logs.find(records, request_id, hours=hours)
        if as_json:
            typer.echo(json.dumps(logs.as_data(found, records), indent=2))
        else:
            Console().print(logs.as_text(found, records))
    if not found.complete:
        sys.exit(f"claude-bedrock: {request_id} is not in both destinations (yet)")
