"""The check that the records in CloudWatch Logs of sealed hours are those that were read: by id,
time, request id and the SHA-256 of each event's message."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from claude_bedrock.verification.digest_list import SealedList
from claude_bedrock.verification.evidence_bucket import (
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
)

_STATES: Final = ("changed", "missing", "new")
LineOfRecord = Mapping[str, Any]
"""As `claude_bedrock.verification.record_digests.record_line` makes it."""
ReadRecords = Callable[[SealedFile, SealedList], Iterable[LineOfRecord] | None]
"""Returns the lines of the records that are stored now, of the time of a file of hours; None where
they are not to be had."""


class RecordCheck(NamedTuple):
    """Of the records in CloudWatch Logs of `files` of hours: how many are as they were read, and
    which are not. `new` came after the hour was sealed, which breaks nothing: AWS promises no time
    for a delivery. `broken` are lists that do not hold. `not_compared` are files whose records
    were not to be had; `without` is how many files name no list, since an older version or another
    reason has sealed them."""

    files: int
    unchanged: int
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]
    broken: tuple[str, ...]
    not_compared: tuple[str, ...]
    without: int

    @property
    def holds(self) -> bool:
        return not (self.changed or self.missing or self.broken)

    @property
    def is_complete(self) -> bool:
        return not (self.not_compared or self.without)


def check_records(
    evidence: EvidenceFiles, files: Iterable[SealedFile], read: ReadRecords
) -> RecordCheck:
    """Return what the records of these files come to, one file after the other. Raises botocore's
    errors."""
    compared = unchanged = without = 0
    differences: dict[str, list[str]] = {state: [] for state in _STATES}
    broken: list[str] = []
    not_compared: list[str] = []
    for file in files:
        named = SealedList.of(file.entries[0].get("log_events"))
        if named is None:
            without += 1
            continue
        try:
            lines = {str(line["event_id"]): line for line in named.lines(evidence)}
        except BrokenEvidenceError as error:
            broken.append(str(error))
            continue
        stored = read(file, named)
        if stored is None:
            not_compared.append(file.key)
            continue
        compared += 1
        unchanged += len(lines)
        for state, line in _differences(lines, stored):
            unchanged -= state != "new"
            differences[state].append(_name(line))
    changed, missing, new = (tuple(differences[state]) for state in _STATES)
    return RecordCheck(
        compared, unchanged, changed, missing, new, tuple(broken), tuple(not_compared), without
    )


def _differences(
    lines: Mapping[str, LineOfRecord], stored: Iterable[LineOfRecord]
) -> Iterator[tuple[str, LineOfRecord]]:
    seen = set()
    for line in stored:
        event_id = str(line["event_id"])
        if event_id in seen:
            continue
        seen.add(event_id)
        sealed = lines.get(event_id)
        if sealed is None:
            yield "new", line
        elif sealed != line:
            yield "changed", sealed
    for event_id, line in lines.items():
        if event_id not in seen:
            yield "missing", line


def _name(line: LineOfRecord) -> str:
    return f"{line['request_id'] or 'no request id'}, event {line['event_id']}"
