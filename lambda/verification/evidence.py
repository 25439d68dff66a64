"""The evidence that lies in the log bucket: a file for each hour, each begun where the last ended.

An hour's file is written once: its name is the hour, and S3 refuses a second one of that name
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). So two runs at once
give one chain.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from reconciliation import chain

PREFIX = "evidence/"
HOURLY = f"{PREFIX}hours/"
ON_DEMAND = f"{PREFIX}on-demand/"
_NAME = re.compile(rf"{HOURLY}\d{{4}}/\d\d/\d\d/\d{{6}}Z\.jsonl")
_RECENT = timedelta(days=2)


class AlreadyVerifiedError(Exception):
    """Another run has written this hour's evidence; nothing was written."""


class BrokenEvidenceError(Exception):
    """A file is not what was written; the text names it and the entry."""


class Last(NamedTuple):
    """Where the newest file of hours ends: its last hash, and the moment up to which it covers."""

    sha256: str
    covered: datetime | None


class Held(NamedTuple):
    """So many files of hours hold, and cover the time from `since` to `until` (ISO 8601)."""

    files: int
    since: str
    until: str
    sha256: str


class EvidenceBucket:
    """Evidence in a bucket, through boto3's client of S3."""

    def __init__(self, s3: Any, bucket: str) -> None:  # noqa: ANN401 - made at run time
        self._s3 = s3
        self._bucket = bucket

    def last(self, now: datetime) -> Last:
        """Raises BrokenEvidenceError where the newest file does not hold, and botocore's errors."""
        recent = f"{HOURLY}{now - _RECENT:%Y/%m/%d}"
        newest = max(self._hours(recent), default="") or max(self._hours(), default="")
        if not newest:
            return Last(chain.BEGINNING, None)
        lines = self._lines(newest)
        sha256 = _checked(newest, lines)
        return Last(sha256, datetime.fromisoformat(_covered(newest, lines)[1]))

    def write(self, key: str, entries: Iterable[Mapping[str, Any]], previous: str) -> str:
        """The last hash of the new file. Raises AlreadyVerifiedError and botocore's errors."""
        lines = list(chain.chained(entries, previous))
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=b"".join(lines),
                ContentType="application/jsonl",
                ChecksumAlgorithm="SHA256",  # what is locked is taken with a checksum only
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in {409, 412}:
                raise AlreadyVerifiedError(key) from error
            raise
        return chain.check(lines)

    def check(self, since: datetime | None = None) -> Held | None:
        """The chain that the files of hours are, from the one on that begins at `since`; None if
        there is no such file.

        The oldest one may follow a file that was kept as long as it had to be, and is gone.
        Raises BrokenEvidenceError, and botocore's errors."""
        held: Held | None = None
        for key in self._hours(_before(since) if since else ""):
            held = self._follows(held, key)
        return held

    def _follows(self, held: Held | None, key: str) -> Held:
        lines = self._lines(key)
        sha256 = _checked(key, lines, held.sha256 if held else None)
        since, until = _covered(key, lines)
        if held is None:
            return Held(1, since, until, sha256)
        if since != held.until:
            raise BrokenEvidenceError(f"{key} begins at {since}, and not at {held.until}")
        return Held(held.files + 1, held.since, until, sha256)

    def _hours(self, after: str = "") -> Iterator[str]:
        """Their keys, oldest first: S3 lists by name."""
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=HOURLY, StartAfter=after):
            for item in page.get("Contents", []):
                if not _NAME.fullmatch(item["Key"]):
                    raise BrokenEvidenceError(f"{item['Key']} is no file of evidence")
                yield item["Key"]

    def _lines(self, key: str) -> list[bytes]:
        body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body.splitlines(keepends=True)


def key_of_hour(since: datetime) -> str:
    """The name of the evidence on the hour that begins then, or on what is left of it."""
    return f"{_before(since)}Z.jsonl"


def key_on_demand(at: datetime) -> str:
    """The name of the evidence of a run that somebody asked for then."""
    return f"{ON_DEMAND}{at.astimezone(UTC):%Y/%m/%dT%H%M%S%f}Z.jsonl"


def _before(since: datetime) -> str:
    """What the names of files sort behind whose hour begins then or later."""
    return f"{HOURLY}{since.astimezone(UTC):%Y/%m/%d/%H%M%S}"


def _covered(key: str, lines: list[bytes]) -> tuple[str, str]:
    run = json.loads(lines[0])
    try:
        return run["since"], run["until"]
    except KeyError as error:
        raise BrokenEvidenceError(f"{key} is not of a run") from error


def _checked(key: str, lines: list[bytes], previous: str | None = None) -> str:
    try:
        return chain.check(lines, previous)
    except chain.BrokenChainError as broken:
        raise BrokenEvidenceError(f"{key}, {broken}") from broken
