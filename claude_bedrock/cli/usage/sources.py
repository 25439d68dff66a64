"""The usage of a stage in a window: the one computation of tokens and cost, for `claude-bedrock
usage` and for the audit report.

It is counted from the gateway's audit log entries, which have no prompts. Bedrock's records are
read where they are the point: where the stage has no gateway, and where Bedrock's word is wanted
beside the gateway's.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.expiry import Source, expiry_notes
from claude_bedrock.cli.shared.record_sources import audit_lines_of
from claude_bedrock.cli.usage import download, entry_rows, local_files, rows
from claude_bedrock.cli.usage.download import Progress
from claude_bedrock.cli.usage.rows import Row
from claude_bedrock.cli.usage.totals import TeamProfile, TeamProfiles
from claude_bedrock.cli.verify.verification import principals_of
from claude_bedrock.records.read_digest import Fingerprint

_LONGEST_REQUEST: Final = timedelta(minutes=20)
"""An entry is written at the end of its request, which Lambda ends after 15 minutes:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_WITHOUT_ENTRY: Final = (
    "counted from the gateway's audit log entries, which omit calls that bypass the gateway, and "
    "calls with a lost entry; `claude-bedrock usage --records` counts both"
)
_FROM_RECORDS: Final = "counted from Bedrock's records, including calls that bypass the gateway"
_WITHOUT_ENDPOINT: Final = (
    "counted from Bedrock's records: a stage without an endpoint has no audit log entries"
)


def read_folder(files: Sequence[Path], since: datetime, until: datetime) -> list[Row]:
    """Add up the calls of the window (UTC) in files of records. Raises UnreadableError."""
    from claude_bedrock.cli.usage import duckdb_engine  # noqa: PLC0415 - DuckDB is half a start of the program

    return rows.read(*duckdb_engine.ask(rows.question(since, until), files))


class StageRows(NamedTuple):
    """The calls of a stage in a window; `notes` say what they were counted from."""

    rows: list[Row]
    source: Source
    notes: list[str]


def read_stage(
    where: Deployment, since: datetime, until: datetime, now: datetime, progress: Progress
) -> StageRows:
    """Add up the calls of the window (UTC), which is read at `now`. Raises NoTargetError,
    UnreadableError and botocore's errors."""
    if not stage_settings.deployed(where).has_endpoint:
        records = read_records(where, since, until, progress)
        return StageRows(records, "records", record_notes(where, records, since, now))
    entries = audit_lines_of(where, since, until + _LONGEST_REQUEST, Fingerprint())
    notes = [_WITHOUT_ENTRY, *expiry_notes(where, "audit log entries", since, now)]
    return StageRows(entry_rows.add_up(entries, since, until), "audit log entries", notes)


def read_records(
    where: Deployment,
    since: datetime,
    until: datetime,
    progress: Progress,
    into: Path | None = None,
) -> list[Row]:
    """Add up the calls of the window (UTC) in the stage's bucket, whose objects of records are
    fetched into the folder `into` or one that passes. Raises NoTargetError, UnreadableError and
    botocore's errors."""
    with TemporaryDirectory(prefix="claude-bedrock-") as passing:
        folder = into or Path(passing)
        download.download(where, folder, since, until, progress)
        files = local_files.of_records(folder, since, until, may_be_empty=True)
        return read_folder(files, since, until)


def record_notes(
    where: Deployment, rows: Sequence[Row], since: datetime, now: datetime
) -> list[str]:
    """Return what a reader has to know of numbers that are counted from records: how many calls
    went past the gateway, whose callers are ARNs. Raises NoTargetError and botocore's errors."""
    settings = stage_settings.deployed(where)
    notes = expiry_notes(where, "records", since, now)
    if not settings.has_endpoint:
        return [_WITHOUT_ENDPOINT, *notes]
    principals = principals_of(where, settings)
    past = sum(row.calls for row in rows if not principals.is_gateway(row.principal))
    return [_FROM_RECORDS, *([_direct_calls(past)] if past else []), *notes]


def _direct_calls(number: int) -> str:
    calls = "1 call" if number == 1 else f"{number:,} calls"
    return f"{calls} bypassed the gateway, by callers named by an ARN or by their own metadata"


def team_profiles(where: Deployment) -> TeamProfiles:
    """Return the stage's application inference profiles by team. Raises NoTargetError and
    botocore's errors."""
    of_teams = json.loads(where.outputs("ModelAccess").get("TeamProfileArns", "{}"))
    return {
        arn: TeamProfile(team, copied_id)
        for team, by_id in of_teams.items()
        for copied_id, arn in by_id.items()
    }
