"""The objects that an hour's verdict rests on: a line for each, in a file of its own that the hour
names with its SHA-256. So a later reader knows whether what lies in the bucket is what was read.

The file is gzip of JSON Lines in the order in which the objects were read: `path`, `size`, `etag`,
`version`, and `sha256` of objects of records, which were read, or `checksum` of large bodies, which
S3 was asked for. Its last line has how many there are of each.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

from claude_bedrock.records.object_digest import ObjectDigest
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.evidence_bucket import PREFIX, BrokenEvidenceError

OBJECTS: Final = f"{PREFIX}objects/"
_END: Final = "end"


class ObjectDigests(Fingerprint):
    """Takes those of the objects that were begun from `since` up to `until`, and of the bodies of
    records of that time. Holds them as they are kept: some 100 bytes an object."""

    def __init__(self, since: datetime, until: datetime) -> None:
        super().__init__()
        self._since, self._until = since.timestamp(), until.timestamp()
        self._content = BytesIO()
        self._packed = gzip.GzipFile(fileobj=self._content, mode="wb", mtime=0)
        self._records = self._bodies = 0

    def take_object(self, digest: ObjectDigest) -> None:
        if self._since <= digest.begun_at < self._until:
            fields = digest._asdict()
            del fields["begun_at"]
            self._records += 1
            self._write(fields)

    def take_body(self, path: str, at: datetime, stat: ObjectStat | None) -> None:
        """`at` is the time of the record that names it. One that is not there is a finding."""
        if stat is not None and self._since <= at.timestamp() < self._until:
            self._bodies += 1
            self._write({"path": path, **stat._asdict()})

    def finish(self) -> tuple[bytes, dict[str, Any]]:
        """Return the file, and what the hour says of it beside its name."""
        counts = {"records": self._records, "bodies": self._bodies}
        self._write({"kind": _END, **counts})
        self._packed.close()
        content = self._content.getvalue()
        return content, {"sha256": hashlib.sha256(content).hexdigest(), **counts}

    def _write(self, fields: Mapping[str, Any]) -> None:
        line = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        self._packed.write(line.encode() + b"\n")


def key_of_objects(since: datetime, attempt: int) -> str:
    """Return the name of the file of the objects of a time, as the `attempt`th run has read them:
    one that was killed before it sealed anything is in nobody's way."""
    return f"{OBJECTS}{since.astimezone(UTC):%Y/%m/%d/%H%M%S}Z-{attempt:04}.jsonl.gz"


def read_objects(content: bytes, sha256: str, key: str) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a file but the last. Raises BrokenEvidenceError where it is another."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BrokenEvidenceError(f"{key} is not what was sealed")
    try:
        with gzip.open(BytesIO(content)) as lines:
            for line in lines:
                fields = json.loads(line)
                if fields.get("kind") != _END:
                    yield fields
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise BrokenEvidenceError(f"{key} cannot be read") from error
