"""By what a later reader knows that the same was read: how much it was, and a hash of its names."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from claude_bedrock.records.object_digest import ObjectDigest
from claude_bedrock.records.object_stat import ObjectStat


class Fingerprint:
    """Of things in the order in which they were read, each by what its owner knows it by."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._count = 0

    def take(self, *identity: str) -> None:
        self._count += 1
        self._hash.update(("\t".join(identity) + "\n").encode())

    def take_object(self, digest: ObjectDigest) -> None:
        """Take an object of records that was read, and store nothing of it."""

    def take_body(self, path: str, at: datetime, stat: ObjectStat | None) -> None:
        """Take what S3 says of a large body, which a record of the time `at` names, and store
        nothing of it."""

    def take_record(self, event: Mapping[str, Any], request_id: str) -> None:
        """Take a record that was read as an event of CloudWatch Logs, and store nothing of it."""

    def as_data(self) -> dict[str, object]:
        return {"count": self._count, "sha256": self._hash.hexdigest()}
