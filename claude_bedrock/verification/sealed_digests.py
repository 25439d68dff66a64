"""The check that what an hour was verified by is stored as it was read: the hour's lists of digests
beside what a later run reads anyway. Nothing is fetched for it but the lists."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from claude_bedrock.records.object_digest import ObjectDigest
from claude_bedrock.records.object_name import begun_at
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.digest_list import SealedList
from claude_bedrock.verification.evidence_bucket import (
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
)
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.hours import iso
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.record_digests import milliseconds, record_line

MOST_NAMED: Final = 100
"""So many records or objects of an hour are findings of their own; one more says how many are
left."""
_DIGEST_BYTES: Final = 16
_Line = Mapping[str, Any]


class StoredDigests(Fingerprint):
    """Takes what a run reads, as a digest of 16 bytes: some 90 bytes of memory for each."""

    def __init__(self, since: datetime, until: datetime) -> None:
        """Of records in CloudWatch Logs those from `since` up to `until` are taken."""
        super().__init__()
        self._since, self._until = milliseconds(since), milliseconds(until)
        self._taken: set[bytes] = set()

    def take_object(self, digest: ObjectDigest) -> None:
        self._add(digest.path)
        self._add(digest.path, digest.sha256)

    def take_body(self, path: str, at: datetime, stat: ObjectStat | None) -> None:  # noqa: ARG002
        # One that is gone is a finding of the run, by the record that names it.
        if stat is not None:
            self._add(path)
            self._add(path, stat.size, stat.etag)

    def take_record(self, event: Mapping[str, Any], request_id: str) -> None:
        if self._since <= event["timestamp"] < self._until:
            self._add(*_content(record_line(event, request_id)))

    def has(self, *parts: object) -> bool:
        return _digest(parts) in self._taken

    def _add(self, *parts: object) -> None:
        self._taken.add(_digest(parts))


class StoredNow:
    """What a second run reads of a window."""

    def __init__(self, window: Period) -> None:
        self.window = window
        self.objects = StoredDigests(window.since, window.until)
        self.records = StoredDigests(window.since, window.until)
        self.trail = Fingerprint()


def changes_since(
    evidence: EvidenceFiles, files: Iterable[SealedFile], stored: StoredNow
) -> Iterator[Finding]:
    """Yield a finding for each of the first records and objects of the window that the lists of
    these files have and that is missing or changed, and for each list that is. What came later
    changes nothing. Raises botocore's errors."""
    for file in files:
        for name, change in (("log_events", _record_change), ("objects", _object_change)):
            named = SealedList.of(file.entries[0].get(name))
            if named is not None:  # an older version, or another reason, has sealed none
                begin = max(file.since, stored.window.since)
                lines = _lines(evidence, named, begin)
                changes = (
                    line if isinstance(line, Finding) else change(line, file, stored)
                    for line in lines
                )
                yield from _first(filter(None, changes), named, begin)


def _lines(
    evidence: EvidenceFiles, named: SealedList, begin: datetime
) -> Iterator[_Line | Finding]:
    """Yield the lines of a list; where it is gone or changed, the finding that says so."""
    try:
        yield from named.lines(evidence)
    except BrokenEvidenceError as broken:
        yield _finding("", begin, str(broken), named.key)


def _record_change(line: _Line, _: SealedFile, stored: StoredNow) -> Finding | None:
    at = datetime.fromtimestamp(line["at"] / 1000, UTC)
    if not _is_in(stored.window, at) or stored.records.has(*_content(line)):
        return None
    detail = "the record in CloudWatch Logs that the hour was verified by is gone or changed"
    return _finding(line["request_id"], at, detail, f"event {line['event_id']}")


def _content(line: _Line) -> tuple[object, ...]:
    """Return what a record is known by: not its event's id, of which AWS promises nothing beyond
    one answer of FilterLogEvents."""
    return line["at"], line["request_id"], line["sha256"]


def _object_change(line: _Line, file: SealedFile, stored: StoredNow) -> Finding | None:
    path = str(line["path"])
    begun = begun_at(path)
    at = file.since if begun is None else datetime.fromtimestamp(begun, UTC)
    version = f" as version {line['version']}" if line.get("version") else ""
    was = (
        f"the hour was verified by it with {line['size']:,} bytes and ETag {line['etag']}{version}"
    )
    # A large body has no SHA-256: the run asks S3 for its metadata alone, and only where a record
    # names it.
    content = (line["sha256"],) if "sha256" in line else (line["size"], line["etag"])
    if stored.objects.has(path):
        is_same = stored.objects.has(path, *content)
        return None if is_same else _finding("", at, f"{was}, and it is changed", path)
    if "sha256" not in line or not _is_in(stored.window, at):
        return None
    return _finding("", at, f"{was}, and it is gone", path)


def _is_in(window: Period, at: datetime) -> bool:
    return window.since <= at < window.until


def _finding(request_id: str, at: datetime, detail: str, source: str) -> Finding:
    return Finding("evidence_changed", request_id, iso(at), "", "", detail, source)


def _first(changes: Iterator[Finding], named: SealedList, begin: datetime) -> Iterator[Finding]:
    yield from islice(changes, MOST_NAMED)
    if more := sum(1 for _ in changes):
        yield _finding("", begin, f"{more:,} more of this list are gone or changed", named.key)


def _digest(parts: tuple[object, ...]) -> bytes:
    text = "\n".join(map(str, parts))
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()
