"""The objects that an hour's verdict rests on, as a list of digests.

A line has `path`, `size`, `etag`, `version`, and `sha256` of objects of records, which were read,
or `checksum` of large bodies, which S3 was asked for. Lines are in the order in which the objects
were read.
"""

from datetime import UTC, datetime
from typing import IO, Any, Final

from claude_bedrock.records.object_digest import ObjectDigest
from claude_bedrock.records.object_stat import ObjectStat
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.verification.digest_list import DigestList
from claude_bedrock.verification.evidence_bucket import PREFIX

OBJECTS: Final = f"{PREFIX}objects/"


class ObjectDigests(Fingerprint):
    """Takes those of the objects that were begun from `since` up to `until`, and of the bodies of
    records of that time."""

    def __init__(self, since: datetime, until: datetime) -> None:
        super().__init__()
        self._since, self._until = since.timestamp(), until.timestamp()
        self._list = DigestList()
        self._records = self._bodies = 0

    def take_object(self, digest: ObjectDigest) -> None:
        if self._since <= digest.begun_at < self._until:
            fields = digest._asdict()
            del fields["begun_at"]
            self._records += 1
            self._list.add(fields)

    def take_body(self, path: str, at: datetime, stat: ObjectStat | None) -> None:
        """`at` is the time of the record that names it. One that is not there is a finding."""
        if stat is not None and self._since <= at.timestamp() < self._until:
            self._bodies += 1
            self._list.add({"path": path, **stat._asdict()})

    def finish(self) -> tuple[IO[bytes], dict[str, Any]]:
        """Return the file, and what the hour says of it beside its name."""
        return self._list.finish({"records": self._records, "bodies": self._bodies})

    def close(self) -> None:
        self._list.close()


def key_of_objects(since: datetime, attempt: int) -> str:
    """Return the name of the file of the objects of a time, as the `attempt`th run has read them:
    one that was killed before it sealed anything is in nobody's way."""
    return f"{OBJECTS}{since.astimezone(UTC):%Y/%m/%d/%H%M%S}Z-{attempt:04}.jsonl.gz"


def key_of_trail_files(since: datetime, attempt: int) -> str:
    """Return the name of the file of CloudTrail's log files that a time's verdict rests on."""
    return key_of_objects(since, attempt).replace(".jsonl.gz", "-cloudtrail.jsonl.gz")
