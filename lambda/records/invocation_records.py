"""Where the record of a call lies in CloudWatch Logs and in S3, and how its bodies are read.

The record: https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from reconciliation.window import UnreadableError
from records.destinations import Destinations
from records.fingerprint import Fingerprint

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""
Record = Mapping[str, Any]
STREAM = "aws/bedrock/modelinvocations"
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
        """The record in CloudWatch Logs written at `since` (UTC) or later."""
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._destinations.log_group,
            logStreamNames=[STREAM],
            filterPattern=f'"{request_id}"',
            startTime=int(since.timestamp() * 1000),
        )
        messages = (event["message"] for page in pages for event in page["events"])
        return _with_id(request_id, messages)

    def in_s3(self, request_id: str, since: datetime, until: datetime) -> Stored | None:
        """The record in S3 of a call made between the two times (UTC). An object that was whole
        before the call does not hold it, and is not fetched."""
        for item in self.objects(since, until + _DELIVERY_DELAY):
            if item["LastModified"] < since - _CLOCKS_DIFFER:
                continue
            key = item["Key"]
            text = gzip.decompress(self._object(self._destinations.bucket, key)).decode()
            record = _with_id(request_id, text.splitlines())
            if record is not None:
                return Stored(record, self._destinations.bucket, key)
        return None

    def all_in_logs(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[Record]:
        """Every record that was written to CloudWatch Logs between the two times (UTC); `read` is
        told of each event. Raises UnreadableError."""
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._destinations.log_group,
            logStreamNames=[STREAM],
            startTime=int(since.timestamp() * 1000),
            endTime=int(until.timestamp() * 1000),
        )
        for event in (event for page in pages for event in page["events"]):
            read.take(event["eventId"], str(event["timestamp"]))
            if event["message"].startswith("{"):  # the first line is a sentence
                yield _parsed(event["message"], f"event {event['eventId']}")

    def all_in_s3(self, since: datetime, until: datetime, read: Fingerprint) -> Iterator[Record]:
        """Every record in the objects of the hours between the two times (UTC); `read` is told of
        each object. Raises UnreadableError."""
        for item in self.objects(since, until):
            read.take(item["Key"], item["ETag"], str(item["Size"]))
            name = f"s3://{self._destinations.bucket}/{item['Key']}"
            body = self._s3.get_object(Bucket=self._destinations.bucket, Key=item["Key"])["Body"]
            try:
                with gzip.open(body) as lines:
                    yield from (_parsed(line, name) for line in lines if line.strip())
            except (OSError, EOFError) as error:
                raise UnreadableError(f"{name} is not whole: {error}") from error

    def is_stored(self, path: str) -> bool:
        """Whether an `s3://` path has its object."""
        bucket, _, key = path.removeprefix("s3://").partition("/")
        try:
            self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NoSuchBucket"}:
                return False
            raise
        return True

    def body(self, side: Mapping[str, Any], name: str) -> object:
        """The JSON that the `input` or `output` (`name`) part of a record holds or refers to;
        None if it has neither."""
        path: str | None = side.get(f"{name}BodyS3Path")
        if path is None:
            return side.get(f"{name}BodyJson")
        bucket, _, key = path.removeprefix("s3://").partition("/")
        return json.loads(gzip.decompress(self._object(bucket, key)))

    def objects(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """What S3 lists of the hours between the two times (UTC) that may hold records: no large
        bodies, and not the empty permission check."""
        pages = self._s3.get_paginator("list_objects_v2")
        hour = since.replace(minute=0, second=0, microsecond=0)
        while hour <= until:
            prefix = f"{self._destinations.root}{hour:%Y/%m/%d/%H}/"
            for page in pages.paginate(Bucket=self._destinations.bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    if item["Size"] and not _is_no_record(item["Key"]):
                        yield item
            hour += timedelta(hours=1)

    def _object(self, bucket: str, key: str) -> bytes:
        content: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content


def _is_no_record(key: str) -> bool:
    return _LARGE_BODIES in key or _PERMISSION_CHECK in key


def _parsed(line: str | bytes, where: str) -> Record:
    """Raises UnreadableError, which does not quote the line."""
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise UnreadableError(f"{where} holds a line that is no record")
    return record


def _with_id(request_id: str, lines: Iterator[str] | list[str]) -> Record | None:
    """The record among `lines`; a prompt may quote the id, and not every line is a record."""
    for line in lines:
        if request_id in line and line.startswith("{"):
            record: Record = json.loads(line)
            if record.get("requestId") == request_id:
                return record
    return None
