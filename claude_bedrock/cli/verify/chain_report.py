"""The result of the chain of sealed hours, in sentences, as data and as an exit code."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from claude_bedrock.cli.shared.terminal import escape_line
from claude_bedrock.cli.verify.deployed_chain import ChainReport
from claude_bedrock.verification.evidence_bucket import SealedFile
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.object_check import BREAKS, ObjectCheck
from claude_bedrock.verification.recheck import AFTER, UNREAD
from claude_bedrock.verification.record_check import RecordCheck

HOLDS, BROKEN, NOT_ASSESSED = 0, 1, 2
_NAMED: Final = 20


def is_complete(chain_report: ChainReport) -> bool:
    """Return whether every hour that is due is verified and its file is what both places have: a
    hash that the function's log lacks was compared with nothing."""
    coverage = chain_report.coverage
    verified = coverage.hours_verified == coverage.hours > 0
    compared = chain_report.objects is None or not chain_report.objects.without
    compared = compared and (chain_report.records is None or chain_report.records.is_complete)
    return (
        verified
        and coverage.holds
        and compared
        and not coverage.uncompared
        and not chain_report.unasked
        and not chain_report.expired
    )


def chain_exit_code(chain_report: ChainReport) -> int:
    """Return 1 where something is missing or changed, 2 where some hours are not assessed, else
    0."""
    parts = (chain_report.coverage, chain_report.objects, chain_report.records)
    if not all(part.holds for part in parts if part is not None):
        return BROKEN
    return HOLDS if is_complete(chain_report) else NOT_ASSESSED


def chain_sentences(chain_report: ChainReport) -> Iterator[str]:
    """Yield full sentences, each with its full stop."""
    coverage = chain_report.coverage
    if coverage.hours:
        yield f"{coverage.hours_verified:,} of {coverage.hours:,} hours hold, {coverage.due}."
    else:
        yield (
            "No whole hour of the window since the first deployment is due yet: an hour is sealed "
            f"within 2 hours and 15 minutes. Files of hours: {len(coverage.files):,}."
        )
    if coverage.missing:
        yield f"Missing: {listed([str(hour) for hour in coverage.missing])}."
    if coverage.broken:
        yield f"Broken: {listed([why for _, why in coverage.broken])}."
    if coverage.mismatches:
        yield f"Not what the function sealed: {listed([str(e) for e in coverage.mismatches])}."
    if coverage.not_verified:
        spans = [f"{span} ({why})" for span, why in coverage.not_verified]
        yield f"Not verified: {listed(spans)}."
    yield from _second_checks(coverage.files)
    if chain_report.expired:
        yield f"{chain_report.expired:,} hours of the window are older than evidence is kept."
    if chain_report.unasked:
        yield f"The files were not compared with the function's log: {chain_report.unasked}."
    if coverage.unlogged:
        number = len(coverage.unlogged)
        yield f"Of {number:,} files the function's log has no hash: they are compared with nothing."
    if chain_report.objects:
        yield from _object_sentences(chain_report.objects)
    if chain_report.records:
        yield from record_sentences(chain_report.records)
    if coverage.sha256:
        yield f"The last hash is {coverage.sha256}."


def _second_checks(files: Sequence[SealedFile]) -> Iterator[str]:
    """Yield what the second checks in these files, a day after an hour, found changed, and which of
    them could not be made."""
    entries = [entry for file in files for entry in file.entries]
    changed = [
        entry["finding"]["request_id"] or entry["finding"]["source"]
        for entry in entries
        if entry.get("kind") == "late_finding" and entry["finding"]["kind"] == "evidence_changed"
    ]
    if changed:
        yield f"Gone or changed at the second check of their hour: {listed(changed)}."
    failed = [
        f"{entry['since']} ({entry['because']})"
        for entry in entries
        if entry.get("kind") == "second_look" and entry.get("because")
    ]
    # A run that verified nothing has not looked at the time a day before either.
    failed += [
        f"{iso(file.since - AFTER)} (a day later, {file.because})" for file in files if file.because
    ]
    if failed:
        yield f"The second check of these hours could not be made: {listed(failed)}."
    if partial := [str(entry["since"]) for entry in entries if entry.get(UNREAD)]:
        yield (
            "The second check of these hours could not read all that may have come late: "
            f"{listed(partial)}."
        )


def _object_sentences(result: ObjectCheck) -> Iterator[str]:
    breaks = [str(change) for change in result.changes if change.kind in BREAKS]
    new = [str(change) for change in result.changes if change.kind not in BREAKS]
    yield (
        f"{result.objects:,} objects of {result.files:,} files of hours were compared by size and "
        f"ETag: {len(breaks):,} are gone or changed, {len(new):,} are new."
    )
    if breaks:
        yield f"Not what was read: {listed(breaks)}."
    if new:
        yield f"New: {listed(new)}."
    if result.without:
        yield f"{result.without:,} files of hours name no objects: an older version sealed them."


def record_sentences(result: RecordCheck) -> Iterator[str]:
    """Yield what the records in CloudWatch Logs came to."""
    yield (
        f"Of the records in CloudWatch Logs of {result.files:,} files of hours, "
        f"{result.unchanged:,} are what was read, {len(result.changed):,} are changed, "
        f"{len(result.missing):,} are missing, {len(result.new):,} are new."
    )
    for name in ("changed", "missing", "new"):
        if records := getattr(result, name):
            yield f"Records, {name}: {listed(records)}."
    if result.broken:
        yield f"Lists of records that do not hold: {listed(result.broken)}."
    if result.not_compared:
        yield f"The records of these hours are not in the folder: {listed(result.not_compared)}."
    if result.without:
        yield f"{result.without:,} files of hours name no records: an older version sealed them."


def chain_text(chain_report: ChainReport) -> str:
    """Return a sentence in a line."""
    return "\n".join(chain_sentences(chain_report))


def chain_data(chain_report: ChainReport) -> dict[str, Any]:
    return {
        **chain_report.coverage.as_data(),
        "expired_hours": chain_report.expired,
        "second_place": chain_report.unasked or "compared",
        "objects": chain_report.objects.as_data() if chain_report.objects else None,
        "records": chain_report.records._asdict() if chain_report.records else None,
    }


def listed(names: Sequence[str]) -> str:
    """Return the first of the names and how many more there are, fit for a terminal."""
    more = f"; and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{'; '.join(map(escape_line, names[:_NAMED]))}{more}"
