"""The audit log entries that Firehose has written into the log bucket: their ids, by the hour.

A file lies in the hour in which the oldest entry in it reached Firehose:
https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final

from claude_bedrock.records.fetch import fetch_in_order
from claude_bedrock.records.trail_files import UnreadableFile

Client = Any
_SETTINGS: Final[Mapping[str, str | bool | int | float | list[str]]] = {
    "memory_limit": "100MB",
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_IDS: Final = "SELECT audit.gateway_request_id FROM read_parquet(?)"
_FETCHED_ROWS: Final = 4096


class EntryFiles:
    """Reads the files under `prefix` of a bucket through boto3's client of S3."""

    def __init__(self, s3: Client, bucket: str, prefix: str) -> None:
        self._s3, self._bucket, self._prefix = s3, bucket, prefix

    def request_ids(
        self, hour: datetime, written_after: datetime
    ) -> Iterator[str | UnreadableFile]:
        """Yield the gateway's request id of each entry in the files of an hour (UTC) that S3 has
        from `written_after` or later, and which of the files are not Parquet with entries.

        Raises botocore's errors."""
        items = (item for item in self._listed(hour) if item["LastModified"] >= written_after)
        with TemporaryDirectory(prefix="claude-bedrock-") as folder:
            file = Path(folder) / "entries.parquet"
            for item, body in fetch_in_order(self._get, items):
                _copy(body, file)
                yield from _read(file, f"s3://{self._bucket}/{item['Key']}", folder)

    def _listed(self, hour: datetime) -> Iterator[Mapping[str, Any]]:
        folder = f"{self._prefix}{hour:%Y/%m/%d/%H}/"
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=folder):
            yield from page.get("Contents", [])

    def _get(self, item: Mapping[str, Any]) -> IO[bytes]:
        content: IO[bytes] = self._s3.get_object(Bucket=self._bucket, Key=item["Key"])["Body"]
        return content


def _copy(body: IO[bytes], file: Path) -> None:
    with file.open("wb") as copied:
        while chunk := body.read(1 << 20):
            copied.write(chunk)


def _read(file: Path, path: str, folder: str) -> Iterator[str | UnreadableFile]:
    import duckdb  # noqa: PLC0415 - most of what is here needs no engine

    try:
        with closing(duckdb.connect(config={**_SETTINGS, "temp_directory": folder})) as connection:
            result = connection.execute(_IDS, [str(file)])
            while rows := result.fetchmany(_FETCHED_ROWS):
                yield from (request_id for (request_id,) in rows if isinstance(request_id, str))
    except duckdb.Error:  # its text may quote what is in the file
        yield UnreadableFile(path, "it is no Parquet file of audit log entries")
