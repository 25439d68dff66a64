"""Findings that an operator has accepted: each with a reason, sealed, and linked into the chain."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from claude_bedrock.verification.evidence_bucket import (
    DISPOSITIONS,
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
)
from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.hours import iso

LONGEST_REASON: Final = 500
_ID: Final = re.compile(r"[0-9a-f]{12}")
_LONGEST_NAME: Final = 2048


class BadDispositionError(Exception):
    """What was asked for is no disposition; the text says why."""


class Disposition(NamedTuple):
    """The finding `id` was accepted at `at` (ISO 8601), for `reason`. `by` is the ARN that the
    command names: the function cannot see who invokes it, CloudTrail can."""

    id: str
    reason: str
    by: str
    at: str


def disposition(fields: Mapping[str, Any], now: datetime) -> Disposition:
    """Return the disposition in these fields. Raises BadDispositionError."""
    finding_id, reason, by = (str(fields.get(name, "")).strip() for name in ("id", "reason", "by"))
    if not _ID.fullmatch(finding_id):
        raise BadDispositionError(
            "The id of a finding has 12 hexadecimal digits. `claude-bedrock findings list` shows "
            "the ids."
        )
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise BadDispositionError(
            f"Give a reason of 1 to {LONGEST_REASON} printable characters, in one line."
        )
    if not by or len(by) > _LONGEST_NAME or not by.isprintable():
        raise BadDispositionError("Name who accepts it, by an ARN.")
    return Disposition(finding_id, reason, by, iso(now))


def key_of(at: datetime) -> str:
    """Return the name of the file of a disposition that was given then."""
    return f"{DISPOSITIONS}{at.astimezone(UTC):%Y/%m/%dT%H%M%S%f}Z.jsonl"


def read_dispositions(
    bucket: EvidenceFiles, logged: Mapping[str, SealedHash] | None
) -> dict[str, Disposition]:
    """Return those that hold, by the finding's id; of one that was accepted twice the last. Only
    what the function has `logged` counts, where that could be read. Raises botocore's errors."""
    dispositions = {}
    for key in bucket.listed(DISPOSITIONS):
        try:
            sha256, (entry, *_) = bucket.entries(key)
            sealed = Disposition(*(str(entry[name]) for name in Disposition._fields))
        except (BrokenEvidenceError, KeyError, ValueError):
            continue  # what does not hold accepts nothing
        if logged is None or (key in logged and logged[key].sha256 == sha256):
            dispositions[sealed.id] = sealed
    return dispositions


def sealed_findings(files: Iterable[SealedFile]) -> Iterator[Mapping[str, Any]]:
    """Yield each finding of these files, as data, also those of second looks."""
    for file in files:
        for entry in file.entries:
            if entry.get("kind") in {"finding", "late_finding"}:
                yield entry["finding"]
