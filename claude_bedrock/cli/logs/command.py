"""`claude-bedrock logs …`."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from claude_bedrock.cli.logs import call_records, listing
from claude_bedrock.cli.logs.listing import CallsRead, Line, Unreadable, Wanted
from claude_bedrock.cli.logs.no_match import no_match
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.errors import INTERRUPTED
from claude_bedrock.cli.shared.options import (
    LOCAL_STATE,
    MOST_HOURS,
    AsJson,
    Region,
    Stage,
    StateFolder,
    fail,
    not_empty,
    one_line_errors,
)
from claude_bedrock.cli.shared.record_sources import records_of
from claude_bedrock.cli.shared.terminal import (
    console,
    echo,
    echo_json,
    escape_controls,
    escape_line,
    plain_lines,
)
from claude_bedrock.verification.period import BadWindowError, period

_RULE = "  │ "

app = typer.Typer(
    help="Search Bedrock's log records of calls.", no_args_is_help=True, add_completion=False
)


@app.callback()
def main() -> None:
    """Search Bedrock's log records of calls."""


@app.command()
def show(
    request_id: Annotated[str, typer.Argument(help="The request-id header of the answer.")],
    *,
    stage: Stage = None,
    region: Region = None,
    hours: Annotated[int, typer.Option(help="How far back to look.", min=1, max=MOST_HOURS)] = 24,
    as_json: AsJson = False,
    state: StateFolder = LOCAL_STATE,
) -> None:
    """Show the record of a call in CloudWatch Logs and in S3; fails unless both hold it."""
    with one_line_errors(role="auditor"):
        records = records_of(deployment.chosen(stage, region, state))
        found = call_records.find(records, request_id, hours=hours)
        if as_json:
            echo_json(call_records.as_data(found, records))
        else:
            console().print(call_records.as_text(found, records))
    if not found.complete:
        fail(f"{request_id} is not in both destinations (yet)")


@app.command("list")
def listed(
    *,
    who: Annotated[
        str | None, typer.Option(help="Part of the key's name or of the ARN.", callback=not_empty)
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model's name, or part of its id.", callback=not_empty)
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(help="Part of what was said, in either case.", callback=not_empty),
    ] = None,
    request_id: Annotated[
        str | None, typer.Option(help="The request-id of the answer.", callback=not_empty)
    ] = None,
    since: Annotated[str | None, typer.Option(help="Begin of the window, ISO 8601.")] = None,
    hours: Annotated[
        int | None,
        typer.Option(
            help="How long the window is, if --since is not given.", min=1, max=MOST_HOURS
        ),
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
    wanted = Wanted(who or "", model or "", text or "", request_id or "")
    show, read = _as_json if as_json else _as_text, CallsRead()
    unreadable = Unreadable()
    with one_line_errors(role="auditor"):
        if follow and until:
            raise BadWindowError("give one of --follow and --until")
        asked = period(since, hours, until, 0, datetime.now(UTC))
        records = records_of(deployment.chosen(stage, region, state))
        found = (
            listing.followed(records, asked.since, wanted, unreadable, content=content)
            if follow
            else listing.lines(
                records,
                asked.since,
                asked.until,
                wanted,
                unreadable,
                content=content,
                read=read,
            )
        )
        try:
            for line in found:
                show(line)
                read.listed += 1
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        finally:
            if unreadable.sources:
                echo(escape_line(f"claude-bedrock: {unreadable}"), err=True)
    if not read.listed and not unreadable.sources:
        echo(escape_line(no_match(wanted, asked, read)), err=True)


def _as_json(line: Line) -> None:
    told = line._asdict()
    echo_json(told if line.content else {**told, "content": None}, indent=None)
    sys.stdout.flush()


def _as_text(line: Line) -> None:
    tokens = " ".join(
        f"{'?' if count is None else count} {way}"
        for count, way in ((line.input_tokens, "in"), (line.output_tokens, "out"))
    )
    out = console(soft_wrap=True)
    out.print(
        plain_lines(
            f"{line.at}  {line.request_id}  {line.status}",
            f"  {line.who}  {line.model_id}  {tokens}",
        )
    )
    for name, text in line.content.items():
        _print_content(out, f"{name}: {text}")


def _print_content(out: Console, text: str) -> None:
    """What was said, behind a rule on its left: no line of it can pass itself off as one of ours,
    not even where a terminal begins another line because the first is full."""
    width = out.width - len(_RULE) if out.is_terminal else None
    for line in escape_controls(text).split("\n"):
        wrapped = Text(line.expandtabs()).wrap(out, width) if width else [Text(line)]
        for each in wrapped or [Text()]:
            out.print(Text(_RULE) + each)
