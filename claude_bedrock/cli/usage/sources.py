"""The usage of a stage in a window: the one computation of tokens and cost, for `claude-bedrock
usage` and for the audit report."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from claude_bedrock.cli.shared import stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.usage import download, local_files, rows
from claude_bedrock.cli.usage.download import Progress
from claude_bedrock.cli.usage.rows import Row
from claude_bedrock.cli.usage.totals import TeamProfile, TeamProfiles


def read_folder(files: Sequence[Path], since: datetime, until: datetime) -> list[Row]:
    """Add up the calls of the window (UTC) in files of records. Raises UnreadableError."""
    from claude_bedrock.cli.usage import duckdb_engine  # noqa: PLC0415 - DuckDB is half a start of the program

    return rows.read(*duckdb_engine.ask(rows.question(since, until), files))


def read_stage(
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


def expiry_notes(where: Deployment, since: datetime, now: datetime) -> list[str]:
    """Return what a reader has to know of a window that begins before the oldest record that is
    surely kept. Raises NoTargetError and botocore's errors."""
    days = stage_settings.deployed(where).retention_days
    oldest = now - timedelta(days=days)
    if since >= oldest:
        return []
    first = f"{oldest:%Y-%m-%d %H:%M} UTC"
    note = f"the stage keeps records for {days} days: of calls from before {first} some may be gone"
    return [note]


def team_profiles(where: Deployment) -> TeamProfiles:
    """Return the stage's application inference profiles by team. Raises NoTargetError and
    botocore's errors."""
    of_teams = json.loads(where.outputs("ModelAccess").get("TeamProfileArns", "{}"))
    return {
        arn: TeamProfile(team, copied_id)
        for team, by_id in of_teams.items()
        for copied_id, arn in by_id.items()
    }
