"""Requests about sealed findings: list them, and accept one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.verification.accepted_findings import (
    BadDispositionError,
    disposition,
    key_of,
    read_dispositions,
    sealed_findings,
)
from claude_bedrock.verification.evidence_bucket import (
    EVIDENCE_RETENTION_EXTRA_DAYS,
    HOURLY,
    BrokenEvidenceError,
    SealedFile,
    before,
    is_of_hours,
)
from claude_bedrock.verification.hours import start_of_hour
from verification.chain_position import position
from verification.scheduled_run import Work

MOST_LISTED: Final = 1000
"""An answer of Lambda's has 6 MB at the most."""


def list_findings(work: Work, days: object, now: datetime) -> Mapping[str, Any]:
    """Return those of the last days, newest first, each with its `state`: open, settled or
    accepted."""
    since = now - timedelta(days=_days(days, work.retention_days))
    files = _files(work, since, now)
    logged = work.hashes.sealed(since, now)
    # A file that someone made anew settles nothing.
    hashes = {key: sealed.sha256 for key, sealed in logged.items()}
    settled = {
        str(entry["id"])
        for file in files
        for entry in (file.entries if hashes.get(file.key) == file.sha256 else ())
        if entry["kind"] == "settled"
    }
    accepted = read_dispositions(work.evidence, logged)
    by_id = {str(finding["id"]): finding for finding in sealed_findings(files)}
    listed = [
        {
            **fields,
            "state": _state(finding_id, settled, accepted),
            **({"accepted": accepted[finding_id]._asdict()} if finding_id in accepted else {}),
        }
        for finding_id, fields in by_id.items()
    ]
    newest = sorted(listed, key=lambda fields: str(fields["at"]), reverse=True)
    return {"findings": newest[:MOST_LISTED], "more": max(0, len(newest) - MOST_LISTED)}


def accept_finding(work: Work, fields: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """Seal that a finding is accepted, and by whom; the next file of the chain is linked to it.

    Raises BadDispositionError where no sealed finding that is kept has that id."""
    acceptance = disposition(fields, now)
    since = now - timedelta(days=work.retention_days + EVIDENCE_RETENTION_EXTRA_DAYS)
    known = [
        finding
        for finding in sealed_findings(_files(work, since, now))
        if finding["id"] == acceptance.id
    ]
    if not known:
        raise BadDispositionError(
            f"no sealed finding has the id {acceptance.id}: `claude-bedrock findings list` has them"
        )
    key = key_of(now)
    previous = position(work.evidence, work.hashes, now, work.retention_days).sha256
    entry = {"kind": "disposition", **acceptance._asdict(), "finding": known[0]}
    sha256 = work.seal.write(key, [entry], previous, since=now, until=now)
    return {"accepted": entry, "evidence": {"key": key, "sha256": sha256}}


def _files(work: Work, since: datetime, now: datetime) -> Sequence[SealedFile]:
    """Return those that hold; what does not is an alarm, and names no finding."""
    keys = [
        key
        for key in work.evidence.listed(HOURLY, before(start_of_hour(since)))
        if is_of_hours(key, now)
    ]

    def read(key: str) -> SealedFile | None:
        try:
            return work.evidence.read(key)
        except BrokenEvidenceError:
            return None

    return [file for _, file in each_in_order(read, keys) if file]


def _state(finding_id: str, settled: set[str], accepted: Mapping[str, object]) -> str:
    if finding_id in settled:
        return "settled"
    return "accepted" if finding_id in accepted else "open"


def _days(days: object, most: int) -> int:
    if not isinstance(days, int) or not 1 <= days <= most + EVIDENCE_RETENTION_EXTRA_DAYS:
        raise BadDispositionError(f"days are 1 to {most + EVIDENCE_RETENTION_EXTRA_DAYS}")
    return days
