"""CloudTrail's log files in a bucket, read as a stream of events of Bedrock.

A file is gzip of one JSON object, `{"Records": [...]}`; its name ends in the minute in which it was
delivered, and it may hold events from any time before:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

import codecs
import json
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import IO, Any, Final, NamedTuple, cast

from claude_bedrock.records.fetch import fetch_in_order
from claude_bedrock.records.object_digest import HashingReader, ObjectDigest
from claude_bedrock.records.object_stat import version_of
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.trail_event import TrailEvent, read_event
from claude_bedrock.records.trail_source import TrailSource
from claude_bedrock.records.window import UnreadableError

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""
_CHUNK: Final = 1 << 16
_LONGEST_EVENT: Final = 1 << 22
"""More characters than an event has: CloudTrail cuts one at 256 KB.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"""
_BEGINNING: Final = re.compile(r'\s*\{\s*"Records"\s*:\s*\[')
_BETWEEN: Final = re.compile(r"[\s,]*")
_DELIVERED: Final = re.compile(r"_(\d{8}T\d{4})Z_[^/]*\.json\.gz$")
_MINUTE: Final = "%Y%m%dT%H%M"
_GZIP: Final = 16 + zlib.MAX_WBITS
_TEXT: Final = 1 << 18
"""So many bytes of text are held at the most, beside an event that is not complete yet."""


class UnreadableFile(NamedTuple):
    """A file, or an event in it, that cannot be read: `source` is its path, `fault` says why and
    quotes nothing."""

    source: str
    fault: str


class TrailFiles:
    """Reads the files of `source` through boto3's client of S3."""

    def __init__(self, source: TrailSource, s3: Client) -> None:
        self.source = source
        self._s3 = s3

    def events(
        self, accounts: Collection[str], since: datetime, until: datetime, read: Fingerprint
    ) -> Iterator[TrailEvent | UnreadableFile]:
        """Yield the calls of Bedrock in the files that were delivered between the two times (UTC),
        of these accounts and all Regions; `read` takes each file. Raises botocore's errors."""
        versions: dict[str, str] = {}

        def get(item: Mapping[str, Any]) -> IO[bytes]:
            answer = self._s3.get_object(Bucket=self.source.bucket, Key=item["Key"])
            versions[item["Key"]] = version_of(answer)
            content: IO[bytes] = answer["Body"]
            return content

        files = (item for account in accounts for item in self._files_of(account, since, until))
        for item, body in fetch_in_order(get, files):
            key, hashed = item["Key"], HashingReader(body)
            read.take(key, item["ETag"], str(item["Size"]))
            path = f"s3://{self.source.bucket}/{key}"
            yield from read_file(path, cast("IO[bytes]", hashed))
            digest = ObjectDigest(
                path=path,
                begun_at=(_delivered_at(key) or since).timestamp(),
                size=item["Size"],
                etag=item["ETag"],
                version=versions.pop(key),
                sha256=hashed.finish(),
            )
            read.take_object(digest)

    def _files_of(
        self, account: str, since: datetime, until: datetime
    ) -> Iterator[Mapping[str, Any]]:
        """Yield what S3 lists of an account's files; an account without files has none."""
        for region in self._regions_of(account):
            day = since.replace(hour=0, minute=0, second=0, microsecond=0)
            while day <= until:
                folder = f"{region}{day:%Y/%m/%d}/"
                first = f"{folder}{account}_CloudTrail_{region.split('/')[-2]}_{since:{_MINUTE}}"
                for page in self._pages(Prefix=folder, StartAfter=first):
                    for item in page.get("Contents", []):
                        if _is_delivered(item["Key"], since, until):
                            yield item
                day += timedelta(days=1)

    def _regions_of(self, account: str) -> Iterator[str]:
        for page in self._pages(Prefix=self.source.root(account), Delimiter="/"):
            for folder in page.get("CommonPrefixes", []):
                yield folder["Prefix"]

    def _pages(self, **request: str) -> Iterator[Mapping[str, Any]]:
        pages = self._s3.get_paginator("list_objects_v2")
        yield from pages.paginate(Bucket=self.source.bucket, **request)


def read_file(path: str, body: IO[bytes]) -> Iterator[TrailEvent | UnreadableFile]:
    """Yield the calls of Bedrock in one file, and what of it cannot be read. Holds one event at a
    time."""
    named = _delivered_at(path)
    delivered_at = named.timestamp() if named else 0.0
    try:
        for fields in _records(_text_of(body)):
            try:
                event = read_event(fields)
            except UnreadableError as error:
                yield UnreadableFile(path, str(error))
                continue
            if event is not None:
                yield event._replace(delivered_at=delivered_at)
    except zlib.error:
        yield UnreadableFile(path, "it is no complete gzip file")
    except (UnreadableError, UnicodeDecodeError, RecursionError):
        yield UnreadableFile(path, "it is no list of events")


def _text_of(body: IO[bytes]) -> Iterator[str]:
    """Yield the text of a gzip file, a part at a time. Raises zlib.error, UnicodeDecodeError."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    gunzip = zlib.decompressobj(_GZIP)
    while compressed := body.read(_CHUNK):
        while compressed and not gunzip.eof:
            yield decoder.decode(gunzip.decompress(compressed, _TEXT))
            compressed = gunzip.unconsumed_tail
        if gunzip.eof and (compressed or gunzip.unused_data):
            raise zlib.error("there is more behind the file's end")
    if not gunzip.eof:
        raise zlib.error("it has no end")
    yield decoder.decode(b"", final=True)


def _records(chunks: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Yield the members of `Records`, as they arrive. Raises UnreadableError."""
    decoder = json.JSONDecoder(parse_int=float)
    text, has_begun, has_ended = "", False, False
    for chunk in chunks:
        if has_ended:  # the rest of a file is read all the same, so that gzip checks it
            continue
        text += chunk
        if not has_begun and (beginning := _BEGINNING.match(text)):
            text, has_begun = text[beginning.end() :], True
        if has_begun:
            objects, text, has_ended = _complete_objects(decoder, text)
            yield from objects
        if len(text) > _LONGEST_EVENT:
            raise UnreadableError("an event has no end")
    if not has_ended:
        raise UnreadableError("it has no end")


def _complete_objects(
    decoder: json.JSONDecoder, text: str
) -> tuple[list[Mapping[str, Any]], str, bool]:
    """Return the objects that the text holds completely, the rest of it, and whether the list ends
    there. Raises UnreadableError."""
    objects: list[Mapping[str, Any]] = []
    position = 0
    while True:
        between = _BETWEEN.match(text, position)
        position = between.end() if between else position
        if text.startswith("]", position):
            return objects, "", True
        try:
            fields, position = decoder.raw_decode(text, position)
        except ValueError:
            return objects, text[position:], False
        if not isinstance(fields, dict):
            raise UnreadableError("it holds something else than objects")
        objects.append(fields)


def _is_delivered(key: str, since: datetime, until: datetime) -> bool:
    """Return whether a key is that of a log file of the time: digests have other names."""
    at = _delivered_at(key)
    return at is not None and since - timedelta(minutes=1) < at <= until


def _delivered_at(key: str) -> datetime | None:
    named = _DELIVERED.search(key)
    try:
        return datetime.strptime(named[1], _MINUTE).replace(tzinfo=UTC) if named else None
    except ValueError:
        return None
