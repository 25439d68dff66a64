"""`claude-bedrock evidence hold`, `holds` and `release`."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from claude_bedrock.cli.evidence.hold_text import hold_text, outcome_lines, selection_text
from claude_bedrock.cli.shared import deployment, stage_settings
from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.shared.errors import NOT_ASSESSED, Role
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
from claude_bedrock.cli.shared.terminal import console, echo, echo_items, echo_json, escape_line
from claude_bedrock.cli.shared.window import window
from claude_bedrock.verification.evidence_bucket import EVIDENCE_RETENTION_EXTRA_DAYS
from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.legal_holds import LegalHold, read_holds
from claude_bedrock.verification.period import BadWindowError, Period

if TYPE_CHECKING:
    from claude_bedrock.cli.evidence.hold_selection import Selection
    from claude_bedrock.cli.evidence.legal_hold import Holder, Outcome

ROLE: Final[Role] = "legal-hold"
_EVERY: Final = 1000
"""So many versions a step of the progress has."""
_ARCHIVE: Final = (
    "Whether the copies in the archive {} are held too cannot be seen from this account: S3 "
    "replicates a hold only where that bucket has Object Lock. Hold them with credentials of its "
    "account: `claude-bedrock evidence holds --resume {} --archive-profile PROFILE`."
)
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html#object-lock-managing-replication"""
_UNCOMPARED: Final = (
    "Not assessed: the function's log, which tells its orders from those that someone wrote into "
    "the bucket, cannot be read. Allow these credentials logs:FilterLogEvents on the log group "
    "`verification`, as the stage's auditor has it."
)
HoldSince = Annotated[
    str | None,
    typer.Option("--since", "--from", metavar="TIME", help="Start of the window, ISO 8601."),
]
HoldUntil = Annotated[
    str | None,
    typer.Option(
        "--until", "--to", metavar="TIME", help="End of the window, exclusive.", show_default="now"
    ),
]
HoldMonth = Annotated[
    str | None,
    typer.Option(metavar="YYYY-MM", help="A calendar month in UTC, instead of the window."),
]
Reason = Annotated[
    str, typer.Option(help="Why, in one line of at most 500 characters.", callback=not_empty)
]
ArchiveProfile = Annotated[
    str | None,
    typer.Option(
        metavar="PROFILE",
        help="An AWS profile of the archive's account, to do the same in the archive.",
        callback=not_empty,
    ),
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Do it. Without --yes, the command prints what it would do.")
]


def hold(
    *,
    caller: Annotated[
        str | None,
        typer.Option(
            help="The calls of one caller: the name as `usage --by caller` shows it, or an ARN.",
            callback=not_empty,
        ),
    ] = None,
    since: HoldSince = None,
    until: HoldUntil = None,
    month: HoldMonth = None,
    reason: Reason,
    archive_profile: ArchiveProfile = None,
    yes: Yes = False,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Put S3 legal holds on the records and large bodies of a caller or a window, and on the
    evidence that seals them. The order is sealed with your ARN.

    Exit codes: 0, 1 if S3 refused a version, 2 if the hold cannot be placed."""
    with one_line_errors(NOT_ASSESSED, ROLE):
        from claude_bedrock.cli.evidence.hold_selection import Scope, select  # noqa: PLC0415 - boto3
        from claude_bedrock.cli.shared.expiry import expiry_notes  # noqa: PLC0415 - boto3
        from claude_bedrock.cli.shared.record_sources import destinations_of  # noqa: PLC0415 - boto3

        target = deployment.chosen(stage, region, local_dir)
        period = _window(target, caller, since, until, month)
        scope = Scope(caller or "", period.since, period.until)
        with _holder(target, archive_profile) as holder:
            selection = select(
                target.client("s3"), destinations_of(target), holder.evidence.name, scope
            )
            if not as_json:
                echo(selection_text(scope, selection))
            named = since or month  # else all that is there is meant
            for note in expiry_notes(target, "records", period.since, period.now) if named else ():
                echo(escape_line(f"{note[:1].upper()}{note[1:]}, and cannot be held."), err=True)
            if not yes or not selection.versions:
                _end_dry_run(selection, as_json=as_json)
            outcome = holder.place(scope, selection, reason)
        archive = stage_settings.deployed(target).archive
    if archive and not archive_profile and not as_json:
        echo(escape_line(_ARCHIVE.format(archive, outcome.id)))
    _end(outcome, "held", as_json=as_json)


def release(
    hold_id: Annotated[
        str, typer.Argument(metavar="ID", help="The hold, as `evidence holds` shows it.")
    ],
    *,
    reason: Reason,
    archive_profile: ArchiveProfile = None,
    yes: Yes = False,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """Release a legal hold, except where another one holds too. The order is sealed with your ARN.

    Exit codes: 0, 1 if S3 refused a version, 2 if the hold cannot be released."""
    with one_line_errors(NOT_ASSESSED, ROLE):
        target = deployment.chosen(stage, region, local_dir)
        with _holder(target, archive_profile) as holder:
            holds = read_holds(holder.evidence, _logged(target, holder))
            chosen = _hold_of(hold_id, holds)
            if not yes:
                echo(hold_text(chosen))
                echo("Nothing is released yet. Run the command again with --yes.", err=True)
                sys.exit(0)
            others = [other for other in holds.values() if other.id != hold_id and _is_open(other)]
            outcome = holder.release(chosen, others, reason)
    _end(outcome, "released", as_json=as_json)


def holds(
    *,
    every: Annotated[bool, typer.Option("--all", help="List released ones too.")] = False,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Place an incomplete hold again.",
            callback=not_empty,
        ),
    ] = None,
    archive_profile: ArchiveProfile = None,
    stage: Stage = None,
    region: Region = None,
    as_json: AsJson = False,
    local_dir: LocalDir = LOCAL_DIR,
) -> None:
    """List legal holds: scope, time, ARN and reason of each, and whether S3 holds all of it; or
    resume one.

    Exit codes: 0, 1 if one is incomplete, 2 if they cannot be read."""
    with one_line_errors(NOT_ASSESSED, ROLE if resume else "auditor"):
        target = deployment.chosen(stage, region, local_dir)
        with _holder(target, archive_profile if resume else None) as holder:
            logged = _logged(target, holder)
            known = read_holds(holder.evidence, logged)
            if resume:
                _end(holder.resume(_hold_of(resume, known)), "held", as_json=as_json)
    shown = [hold for hold in known.values() if every or _is_open(hold)]
    if as_json:
        echo_items([hold.as_data() for hold in shown])
    for hold in () if as_json else shown:
        echo(hold_text(hold))
    if not shown and not as_json:
        echo("No legal hold is in force. `--all` lists those that were released.", err=True)
    if known and logged is None:
        fail(_UNCOMPARED, NOT_ASSESSED)
    sys.exit(1 if any(hold.state in {"incomplete", "releasing"} for hold in shown) else 0)


def _window(
    target: Deployment, caller: str | None, since: str | None, until: str | None, month: str | None
) -> Period:
    """Return the window; from the oldest version that the bucket may have, where only a caller is
    named. Raises BadWindowError where neither is."""
    now = datetime.now(UTC)
    days = stage_settings.deployed(target).retention_days + EVIDENCE_RETENTION_EXTRA_DAYS
    if since is None and month is None:
        if caller is None:
            raise BadWindowError("Name --caller, a window (--since or --month), or both.")
        since = (now - timedelta(days=2 * days)).isoformat()
    return window(since, None, until, month, now=now)


@contextmanager
def _holder(target: Deployment, archive_profile: str | None) -> Iterator["Holder"]:
    """Show on a terminal's standard error how far it is."""
    from claude_bedrock.cli.evidence.legal_hold import Holder  # noqa: PLC0415 - boto3

    out = console(err=True)
    if not out.is_terminal:
        yield Holder(target, lambda _: None, archive_profile)
        return
    with out.status(escape_line(f"Reading {target.stage} in {target.region}")) as status:

        def progress(number: int) -> None:
            if not number % _EVERY:
                status.update(f"{number:,} object versions are done")

        yield Holder(target, progress, archive_profile)


def _logged(target: Deployment, holder: "Holder") -> Mapping[str, SealedHash] | None:
    from claude_bedrock.cli.verify.deployed_chain import logged_files  # noqa: PLC0415 - boto3

    return logged_files(target, holder.evidence.name, datetime.now(UTC))


def _is_open(hold: LegalHold) -> bool:
    return hold.state != "released"


def _hold_of(hold_id: str, holds: Mapping[str, LegalHold]) -> LegalHold:
    from claude_bedrock.cli.evidence.version_hold import HoldError  # noqa: PLC0415 - botocore

    if hold_id not in holds:
        raise HoldError(
            f"No hold has the id {hold_id}. `claude-bedrock evidence holds --all` lists them."
        )
    return holds[hold_id]


def _end_dry_run(selection: "Selection", *, as_json: bool) -> None:
    """End the program with what would be held."""
    if as_json:
        counts = {**selection._asdict(), "versions": len(selection.versions)}
        echo_json({"id": None, "selected": counts})
    elif selection.versions:
        echo("Nothing is held yet. Run the command again with --yes.", err=True)
    else:
        echo("There is nothing to hold.", err=True)
    sys.exit(0)


def _end(outcome: "Outcome", done: str, *, as_json: bool) -> None:
    """Print what became of a hold, and end the program."""
    code = 0 if outcome.is_complete else 1
    if as_json:
        echo_json(outcome.as_data())
        sys.exit(code)
    for line in outcome_lines(outcome, done):
        echo(line)
    if code:
        again = "evidence holds --resume" if done == "held" else "evidence release"
        profile = " --archive-profile PROFILE" if outcome.archive or outcome.skipped_archive else ""
        echo(f"Run `claude-bedrock {again} {outcome.id}{profile}` to try again.", err=True)
    sys.exit(code)
