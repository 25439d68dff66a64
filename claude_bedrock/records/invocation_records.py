"""The records of calls in CloudWatch Logs and in S3, and the reading of their bodies.

The record: https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import IO, Any, NamedTuple, cast

from botocore.exceptions import ClientError

from claude_bedrock.records.destinations import Destinations
from claude_bedrock.records.fetch import fetch_in_order
from claude_bedrock.records.log_events import filter_events, filter_events_at_once
from claude_bedrock.records.log_item import LogItem
from claude_bedrock.records.object_digest import HashingReader, ObjectDigest
from claude_bedrock.records.object_name import begun_at
from claude_bedrock.records.object_stat import ObjectStat, version_of
from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.window import UnreadableError

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""
Record = Mapping[str, Any]
STREAM = "aws/bedrock/modelinvocations"
_GREETING = "Permissions are correctly set"  # how the first line of the stream begins
_DAMAGE = (OSError, EOFError, zlib.error)
"""What gzip raises for bytes that are not a whole file of its form."""
_ABSENT = ("404", "NoSuchKey", "NoSuchBucket")
_LARGE_BODIES = "/data/"
_PERMISSION_CHECK = "/amazon-bedrock-logs-permission-check"
_DELIVERY_DELAY = timedelta(hours=1)
_CLOCKS_DIFFER = timedelta(minutes=5)


class Stored(NamedTuple):
    """A record in S3, and the object that holds it."""

    record: Record
    bucket: str
    key: str


class Records:
    """Reads the records in `destinations`, through boto3's clients of the two services."""

    def __init__(self, destinations: Destinations, *, logs: Client, s3: Client) -> None:
        self._destinations = destinations
        self._logs = logs
        self._s3 = s3

    def in_logs(self, request_id: str, since: datetime) -> Record | None:
        """Return the record in CloudWatch Logs written at `since` (UTC) or later."""
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._destinations.log_group,
            logStreamNames=[STREAM],
            filterPattern=f'"{request_id}"',
            startTime=int(since.timestamp() * 1000),
        )
        messages = (event["message"] for page in pages for event in page["events"])
        return _with_id(request_id, messages)

    def in_s3(self, request_id: str, since: datetime, until: datetime) -> Stored | None:
        """Return the record in S3 of a call made between the two times (UTC). An object that was
        whole before the call does not hold it, and is not fetched. Raises UnreadableError where no
        object that can be read holds it, and one cannot be."""
        damaged = ""
        for item in self.objects(since, until + _DELIVERY_DELAY):
            if item["LastModified"] < since - _CLOCKS_DIFFER:
                continue
            key = item["Key"]
            content = self._object(self._destinations.bucket, key)
            try:
                text = gzip.decompress(content).decode()
            except (*_DAMAGE, UnicodeDecodeError):
                damaged = f"s3://{self._destinations.bucket}/{key}"
                continue
            record = _with_id(request_id, text.splitlines())
            if record is not None:
                return Stored(record, self._destinations.bucket, key)
        if damaged:
            raise UnreadableError(f"{damaged} is no whole gzip file, and may hold the record")
        return None

    def all_in_logs(
        self,
        since: datetime,
        until: datetime,
        read: Fingerprint,
        *,
        in_order: bool = False,
        pattern: str = "",
    ) -> Iterator[LogItem]:
        """Yield every record that was written to CloudWatch Logs between the two times (UTC), also
        one that cannot be read; `read` is told of each event. `in_order`: as they came, read one
        part after the other. `pattern`: only those that this filter pattern matches."""
        group = self._destinations.log_group
        for event in self._events(since, until, in_order=in_order, pattern=pattern):
            read.take(event["eventId"], str(event["timestamp"]))
            if not event["message"].startswith(_GREETING):
                record, fault = _parsed(event["message"])
                read.take_record(event, _request_id(record))
                source = f"log group {group}, event {event['eventId']}"
                yield LogItem(source, event["timestamp"] / 1000, record, fault)

    def log_events(
        self, since: datetime, until: datetime
    ) -> Iterator[tuple[Mapping[str, Any], str]]:
        """Yield each event of CloudWatch Logs from `since` up to but not at `until` (UTC) that is a
        record, as CloudWatch has it, and the request id in it."""
        for event in self._events(since, until - timedelta(milliseconds=1), in_order=False):
            if not event["message"].startswith(_GREETING):
                yield event, _request_id(_parsed(event["message"])[0])

    def _events(
        self, since: datetime, until: datetime, *, in_order: bool, pattern: str = ""
    ) -> Iterator[Mapping[str, Any]]:
        reading = filter_events if in_order else filter_events_at_once
        return reading(
            self._logs,
            start_ms=int(since.timestamp() * 1000),
            end_ms=int(until.timestamp() * 1000),
            logGroupName=self._destinations.log_group,
            logStreamNames=[STREAM],
            **({"filterPattern": pattern} if pattern else {}),
        )

    def all_in_s3(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[LogItem]:
        """Yield every record in the objects of the hours between the two times (UTC), also one that
        cannot be read; `read` is told of each object."""
        versions: dict[str, str] = {}

        def get(item: Mapping[str, Any]) -> IO[bytes]:
            answer = self._s3.get_object(Bucket=self._destinations.bucket, Key=item["Key"])
            versions[item["Key"]] = version_of(answer)
            content: IO[bytes] = answer["Body"]
            return content

        for item, body in fetch_in_order(get, self.objects(since, until)):
            key, hashed = item["Key"], HashingReader(body)
            read.take(key, item["ETag"], str(item["Size"]))
            yield from self._in_object(item, hashed)
            digest = ObjectDigest(
                path=self._path(key),
                begun_at=_begun_at(item),
                size=item["Size"],
                etag=item["ETag"],
                version=versions.pop(key),
                sha256=hashed.finish(),
            )
            read.take_object(digest)

    def begun(self, since: datetime, until: datetime) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the `s3://` path of each object of records that was begun from `since` up to
        `until` (UTC), and what S3 lists of it."""
        for item in self.objects(since, until - timedelta(microseconds=1)):
            if since.timestamp() <= _begun_at(item) < until.timestamp():
                yield self._path(item["Key"]), item

    def _path(self, key: str) -> str:
        return f"s3://{self._destinations.bucket}/{key}"

    def _in_object(self, item: Mapping[str, Any], body: HashingReader) -> Iterator[LogItem]:
        at = item["LastModified"].timestamp()
        source, earliest = self._path(item["Key"]), _begun_at(item)
        try:
            with gzip.open(cast("IO[bytes]", body)) as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        where = f"{source}, line {number}"
                        yield LogItem(where, at, *_parsed(line), earliest=earliest)
        except _DAMAGE:
            yield LogItem(source, at, None, "the object is no whole gzip file", earliest)

    def is_stored(self, path: str) -> bool:
        """Return whether an `s3://` path has its object."""
        return self.stat(path) is not None

    def stat(self, path: str) -> ObjectStat | None:
        """Return what S3 says of the object of an `s3://` path; None where there is none."""
        bucket, _, key = path.removeprefix("s3://").partition("/")
        try:
            answer = self._s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise
        return ObjectStat.of(answer)

    def body(self, side: Mapping[str, Any], name: str) -> object:
        """Return the JSON that the `input` or `output` (`name`) part of a record holds or refers
        to; None if it has neither. Raises UnreadableError."""
        path: str | None = side.get(f"{name}BodyS3Path")
        if path is None:
            return side.get(f"{name}BodyJson")
        return self.read_body(path)

    def read_body(self, path: str) -> object:
        """Return the JSON in the object of an `s3://` path. Raises UnreadableError."""
        bucket, _, key = path.removeprefix("s3://").partition("/")
        try:
            return json.loads(gzip.decompress(self._object(bucket, key)), parse_int=_integer)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _ABSENT:
                raise
            raise UnreadableError(f"{path} is not there") from error
        except (*_DAMAGE, ValueError, RecursionError) as error:
            raise UnreadableError(f"{path} holds no JSON") from error

    def objects(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """Yield what S3 lists of the hours between the two times (UTC) that may hold records: no
        large bodies, and not the empty permission check."""
        pages = self._s3.get_paginator("list_objects_v2")
        hour = since.replace(minute=0, second=0, microsecond=0)
        while hour <= until:
            prefix = f"{self._destinations.root}{hour:%Y/%m/%d/%H}/"
            for page in pages.paginate(Bucket=self._destinations.bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    if item["Size"] and is_record(item["Key"]):
                        yield item
            hour += timedelta(hours=1)

    def _object(self, bucket: str, key: str) -> bytes:
        content: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content


def is_record(key: str) -> bool:
    """Return whether an object under the root of records may hold some: it is no large body, and
    not the permission check."""
    return _LARGE_BODIES not in key and _PERMISSION_CHECK not in key


def _parsed(line: str | bytes) -> tuple[Record | None, str]:
    """Return the record, or None and why it is none."""
    try:
        record = json.loads(line, parse_int=_integer)
    except (ValueError, RecursionError):
        record = None
    return (record, "") if isinstance(record, dict) else (None, "it is no JSON object")


def _request_id(record: Record | None) -> str:
    """Return Bedrock's id of the request; empty where the record has none."""
    request_id = (record or {}).get("requestId")
    return request_id if isinstance(request_id, str) else ""


def _integer(digits: str) -> int | str:
    """Return the integer, or its digits where they are more than Python reads: a caller may write
    them."""
    try:
        return int(digits)
    except ValueError:
        return digits


def _begun_at(item: Mapping[str, Any]) -> float:
    """Return when the first record of an object may have been written; what has another name was
    begun when it was written."""
    named = begun_at(item["Key"])
    modified_at: float = item["LastModified"].timestamp()
    return modified_at if named is None else named


def _with_id(request_id: str, lines: Iterator[str] | list[str]) -> Record | None:
    """Return the record among `lines`; a prompt may quote the id, and not every line is a
    record."""
    for line in lines:
        record, _ = _parsed(line) if request_id in line else (None, "")
        if record is not None and record.get("requestId") == request_id:
            return record
    return None
