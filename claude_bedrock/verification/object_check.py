"""The check that the objects which sealed hours rest on are still what was read: by names, sizes
and ETags of today, for which no content is fetched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, Protocol

from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.verification.digest_list import read_list
from claude_bedrock.verification.evidence_bucket import (
    BrokenEvidenceError,
    EvidenceFiles,
    SealedFile,
)

Change = Literal["object_changed", "object_missing", "object_new", "evidence_changed"]
BREAKS: Final[frozenset[Change]] = frozenset(
    {"object_changed", "object_missing", "evidence_changed"}
)
"""An object that came later breaks nothing: AWS promises no time for a delivery."""


class RecordObjects(Protocol):
    """`claude_bedrock.records.invocation_records.Records` is one."""

    def begun(
        self, since: datetime, until: datetime
    ) -> Iterator[tuple[str, Mapping[str, Any]]]: ...
    def stat(self, path: str) -> ObjectStat | None: ...


class ObjectChange(NamedTuple):
    """`path` is `s3://BUCKET/KEY`, of evidence its key."""

    kind: Change
    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.path} {self.detail}"


class ObjectCheck(NamedTuple):
    """`objects`: how many were compared, of `files` of hours; `without` is how many files name no
    objects, since an older version or another reason has sealed them."""

    objects: int
    files: int
    without: int
    changes: tuple[ObjectChange, ...]

    @property
    def holds(self) -> bool:
        return not any(change.kind in BREAKS for change in self.changes)

    def as_data(self) -> dict[str, Any]:
        return {
            "objects": self.objects,
            "files": self.files,
            "files_without_objects": self.without,
            "changes": [change._asdict() for change in self.changes],
        }


def check_objects(
    evidence: EvidenceFiles, files: Iterable[SealedFile], records: RecordObjects
) -> ObjectCheck:
    """Return those of the files that hold, one file after the other. Raises botocore's errors."""
    objects = compared = without = 0
    changes: list[ObjectChange] = []
    for file in files:
        named = file.entries[0].get("objects")
        if not isinstance(named, Mapping):
            without += 1
            continue
        compared += 1
        try:
            content = evidence.content(named["key"])
            lines = list(read_list(content, named["sha256"], named["key"]))
        except BrokenEvidenceError as broken:
            changes.append(ObjectChange("evidence_changed", named["key"], str(broken)))
            continue
        objects += len(lines)
        changes += _changes(file, lines, records)
    return ObjectCheck(objects, compared, without, tuple(changes))


def _changes(
    file: SealedFile, lines: Sequence[Mapping[str, Any]], records: RecordObjects
) -> Iterator[ObjectChange]:
    # Objects of records have a SHA-256, since the run read them. Large bodies have none: S3 was
    # asked for their metadata alone.
    read = {str(line["path"]): line for line in lines if "sha256" in line}
    there = dict(records.begun(file.since, file.until))
    for path, line in read.items():
        item = there.get(path)
        known = None if item is None else (item["Size"], item["ETag"])
        yield from _compared(path, line, known)
    for path in there.keys() - read.keys():
        item = there[path]
        yield ObjectChange("object_new", path, f"came after the hour was sealed, {item['ETag']}")
    bodies = {str(line["path"]): line for line in lines if "sha256" not in line}
    for path, stat in each_in_order(records.stat, bodies):
        yield from _compared(path, bodies[path], (stat.size, stat.etag) if stat else None)


def _compared(
    path: str, line: Mapping[str, Any], known: tuple[int, str] | None
) -> Iterator[ObjectChange]:
    version = f" as version {line['version']}" if line.get("version") else ""
    was = f"was read with {line['size']:,} bytes and ETag {line['etag']}{version}"
    if known is None:
        yield ObjectChange("object_missing", path, f"{was}, and is gone")
    elif known != (line["size"], line["etag"]):
        yield ObjectChange("object_changed", path, f"{was}, and has {known[0]:,} and {known[1]}")
