"""What the chain of sealed hours comes to, in sentences, as data and as an exit code."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from claude_bedrock.cli.shared.terminal import escape_line
from claude_bedrock.cli.verify.verification import ChainReport
from claude_bedrock.verification.object_check import BREAKS, ObjectCheck

HOLDS, BROKEN, NOT_ASSESSED = 0, 1, 2
_NAMED: Final = 20


def is_whole(found: ChainReport) -> bool:
    """Return whether every hour that is due is verified and its file is what both places have."""
    coverage = found.coverage
    verified = coverage.hours_verified == coverage.hours > 0
    compared = found.objects is None or not found.objects.without
    return verified and coverage.holds and compared and not found.unasked and not found.expired


def chain_exit_code(found: ChainReport) -> int:
    """1 where something is missing or changed, 2 where some hours are not assessed, else 0."""
    if not found.coverage.holds or (found.objects and not found.objects.holds):
        return BROKEN
    return HOLDS if is_whole(found) else NOT_ASSESSED


def chain_sentences(found: ChainReport) -> Iterator[str]:
    """Each is whole, and ends with a full stop."""
    coverage = found.coverage
    if coverage.hours:
        yield f"{coverage.hours_verified:,} of {coverage.hours:,} hours hold, {coverage.due}."
    else:
        yield (
            "No whole hour of the window since the first deployment is due yet: an hour is sealed "
            f"within 2 hours and 15 minutes. {len(coverage.files):,} files are there."
        )
    if coverage.missing:
        yield f"Missing: {_listed([str(each) for each in coverage.missing])}."
    if coverage.broken:
        yield f"Broken: {_listed([why for _, why in coverage.broken])}."
    if coverage.mismatches:
        yield f"Not what the function sealed: {_listed([str(e) for e in coverage.mismatches])}."
    if coverage.not_verified:
        spans = [f"{span} ({why})" for span, why in coverage.not_verified]
        yield f"Not verified: {_listed(spans)}."
    if found.expired:
        yield f"{found.expired:,} hours of the window are older than evidence is kept."
    if found.unasked:
        yield f"The files were not compared with the function's log: {found.unasked}."
    if coverage.unlogged:
        number = len(coverage.unlogged)
        yield f"Of {number:,} files the function's log has no hash: they are compared with nothing."
    if found.objects:
        yield from _object_sentences(found.objects)
    if coverage.sha256:
        yield f"The last hash is {coverage.sha256}."


def _object_sentences(found: ObjectCheck) -> Iterator[str]:
    breaks = [str(change) for change in found.changes if change.kind in BREAKS]
    new = [str(change) for change in found.changes if change.kind not in BREAKS]
    yield (
        f"{found.objects:,} objects of {found.files:,} files of hours were compared by size and "
        f"ETag: {len(breaks):,} are gone or changed, {len(new):,} are new."
    )
    if breaks:
        yield f"Not what was read: {_listed(breaks)}."
    if new:
        yield f"New: {_listed(new)}."
    if found.without:
        yield f"{found.without:,} files of hours name no objects: an older version has sealed them."


def chain_text(found: ChainReport) -> str:
    """Return a sentence in a line."""
    return "\n".join(chain_sentences(found))


def chain_data(found: ChainReport) -> dict[str, Any]:
    return {
        **found.coverage.as_data(),
        "expired_hours": found.expired,
        "second_place": found.unasked or "compared",
        "objects": found.objects.as_data() if found.objects else None,
    }


def _listed(names: Sequence[str]) -> str:
    more = f"; and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{'; '.join(map(escape_line, names[:_NAMED]))}{more}"
