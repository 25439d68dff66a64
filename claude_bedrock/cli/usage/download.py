"""The download of a stage's objects of records into a folder: several at a time, each complete or
not at all, and none that is there already. Their keys become paths, so that the folder may be asked
again."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, Final

from claude_bedrock.cli.shared.deployment import Client, Deployment
from claude_bedrock.cli.shared.record_sources import destinations_of
from claude_bedrock.records.invocation_records import Records
from claude_bedrock.records.window import UnreadableError

_AT_A_TIME: Final = 8
_BEYOND: Final = timedelta(hours=1)
_HOURS_A_LISTING: Final = timedelta(hours=6)
Progress = Callable[[int, int], None]
"""Called with the number of objects that are there, and of those that there will be."""


def download(
    deployment: Deployment, folder: Path, since: datetime, until: datetime, progress: Progress
) -> None:
    """Download the objects in which calls of the time may be. Raises NoTargetError, UnreadableError
    and botocore's errors."""
    destinations, s3 = destinations_of(deployment), deployment.client("s3")
    records = Records(destinations, logs=None, s3=s3)
    begin, end = since - _BEYOND, min(until + _BEYOND, datetime.now(until.tzinfo) + _BEYOND)
    with ThreadPoolExecutor(_AT_A_TIME) as at_a_time:
        listed = at_a_time.map(lambda part: list(records.objects(*part)), _parts(begin, end))
        listed_objects = {item["Key"]: item for part in listed for item in part}
        fetched = at_a_time.map(
            lambda item: _fetch(s3, destinations.bucket, item, folder), listed_objects.values()
        )
        for number, _ in enumerate(fetched, 1):
            progress(number, len(listed_objects))


def _parts(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while begin <= end:
        last = min(begin + _HOURS_A_LISTING, end)
        yield begin, last
        begin += _HOURS_A_LISTING


def _fetch(s3: Client, bucket: str, item: Mapping[str, Any], folder: Path) -> None:
    """Download an object, unless a file of its size is there: Bedrock never writes a key twice."""
    if ".." in PurePosixPath(item["Key"]).parts:
        raise UnreadableError(f"s3://{bucket}/{item['Key']} is no key of Bedrock's")
    file = folder / item["Key"]
    if file.exists() and file.stat().st_size == item["Size"]:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part")
    unfinished.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
    unfinished.rename(file)
