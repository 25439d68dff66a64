"""The evidence in the log bucket: a chain of files, each begun where the one before ended.

A file is named for the beginning of its hour, or of what it covers of it, and written once: S3
refuses a second one of that name
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). So two runs at once
give one chain.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import IO, Any, NamedTuple

from botocore.exceptions import ClientError

from claude_bedrock.verification import hash_chain
from claude_bedrock.verification.finding import in_todays_names

PREFIX = "evidence/"
HOURLY = f"{PREFIX}hours/"
ON_DEMAND = f"{PREFIX}on-demand/"
DISPOSITIONS = f"{PREFIX}dispositions/"
HOLDS = f"{PREFIX}holds/"
NOT_VERIFIED = "not_verified"
"""The kind of the first entry of a file on a time of which nothing is known."""
_NAME = re.compile(rf"{HOURLY}(\d{{4}}/\d\d/\d\d/\d{{6}})Z\.jsonl")
EVIDENCE_RETENTION_EXTRA_DAYS = 5
"""The bucket keeps evidence for the stage's number of days, and so many more."""
LONGEST = timedelta(days=1)
"""So much a file covers at the most."""
_EXISTS = frozenset({409, 412})


class AlreadyVerifiedError(Exception):
    """Another run has written this file; nothing was written."""


class BrokenEvidenceError(Exception):
    """A file is not what was written; the text names it and the entry."""


class SealedFile(NamedTuple):
    """A file that holds: it covers the time from `since` to `until`. `because` says why nothing is
    known of that time, and is empty where it was verified."""

    key: str
    since: datetime
    until: datetime
    previous: str
    sha256: str
    because: str
    entries: tuple[Mapping[str, Any], ...]


class EvidenceFiles(ABC):
    """The files of evidence, by the names that they have in the bucket."""

    @abstractmethod
    def listed(self, prefix: str, after: str = "") -> Iterator[str]:
        """Yield the names that begin with `prefix` and sort behind `after`, in order."""

    @abstractmethod
    def content(self, key: str) -> bytes:
        """Return the bytes of a file. Raises BrokenEvidenceError if it is gone."""

    def read(self, key: str) -> SealedFile:
        """Return a file of hours. Raises BrokenEvidenceError."""
        sha256, entries = self.entries(key)
        try:
            since, until = (datetime.fromisoformat(entries[0][name]) for name in ("since", "until"))
        except (KeyError, TypeError, ValueError) as error:
            raise BrokenEvidenceError(f"{key} is not of a run") from error
        # Else a file that holds could be copied to the name of an hour that is missing.
        if key != key_of_hour(since) or not since < until <= since + LONGEST:
            raise BrokenEvidenceError(f"{key} is of another time than its name says")
        unverified = entries[0].get("kind") == NOT_VERIFIED
        because = str(entries[0].get("because", "")) if unverified else ""
        previous = str(entries[0]["previous"])
        return SealedFile(key, since, until, previous, sha256, because, entries)

    def entries(self, key: str) -> tuple[str, tuple[Mapping[str, Any], ...]]:
        """Return the last hash of a file, and its entries. Raises BrokenEvidenceError."""
        lines = self.content(key).splitlines(keepends=True)
        try:
            sha256 = hash_chain.check(lines)
        except hash_chain.BrokenChainError as broken:
            raise BrokenEvidenceError(f"{key}, {broken}") from broken
        return sha256, tuple(in_todays_names(json.loads(line)) for line in lines)


class EvidenceBucket(EvidenceFiles):
    """Evidence in a bucket, through boto3's client of S3, whose errors each method raises."""

    def __init__(self, s3: Any, bucket: str) -> None:  # noqa: ANN401 - made at run time
        self._s3 = s3
        self._bucket = self.name = bucket

    def write(self, key: str, entries: Iterable[Mapping[str, Any]], previous: str) -> str:
        """Return the last hash of the new file. Raises AlreadyVerifiedError and botocore's
        errors."""
        lines = list(hash_chain.chained(entries, previous))
        self.put(key, b"".join(lines), "application/jsonl")
        return hash_chain.check(lines)

    def put(self, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        """Write a new object. Raises AlreadyVerifiedError where there is one, and botocore's
        errors."""
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                ChecksumAlgorithm="SHA256",  # what is locked is taken with a checksum only
                # Two runs at the same time: the second one loses, and nothing is overwritten.
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in _EXISTS:
                raise AlreadyVerifiedError(key) from error
            raise

    def listed(self, prefix: str, after: str = "") -> Iterator[str]:
        """Yield all keys that begin with `prefix`. Raises botocore's errors."""
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix, StartAfter=after):
            for item in page.get("Contents", []):
                yield item["Key"]

    def content(self, key: str) -> bytes:
        """Return the bytes of a file. Raises BrokenEvidenceError if it is gone, and botocore's
        errors."""
        try:
            body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            raise BrokenEvidenceError(f"{key} is gone") from error
        return body


def key_of_hour(since: datetime) -> str:
    """Return the name of the evidence on the hour that begins then, or on what is left of it."""
    return f"{before(since)}Z.jsonl"


def key_on_demand(at: datetime) -> str:
    """Return the name of the evidence of a run that somebody asked for then."""
    return f"{ON_DEMAND}{at.astimezone(UTC):%Y/%m/%dT%H%M%S%f}Z.jsonl"


def before(since: datetime) -> str:
    """Return what the names of files sort behind whose time begins then or later."""
    return f"{HOURLY}{since.astimezone(UTC):%Y/%m/%d/%H%M%S}"


def begin_of(key: str) -> datetime:
    """Return the moment that a file of hours is named for. Raises BrokenEvidenceError."""
    named = _NAME.fullmatch(key)
    if named is None:
        raise BrokenEvidenceError(f"{key} is no file of evidence")
    try:
        return datetime.strptime(named[1], "%Y/%m/%d/%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise BrokenEvidenceError(f"{key} is named for no time") from error


def is_of_hours(key: str, now: datetime) -> bool:
    """Return whether a file of hours has such a name, of a time that has come."""
    try:
        return begin_of(key) <= now
    except BrokenEvidenceError:
        return False
