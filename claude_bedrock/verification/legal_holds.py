"""Legal holds: which object versions may not be deleted, why, and by whose order.

A hold is a list of object versions, and entries: `hold` before S3 is asked to hold them, `held`
with the result; `release` and `released` likewise. Each entry is a file of its own, sealed as
accepted findings are: signed, logged, and named by the next file of hours.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-legal-holds
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, get_args

from claude_bedrock.verification.accepted_findings import LONGEST_REASON
from claude_bedrock.verification.digest_list import SealedList
from claude_bedrock.verification.evidence_bucket import (
    HOLDS,
    PREFIX,
    BrokenEvidenceError,
    EvidenceFiles,
)
from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.hours import iso

HOLD_LISTS: Final = f"{PREFIX}hold-lists/"
Action = Literal["hold", "held", "release", "released"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
State = Literal["held", "incomplete", "releasing", "released"]
_LOGGED_WITHIN: Final = timedelta(minutes=10)
_ID: Final = re.compile(r"[0-9a-f]{12}")
_TEXT_MAX: Final = 2048
_FIELDS: Final[Mapping[Action, tuple[str, ...]]] = {
    "hold": ("caller", "since", "until", "reason", "by"),
    "held": ("by",),
    "release": ("reason", "by"),
    "released": ("by",),
}
_OPTIONAL: Final = frozenset({"caller"})
_RESULTS: Final = frozenset({"held", "released"})
"""The actions of an entry that may have what came of the archive."""
_COUNTS: Final[Mapping[Action, tuple[str, ...]]] = {
    "hold": ("versions",),
    "held": ("versions", "failed"),
    "release": ("versions",),
    "released": ("versions", "failed"),
}


class BadHoldError(Exception):
    """What was asked for is no entry of a hold; the text says why."""


class ArchiveHold(NamedTuple):
    """What the archive `bucket` holds: how many versions, how many not that it should, and by the
    ARN that asked S3 there."""

    bucket: str
    by: str
    versions: int
    failed: int


class LegalHold(NamedTuple):
    """The hold `id`, of the calls of `caller` (empty: of all) from `since` up to `until` (ISO
    8601), as its entries have it. `by` is the ARN that the command names: the function cannot see
    who invokes it, CloudTrail can. `failed` is how many versions the last attempt did not get
    held, None before its end. `archive` is None where the archive was not asked."""

    id: str
    state: State
    caller: str
    since: str
    until: str
    reason: str
    by: str
    at: str
    versions: int
    failed: int | None
    listing: SealedList
    released_by: str = ""
    released_at: str = ""
    release_reason: str = ""
    archive: ArchiveHold | None = None

    def as_data(self) -> dict[str, Any]:
        archive = self.archive._asdict() if self.archive else None
        return {**self._asdict(), "listing": self.listing._asdict(), "archive": archive}


def hold_entry(fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the entry that these fields describe. Raises BadHoldError."""
    hold_id = str(fields.get("id", ""))
    action = next((name for name in ACTIONS if name == fields.get("action")), None)
    if action is None:
        raise BadHoldError(f"an action is one of {', '.join(ACTIONS)}")
    if not _ID.fullmatch(hold_id):
        raise BadHoldError("an id of a hold has 12 hexadecimal digits")
    entry: dict[str, Any] = {"kind": "hold", "action": action, "id": hold_id, "at": iso(now)}
    for name in _FIELDS[action]:
        entry[name] = _text(name, fields.get(name, ""))
    for name in _COUNTS[action]:
        entry[name] = _number(name, fields.get(name))
    if action == "hold":
        entry["list"] = {"key": key_of_list(hold_id), "sha256": str(fields.get("sha256", ""))}
    elif action in _RESULTS and fields.get("archive"):
        entry["archive"] = _archive(fields["archive"])
    return entry


def _archive(fields: object) -> dict[str, Any]:
    if not isinstance(fields, Mapping):
        raise BadHoldError("archive is an object of bucket, by, versions and failed")
    return {
        **{name: _text(name, fields.get(name, "")) for name in ("bucket", "by")},
        **{name: _number(name, fields.get(name)) for name in ("versions", "failed")},
    }


def _number(name: str, number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise BadHoldError(f"{name} is a number of object versions")
    return number


def _text(name: str, value: object) -> str:
    text = str(value).strip()
    most = LONGEST_REASON if name == "reason" else _TEXT_MAX
    if (not text and name not in _OPTIONAL) or len(text) > most or not (text + " ").isprintable():
        raise BadHoldError(f"{name} has 1 to {most} printable characters, in one line")
    return text


def key_of_entry(at: datetime) -> str:
    """Return the name of the file of an entry that was made then."""
    return f"{HOLDS}{at.astimezone(UTC):%Y/%m/%dT%H%M%S%f}Z.jsonl"


def key_of_list(hold_id: str) -> str:
    """Return the name of the list of a hold's object versions: gzip of JSON Lines, each with `key`
    and `version`."""
    return f"{HOLD_LISTS}{hold_id}.jsonl.gz"


def read_holds(
    evidence: EvidenceFiles, logged: Mapping[str, SealedHash] | None
) -> dict[str, LegalHold]:
    """Return the holds by id, oldest first. What does not hold, or differs from what the function
    has `logged`, is no entry, nor is what the log lacks of a time of which it has hashes. Raises
    botocore's errors."""
    entries: dict[str, list[Mapping[str, Any]]] = {}
    for _, entry in hold_entries(evidence, logged):
        entries.setdefault(str(entry["id"]), []).append(entry)
    holds = (_hold(of_hold) for of_hold in entries.values())
    return {hold.id: hold for hold in holds if hold is not None}


def hold_entries(
    evidence: EvidenceFiles, logged: Mapping[str, SealedHash] | None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the key and the entry of each file of holds that holds, oldest first."""
    logged_since = min(
        (sealed.since for sealed in (logged or {}).values() if sealed.since), default=""
    )
    latest = iso(datetime.now(UTC) - _LOGGED_WITHIN)
    for key in evidence.listed(HOLDS):
        try:
            sha256, (entry, *_) = evidence.entries(key)
        except (BrokenEvidenceError, ValueError):
            continue
        known = None if logged is None else logged.get(key)
        differs = known is not None and known.sha256 != sha256
        if known is None and logged_since and logged_since <= str(entry.get("at")) < latest:
            continue  # the log would have it
        if not differs and entry.get("kind") == "hold" and "id" in entry:
            yield key, entry


def _hold(entries: Iterable[Mapping[str, Any]]) -> LegalHold | None:
    """Return what the entries of a hold, oldest first, come to; None without its first."""
    hold: LegalHold | None = None
    for entry in entries:
        action = entry.get("action")
        if action == "hold":
            hold = _begun(entry)
        elif hold is not None and action == "held":
            hold = _held(hold, entry)
        elif hold is not None and action == "release":
            hold = hold._replace(
                state="releasing",
                released_by=str(entry["by"]),
                released_at=str(entry["at"]),
                release_reason=str(entry["reason"]),
            )
        elif hold is not None and action == "released":
            hold = _released(hold, entry)
    return hold


def _held(hold: LegalHold, entry: Mapping[str, Any]) -> LegalHold:
    """What an earlier attempt held in the archive, a later one that does not ask it leaves."""
    archive = _in_archive(entry) or hold.archive
    failed = int(entry["failed"])
    is_complete = not failed and not (archive and archive.failed)
    state: State = "held" if is_complete else "incomplete"
    return hold._replace(state=state, failed=failed, archive=archive)


def _released(hold: LegalHold, entry: Mapping[str, Any]) -> LegalHold:
    """A hold ends with its last version, those of the archive among them."""
    archive = _in_archive(entry)
    failed = int(entry["failed"])
    remains = archive.failed if archive else hold.archive is not None
    state: State = "releasing" if failed or remains else "released"
    return hold._replace(state=state, failed=failed, archive=hold.archive if remains else None)


def _in_archive(entry: Mapping[str, Any]) -> ArchiveHold | None:
    if "archive" not in entry:
        return None
    fields = entry["archive"]
    counts = (int(fields["versions"]), int(fields["failed"]))
    return ArchiveHold(str(fields["bucket"]), str(fields["by"]), *counts)


def _begun(entry: Mapping[str, Any]) -> LegalHold:
    return LegalHold(
        id=str(entry["id"]),
        state="incomplete",
        caller=str(entry["caller"]),
        since=str(entry["since"]),
        until=str(entry["until"]),
        reason=str(entry["reason"]),
        by=str(entry["by"]),
        at=str(entry["at"]),
        versions=int(entry["versions"]),
        failed=None,
        listing=SealedList.of(entry["list"]) or SealedList("", ""),
    )
