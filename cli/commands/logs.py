"""`claude-bedrock logs …`."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli import deployment, log_list, logs
from cli.commands.options import LOCAL_STATE, AsJson, Region, Stage, StateFolder, one_line_errors
from cli.log_list import Line, Unreadable, Wanted
from cli.target import records_of
from verification.period import BadWindowError, period

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


@app.command("list")
def listed(
    *,
    who: Annotated[str, typer.Option(help="Part of the key's name or of the ARN.")] = "",
    model: Annotated[str, typer.Option(help="A model's name, or part of its id.")] = "",
    text: Annotated[str, typer.Option(help="Part of what was said, in either case.")] = "",
    request_id: Annotated[str, typer.Option(help="The request-id of the answer.")] = "",
    since: Annotated[str | None, typer.Option(help="Begin of the window, ISO 8601.")] = None,
    hours: Annotated[
        int | None, typer.Option(help="How long the window is, if --since is not given.", min=1)
    ] = None,
    until: Annotated[str | None, typer.Option(help="End of the window; else now.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes.")] = False,
    content: Annotated[bool, typer.Option("--content", help="Show what was said.")] = False,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """List calls: when, who, which model, tokens and status, as CloudWatch Logs has them."""
    wanted, show = Wanted(who, model, text, request_id), _as_json if as_json else _as_text
    unreadable = Unreadable()
    with one_line_errors():
        if follow and until:
            raise BadWindowError("give one of --follow and --until")
        asked = period(since, hours, until, 0, datetime.now(UTC))
        records = records_of(deployment.chosen(stage, region, state))
        found = (
            log_list.followed(records, asked.since, wanted, unreadable, content=content)
            if follow
            else log_list.lines(
                records, asked.since, asked.until, wanted, unreadable, content=content
            )
        )
        try:
            for line in found:
                show(line)
        except KeyboardInterrupt:
            sys.exit(130)
        finally:
            if unreadable.sources:
                typer.echo(f"claude-bedrock: {unreadable}", err=True)


def _as_json(line: Line) -> None:
    told = line._asdict()
    typer.echo(json.dumps(told if line.content else {**told, "content": None}))
    sys.stdout.flush()


def _as_text(line: Line) -> None:
    tokens = " ".join(
        f"{'?' if count is None else count} {way}"
        for count, way in ((line.input_tokens, "in"), (line.output_tokens, "out"))
    )
    Console(soft_wrap=True).print(
        Text(f"{line.at}  {line.request_id}  {line.status}"),
        Text(f"  {line.who}  {line.model_id}  {tokens}"),
        *(Text(f"  {name}: {told}") for name, told in line.content.items()),
        sep="\n",
    )
