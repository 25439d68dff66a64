"""Requests about legal holds: seal an entry, behind the chain as it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from claude_bedrock.verification.digest_list import SealedList
from claude_bedrock.verification.evidence_bucket import BrokenEvidenceError
from claude_bedrock.verification.legal_holds import (
    BadHoldError,
    hold_entry,
    key_of_entry,
)
from verification.chain_position import position
from verification.scheduled_run import Work


def record_hold(work: Work, fields: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """Seal an entry of a hold; the next file of the chain is linked to it. The function itself
    holds and releases nothing: its role may not.

    Raises BadHoldError, AlreadyVerifiedError and botocore's errors."""
    entry = hold_entry(fields, now)
    if entry["action"] == "hold":
        _require_list(work, SealedList(**entry["list"]), entry["versions"])
    key = key_of_entry(now)
    previous = position(work.evidence, work.hashes, now, work.retention_days).sha256
    sha256 = work.seal.write(key, [entry], previous, since=now, until=now)
    return {"hold": entry, "evidence": {"key": key, "sha256": sha256}}


def _require_list(work: Work, named: SealedList, versions: int) -> None:
    """Raises BadHoldError where the list is not what the entry says of it."""
    try:
        lines = sum(1 for _ in named.lines(work.evidence))
    except BrokenEvidenceError as error:
        raise BadHoldError(str(error)) from error
    if lines != versions:
        raise BadHoldError(f"{named.key} has {lines:,} object versions, not {versions:,}")
