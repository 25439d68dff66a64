"""`claude-bedrock logs …`."""

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from claude_bedrock.cli.logs import call_records, listing
from claude_bedrock.cli.logs.listing import CallsRead, Line, LogFilter, Unreadable
from claude_bedrock.cli.logs.no_match import no_match
from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.errors import INTERRUPTED
from claude_bedrock.cli.shared.expiry import expiry_notes
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    fail,
    not_empty,
    one_line_errors,
)
from claude_bedrock.cli.shared.record_sources import records_of
from claude_bedrock.cli.shared.terminal import (
    JsonItems,
    console,
    echo,
    echo_json,
    escape_controls,
    escape_line,
    is_terminal,
    plain,
    plain_lines,
)
from claude_bedrock.cli.shared.window import MOST_HOURS, Hours, Month, Since, Until, window
from claude_bedrock.verification.period import BadWindowError, Period

_RULE = "  │ "
_MOST_LINES = 1_000_000

app = typer.Typer(
    help="Search Bedrock's log records of calls.", no_args_is_help=True, add_completion=False
)


@app.callback()
def main() -> None:
    """Search Bedrock's log records of calls."""


@app.command()
def show(
    request_id: Annotated[str, typer.Argument(help="The request-id header of the response.")],
    *,
    hours: Annotated[
        int, typer.Option(help="How many hours back to search.", min=1, max=MOST_HOURS)
    ] = 24,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Show the log record of a call: what it was, what it cost, prompt and completion.

    Exit codes: 0 CloudWatch Logs and S3 both hold the record, 1 one of them does not."""
    with one_line_errors(role="auditor"):
        records = records_of(deployment.chosen(stage, region, local_dir))
        call = call_records.find(records, request_id, hours=hours)
        if as_json:
            echo_json(call_records.as_data(call, records))
        else:
            _show(call_records.summary(call), call_records.content(call, records))
    if not call.complete:
        fail(
            f"{request_id} is not in both CloudWatch Logs and S3. A record may take minutes to "
            "arrive; `--hours` searches further back."
        )


@app.command("list")
def listed(
    *,
    caller: Annotated[
        str | None,
        typer.Option(help="Part of the caller's name, or the ARN that signed.", callback=not_empty),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A model's name, or part of its id.", callback=not_empty)
    ] = None,
    contains: Annotated[
        str | None,
        typer.Option(help="Text in the prompt or the completion, in any case.", callback=not_empty),
    ] = None,
    request_id: Annotated[
        str | None, typer.Option(help="The request-id header of the response.", callback=not_empty)
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only calls that Bedrock answered with an error.")
    ] = False,
    since: Since = None,
    hours: Hours = None,
    until: Until = None,
    month: Month = None,
    limit: Annotated[
        int | None,
        typer.Option(help="Print only the newest calls, this many.", min=1, max=_MOST_LINES),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Keep printing new records, like `tail -f`.")
    ] = False,
    show_content: Annotated[
        bool, typer.Option("--show-content", help="Print prompts and completions.")
    ] = False,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """List calls on record in CloudWatch Logs: time, caller, model, tokens and status."""
    log_filter = LogFilter(caller or "", model or "", contains or "", request_id or "", failed)
    read, unreadable = CallsRead(), Unreadable()
    with one_line_errors(role="auditor"):
        if follow and (until or month or limit):
            raise BadWindowError("--follow cannot be combined with --until, --month or --limit.")
        period = window(since, hours, until, month, now=datetime.now(UTC))
        target = deployment.chosen(stage, region, local_dir)
        records = records_of(target)
        lines = (
            listing.followed(records, period.since, log_filter, unreadable, content=show_content)
            if follow
            else listing.lines(
                records,
                period.since,
                period.until,
                log_filter,
                unreadable,
                content=show_content,
                read=read,
            )
        )
        _print_all(_counted(lines, read, limit), unreadable, as_json=as_json, follow=follow)
        for note in expiry_notes(target, "records", period.since, period.now):
            echo(escape_line(note), err=True)
    _report_if_empty(read, unreadable, log_filter, period)


def _counted(lines: Iterable[Line], read: CallsRead, limit: int | None) -> Iterator[Line]:
    for line in deque(lines, limit) if limit else lines:
        yield line
        read.listed += 1


def _print_all(
    lines: Iterable[Line], unreadable: Unreadable, *, as_json: bool, follow: bool
) -> None:
    """Print the lines as they come, and end with what could not be read."""
    items = JsonItems(lines_alone=follow)
    try:
        if as_json:
            for line in lines:
                items.add(_as_data(line))
            items.end()
        else:
            for line in lines:
                _as_text(line)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        if unreadable.sources:
            echo(escape_line(f"claude-bedrock: {unreadable}"), err=True)


def _report_if_empty(
    read: CallsRead, unreadable: Unreadable, log_filter: LogFilter, period: Period
) -> None:
    if not read.listed and not unreadable.sources:
        echo(escape_line(no_match(log_filter, period, read)), err=True)


def _as_data(line: Line) -> dict[str, object]:
    data = line._asdict()
    return data if line.content else {**data, "content": None}


def _as_text(line: Line) -> None:
    """Print two lines on a terminal; elsewhere one, with tabs between its fields."""
    counts = (line.input_tokens, line.output_tokens)
    if not is_terminal():
        numbers = ("" if count is None else str(count) for count in counts)
        fields = (line.at, line.request_id, line.status, line.who, line.model_id, *numbers)
        echo("\t".join(escape_line(field) for field in (*fields, *line.content.values())))
        return
    tokens = " ".join(
        f"{'?' if count is None else count} {way}"
        for count, way in zip(counts, ("in", "out"), strict=True)
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


def _show(fields: list[tuple[str, str]], content: dict[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(no_wrap=True)
    for name, value in fields:
        table.add_row(name, plain_lines(value))
    out = console()
    out.print(table)
    for side, text in content.items():
        out.print(plain(f"\n{side}", "bold"))
        _print_content(out, text)


def _print_content(out: Console, text: str) -> None:
    """Print prompt and completion behind a rule on the left, so that no line of them can pass
    itself off as the program's, not even where a terminal wraps a line."""
    width = out.width - len(_RULE) if out.is_terminal else None
    for line in escape_controls(text).split("\n"):
        wrapped = Text(line.expandtabs()).wrap(out, width) if width else [Text(line)]
        for piece in wrapped or [Text()]:
            out.print(Text(_RULE) + piece)
