"""The commands of `claude-bedrock`, and what each asks for."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from cli import logs, target
from cli.ask import Endpoint, RefusedError
from cli.ask import ask as ask_endpoint
from cli.records import Records
from cli.target import NoTargetError

app = typer.Typer(
    add_completion=False, help="Ask Claude through your endpoint, and see what was logged."
)
logs_app = typer.Typer(help="The records that Bedrock wrote.")
app.add_typer(logs_app, name="logs")

StateFolder = Annotated[Path, typer.Option(help="Where `make local` keeps its files.")]
Url = Annotated[
    str | None,
    typer.Option(help="The endpoint; else what is up locally.", envvar="CLAUDE_BEDROCK_URL"),
]
Key = Annotated[str | None, typer.Option(help="The API key.", envvar="CLAUDE_BEDROCK_KEY")]


@app.callback()
def main() -> None:
    """Ask Claude through your endpoint, and see what was logged."""


@app.command()
def ask(
    prompt: str,
    *,
    model: Annotated[str, typer.Option(help="A model the stage allows.")] = "claude-haiku-4-5",
    max_tokens: Annotated[int, typer.Option(help="The longest answer.")] = 1024,
    url: Url = None,
    key: Key = None,
    state: StateFolder = Path(".local"),
) -> None:
    """Ask, and print the answer as it comes; the request id goes to standard error."""
    try:
        endpoint = _endpoint(url, key, state)
        answer = ask_endpoint(endpoint, model=model, prompt=prompt, max_tokens=max_tokens)
        for piece in answer.text:
            typer.echo(piece, nl=False)
    except (RefusedError, NoTargetError) as error:
        sys.exit(f"claude-bedrock: {error}")
    typer.echo()
    typer.echo(f"request id {answer.request_id}", err=True)


@logs_app.command()
def show(
    request_id: Annotated[str, typer.Argument(help="The request-id header of the answer.")],
    *,
    stage: Annotated[
        str | None, typer.Option(help="A stage in your AWS account; else what is up locally.")
    ] = None,
    region: Annotated[str | None, typer.Option(help="The stage's Region.")] = None,
    hours: Annotated[int, typer.Option(help="How far back to look.", min=1)] = 24,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    state: StateFolder = Path(".local"),
) -> None:
    """Show the record of a call in CloudWatch Logs and in S3; fails unless both hold it."""
    try:
        where = target.deployed(stage, region) if stage else target.local(state)
        records = Records(where)
        found = logs.find(records, request_id, hours=hours)
        if as_json:
            typer.echo(json.dumps(logs.as_data(found, records), indent=2))
        else:
            Console().print(logs.as_text(found, records))
    except (NoTargetError, BotoCoreError, ClientError) as error:
        sys.exit(f"claude-bedrock: {error}")
    if not found.complete:
        sys.exit(f"claude-bedrock: {request_id} is not in both destinations (yet)")


def _endpoint(url: str | None, key: str | None, state: Path) -> Endpoint:
    if url is not None:
        if key is None:
            raise NoTargetError("--url needs --key, or CLAUDE_BEDROCK_KEY")
        return Endpoint(url, key, None)
    found = target.local_endpoint(state)
    first = next(iter(found["api_keys"].values()))
    return Endpoint(found["url"], key or first, found["ca_bundle"])
