"""`claude-bedrock usage`."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.progress import Progress

from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.errors import NOT_ASSESSED
from claude_bedrock.cli.shared.expiry import Source
from claude_bedrock.cli.shared.options import (
    LOCAL_DIR,
    AsJson,
    LocalDir,
    Region,
    Stage,
    one_line_errors,
)
from claude_bedrock.cli.shared.terminal import console, echo, echo_json
from claude_bedrock.cli.shared.window import MONTH_HOURS, HoursOfMonth, Month, Since, Until, window
from claude_bedrock.cli.shared.writable import (
    require_new_file,
    require_writable,
)
from claude_bedrock.cli.usage import (
    athena_engine,
    csv_rows,
    html_report,
    local_files,
    rows,
    sources,
    table,
)
from claude_bedrock.cli.usage.bill import table as bill_table
from claude_bedrock.cli.usage.bill.comparison import Comparison
from claude_bedrock.cli.usage.bill.of_stage import Bill
from claude_bedrock.cli.usage.rows import Row, UnanswerableError
from claude_bedrock.cli.usage.totals import DIMENSIONS, Dimension, TeamProfiles, Usage, with_notes
from claude_bedrock.cli.usage.totals import usage as priced
from claude_bedrock.verification.period import Period, in_words


class _Source(NamedTuple):
    """What to count from: records in a folder, in a folder to fill first, by Athena, or in a folder
    that passes; by default audit log entries."""

    folder: Path | None
    synced: Path | None
    athena: bool
    records: bool


class _Answer(NamedTuple):
    rows: list[Row]
    profiles: TeamProfiles
    scanned_bytes: int | None = None
    source: Source = "records"
    notes: Sequence[str] = ()

    @property
    def unreadable(self) -> int:
        """How many records, entries or files are in no row."""
        return sum(row.unreadable for row in self.rows)

    def by(self, dimensions: Sequence[Dimension]) -> Usage:
        return with_notes(priced(self.rows, dimensions, self.profiles, self.source), self.notes)


def usage(
    *,
    by: Annotated[
        str | None,
        typer.Option(
            help=f"How to group the totals: some of {','.join(DIMENSIONS)}, separated by commas. "
            "With --bill: caller or team.",
            show_default="model; with --bill caller",
        ),
    ] = None,
    since: Since = None,
    hours: HoursOfMonth = None,
    until: Until = None,
    month: Month = None,
    folder: Annotated[
        Path | None, typer.Option("--from", help="Total the records in this folder, without AWS.")
    ] = None,
    sync: Annotated[
        Path | None,
        typer.Option(help="Download the records that this folder lacks, then total them."),
    ] = None,
    athena: Annotated[
        bool, typer.Option("--athena", help="Have Athena total the records, in the account.")
    ] = False,
    records: Annotated[
        bool,
        typer.Option(
            "--records",
            help="Count from Bedrock's records, which include calls that bypass the gateway, and "
            "the Region that answered. Downloads prompts.",
        ),
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a row for each group.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write a page of HTML.")] = None,
    bill: Annotated[
        Path | None,
        typer.Option(
            help="Compare with AWS's bill: a Cost and Usage Report 2.0, a file or folder of "
            "Parquet or CSV."
        ),
    ] = None,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Total calls, tokens and cost from audit log entries, or from Bedrock's records.

    Exit codes: 0, or 2 if an entry or record cannot be read, or AWS did not answer."""
    with one_line_errors(NOT_ASSESSED, "auditor"):
        dimensions = _dimensions(by or ("caller" if bill else "model"))
        period = window(
            since, hours, until, month, now=datetime.now(UTC), default_hours=MONTH_HOURS
        )
        source = _source(folder, sync, athena=athena, records=records)
        _check_outputs(out, sync, bill, as_csv=as_csv, as_json=as_json)
        where = None if folder and not stage else deployment.chosen(stage, region, local_dir)
        billed = None if bill is None else Bill(bill, dimensions, where, period)
        answer = _answer_of(source, where, period, dimensions)
        if billed:
            compared = billed.compare(answer.rows, answer.profiles)
            _show_bill(compared, answer, period, as_json=as_json)
            sys.exit(NOT_ASSESSED if answer.unreadable else 0)
        total_usage = answer.by(dimensions)
        title = f"Usage from {period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M} UTC"
    if not total_usage.total.calls:
        echo(f"No call is on record in this window: {title}.", err=True)
    if as_json:
        echo_json(_as_data(total_usage, period, answer.scanned_bytes))
    elif as_csv:
        echo(csv_rows.as_csv(total_usage), nl=False)
        for remark in table.remarks(total_usage):
            echo(remark, err=True)
    else:
        console().print(table.shown(total_usage, title))
        if answer.scanned_bytes is not None:
            echo(f"Athena read {answer.scanned_bytes:,} bytes")
    if out:
        with one_line_errors(NOT_ASSESSED):
            usages = [answer.by([dimension]) for dimension in _known(answer)]
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(html_report.page(usages, _about(where, period)), encoding="utf-8")
        echo(f"Page: {out}", err=True)
    if total_usage.total.unreadable:
        sys.exit(NOT_ASSESSED)


def _check_outputs(
    out: Path | None, sync: Path | None, bill: Path | None, *, as_csv: bool, as_json: bool
) -> None:
    """Raise UnanswerableError for outputs that exclude each other, NotWritableError for a file or
    folder that cannot be written."""
    if as_csv and as_json:
        raise UnanswerableError("--csv and --json cannot be combined.")
    if bill and (as_csv or out):
        raise UnanswerableError("--bill cannot be combined with --csv or --out.")
    if out:
        require_new_file(out)
    if sync:
        require_writable(sync)


def _show_bill(comparison: Comparison, answer: _Answer, period: Period, *, as_json: bool) -> None:
    notes = list(answer.notes)
    if answer.unreadable:
        notes.append(
            f"not compared, since they cannot be read: {answer.unreadable:,} {answer.source}"
        )
    if as_json:
        window = {"since": period.since.isoformat(), "until": period.until.isoformat()}
        about = {**window, "source": answer.source, "notes": notes}
        echo_json({**about, **comparison.as_data()})
    else:
        source = f"{answer.source[:1].upper()}{answer.source[1:]}"
        title = f"{source} and bill, {in_words(period.since, period.until)}"
        console().print(bill_table.shown(comparison, title, answer.source))
        for note in notes:
            echo(note, err=True)


def _about(where: Deployment | None, period: Period) -> html_report.About:
    """Return what the page is about; of a folder without a stage, only the window is known."""
    unknown = "not known: records of a folder"
    account = where.client("sts").get_caller_identity()["Account"] if where else unknown
    return html_report.About(
        stage=where.stage if where else "a folder",
        account=account,
        region=where.region if where else unknown,
        window=in_words(period.since, period.until),
        since=f"{period.since:%Y-%m-%dT%H:%MZ}",
        until=f"{period.until:%Y-%m-%dT%H:%MZ}",
        at=f"{period.now:%Y-%m-%dT%H:%MZ}",
        version=version("claude-on-bedrock"),
    )


def _dimensions(by: str) -> list[Dimension]:
    known: dict[str, Dimension] = {dimension: dimension for dimension in DIMENSIONS}
    names = [part.strip() for part in by.split(",")]
    if unknown := [part for part in names if part not in known]:
        raise UnanswerableError(
            f"Unknown --by {unknown[0]!r}. Use one or more of {', '.join(DIMENSIONS)}."
        )
    return [known[part] for part in dict.fromkeys(names)]


def _source(folder: Path | None, sync: Path | None, *, athena: bool, records: bool) -> _Source:
    if sum((folder is not None, sync is not None, athena, records)) > 1:
        raise UnanswerableError("--from, --sync, --athena and --records cannot be combined.")
    return _Source(folder, sync, athena, records)


def _known(answer: _Answer) -> list[Dimension]:
    """Return the dimensions that the source of the answer knows."""
    unknown = "region" if answer.source == "audit log entries" else ""
    return [dimension for dimension in DIMENSIONS if dimension != unknown]


def _answer_of(
    source: _Source, where: Deployment | None, period: Period, dimensions: Sequence[Dimension]
) -> _Answer:
    if source.folder:
        profiles = sources.team_profiles(where) if where else {}
        files = local_files.of_records(source.folder, period.since, period.until)
        return _Answer(sources.read_folder(files, period.since, period.until), profiles)
    if where is None:
        raise UnanswerableError("Give a stage by --stage, or a folder of records by --from.")
    if source.athena:
        result = athena_engine.ask(where, rows.question(period.since, period.until))
        records = rows.read(result.names, result.rows)
        return _of_records(records, where, period)._replace(scanned_bytes=result.scanned_bytes)
    with Progress(console=console(err=True), transient=True) as bars:
        bar = bars.add_task(
            "records" if source.records or source.synced else "audit log entries", total=None
        )

        def show(done: int, total: int) -> None:
            bars.update(bar, completed=done, total=total)

        if source.records or source.synced:
            records = sources.read_records(where, period.since, period.until, show, source.synced)
            return _of_records(records, where, period)
        read = sources.read_stage(where, period.since, period.until, period.now, show)
    answer = _Answer(read.rows, sources.team_profiles(where), None, read.source, read.notes)
    if unknown := [name for name in dimensions if name not in _known(answer)]:
        raise UnanswerableError(
            f"Audit log entries do not name the {unknown[0]} that answered. Add --records, or ask "
            "Athena by --athena."
        )
    return answer


def _of_records(records: list[Row], where: Deployment, period: Period) -> _Answer:
    notes = sources.record_notes(where, records, period.since, period.now)
    return _Answer(records, sources.team_profiles(where), notes=notes)


def _as_data(total_usage: Usage, period: Period, scanned_bytes: int | None) -> dict[str, Any]:
    return {
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "source": total_usage.source,
        "by": total_usage.by,
        "groups": [
            {**dict(zip(total_usage.by, values, strict=True)), **group_sum.as_data()}
            for values, group_sum in total_usage.groups.items()
        ],
        "total": total_usage.total.as_data(),
        "notes": table.remarks(total_usage),
        **({} if scanned_bytes is None else {"scanned_bytes": scanned_bytes}),
    }
