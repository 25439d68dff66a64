"""A bucket in memory, as far as evidence needs one, and chains in it."""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from botocore.exceptions import ClientError

from claude_bedrock.verification.coverage import Coverage, cover, due_span
from claude_bedrock.verification.evidence_bucket import EvidenceBucket, key_of_hour
from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.hours import HOUR, Span, iso

BUCKET = "the-bucket"
MONTH = datetime(2026, 10, 1, tzinfo=UTC)
HOURS = 31 * 24
AFTER = MONTH + timedelta(hours=HOURS, minutes=5) + timedelta(hours=3)
"""Three hours after the month has ended: all of it is sealed by then."""


class MemoryS3:
    """boto3's client, with a bucket of which S3 enforces `IfNoneMatch`. Behind a delete marker is
    what has `expired`: only a version's id leads to it."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.expired: set[str] = set()

    def put_object(
        self,
        *,
        Key: str,  # noqa: N803
        Body: bytes | IO[bytes],  # noqa: N803
        IfNoneMatch: str = "",  # noqa: N803
        **_: object,
    ) -> None:
        if IfNoneMatch and Key in self.objects:
            error = {
                "Error": {"Code": "PreconditionFailed"},
                "ResponseMetadata": {"HTTPStatusCode": 412},
            }
            raise ClientError(error, "PutObject")  # type: ignore[arg-type]
        self.objects[Key] = Body if isinstance(Body, bytes) else Body.read()

    def get_object(self, *, Key: str, VersionId: str = "", **_: object) -> Mapping[str, Any]:  # noqa: N803
        if Key not in self.objects or (Key in self.expired and not VersionId):
            error = {"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
            raise ClientError(error, "GetObject")  # type: ignore[arg-type]
        return {"Body": io.BytesIO(self.objects[Key])}

    def get_paginator(self, _name: str) -> "MemoryS3":
        return self

    def paginate(
        self,
        *,
        Prefix: str,  # noqa: N803
        StartAfter: str = "",  # noqa: N803
        KeyMarker: str = "",  # noqa: N803
        **_: object,
    ) -> Iterator[Mapping[str, Any]]:
        after = StartAfter or KeyMarker
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > after)
        items = [{"Key": key, "Size": len(self.objects[key]), "VersionId": "v1"} for key in keys]
        current = [item for item in items if item["Key"] not in self.expired]
        yield {"Contents": current, "Versions": items}


class Month:
    """A month of sealed hours; `hashes` is what the function has logged of them."""

    def __init__(self, hours: int = HOURS, since: datetime = MONTH) -> None:
        self.s3 = MemoryS3()
        self.bucket = EvidenceBucket(self.s3, BUCKET)
        self.hashes: dict[str, SealedHash] = {}
        previous = "0" * 64
        for number in range(hours):
            previous = self.seal(since + number * HOUR, previous)

    def seal(
        self,
        since: datetime,
        previous: str,
        entries: Sequence[Mapping[str, Any]] = (),
        *,
        logged: bool = True,
        **fields: object,
    ) -> str:
        key, until = key_of_hour(since), since + HOUR
        about = {"since": iso(since), "until": iso(until), "at": iso(until + HOUR)}
        run = {"kind": "run", **about, "counts": {}, **fields}
        sha256 = self.bucket.write(key, [run, *entries], previous)
        if logged:
            self.hashes[key] = SealedHash(BUCKET, key, sha256, iso(since), str(run["until"]))
        return sha256

    @property
    def keys(self) -> list[str]:
        return sorted(self.s3.objects)

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            del self.s3.objects[key]

    def covered(
        self,
        *,
        since: datetime = MONTH,
        until: datetime = MONTH + HOURS * HOUR,
        now: datetime = AFTER,
        deployed: datetime = MONTH - HOUR,
        second_copy: bool = True,
    ) -> Coverage:
        due = due_span(since, until, now=now, deployed=deployed)
        logged = self.hashes if second_copy else None
        files_of = Span(due.since, until)
        return cover(self.bucket, due, files_of=files_of, now=now, logged=logged)
