"""What the commands on legal holds print: a selection, a hold, and what became of one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from claude_bedrock.cli.shared.terminal import escape_line
from claude_bedrock.cli.verify.chain_report import listed
from claude_bedrock.verification.legal_holds import LegalHold

if TYPE_CHECKING:
    from claude_bedrock.cli.evidence.hold_selection import Scope, Selection
    from claude_bedrock.cli.evidence.legal_hold import Outcome


def selection_text(scope: "Scope", selection: "Selection") -> str:
    """Return what a hold of that scope would be placed on."""
    whose = f"of {scope.caller} " if scope.caller else ""
    calls = f"{selection.calls:,} records {whose}from {_second(scope.since)}"
    bodies, evidence = (
        f"{selection.bodies:,} of large bodies",
        f"{selection.evidence:,} of evidence",
    )
    objects = f"{selection.objects:,} versions of objects of records"
    lines = [f"{calls} to {_second(scope.until)}: {objects}, {bodies}, {evidence}."]
    if selection.unreadable:
        lines.append(
            f"{selection.unreadable:,} objects cannot be read, and are among them: they may hold "
            "such a record."
        )
    if selection.elsewhere:
        lines.append(
            f"{selection.elsewhere:,} large bodies are in another bucket, whose owner holds them."
        )
    return "\n".join(map(escape_line, lines))


def hold_text(hold: LegalHold) -> str:
    """Return a hold as the list shows it."""
    whose = hold.caller or "every caller"
    what = f"{hold.id}: {hold.state}, {hold.versions:,} object versions"
    failed = f", {hold.failed:,} refused" if hold.failed else ""
    lines = [
        f"{what}{failed}",
        f"  calls of {whose}, {hold.since} to {hold.until}",
        f"  held at {hold.at} by {hold.by}: {hold.reason}",
    ]
    if hold.archive:
        archive, refused = hold.archive, f", {hold.archive.failed:,} not"
        what = f"{archive.versions:,} object versions{refused if archive.failed else ''}"
        lines.append(f"  in the archive {archive.bucket}: {what}, by {archive.by}")
    if hold.released_at:
        by = f"{hold.released_at} by {hold.released_by}"
        lines.append(f"  released at {by}: {hold.release_reason}")
    return "\n".join(map(escape_line, lines))


def outcome_lines(outcome: "Outcome", done: str) -> Iterator[str]:
    """Yield what became of a hold; `done` is `held` or `released`."""
    yield f"Hold {outcome.id}: {outcome.versions:,} object versions are {done}."
    if outcome.kept:
        yield f"{outcome.kept:,} stay held by other holds."
    if outcome.failed:
        names = [f"{version.key} ({code})" for version, code in outcome.failed]
        yield f"S3 refused {len(outcome.failed):,}: {listed(names)}."
    yield from _archive_lines(outcome, done)


def _archive_lines(outcome: "Outcome", done: str) -> Iterator[str]:
    """Yield what became of the replicas: of those that are not as they were to be, the reasons."""
    if before := outcome.skipped_archive:
        name = f"The archive {escape_line(before.bucket)} was not asked"
        held = f"{before.versions:,} were held there, {before.failed:,} were not"
        yield f"{name}; at the last attempt {held}."
    if archive := outcome.archive:
        yield f"In the archive {archive.bucket}, {archive.versions:,} of them are {done}."
        reasons = dict.fromkeys(because for _, because in archive.failed)
        for reason in reasons:
            keys = [version.key for version, because in archive.failed if because == reason]
            yield f"Not in the archive, {len(keys):,} ({escape_line(reason)}): {listed(keys)}."


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
