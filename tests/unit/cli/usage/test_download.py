"""What a folder lacks is fetched, what it has is left, and what was broken off is fetched again."""

import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.usage import local_files
from claude_bedrock.cli.usage.download import download
from claude_bedrock.records.window import UnreadableError

SINCE, UNTIL = datetime(2026, 10, 7, 12, tzinfo=UTC), datetime(2026, 10, 7, 15, tzinfo=UTC)
ROOT = "AWSLogs/123456789012/BedrockModelInvocationLogs/us-east-1/2026/10/07"


class Bucket:
    """S3 with some objects, which knows what was fetched."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self._objects = objects
        self.fetched: list[str] = []

    def get_paginator(self, _: str) -> "Bucket":
        return self

    def paginate(self, *, Prefix: str, **_: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - boto3's
        yield {
            "Contents": [
                {"Key": key, "Size": len(content)}
                for key, content in self._objects.items()
                if key.startswith(Prefix)
            ]
        }

    def get_object(self, *, Key: str, **_: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.fetched.append(Key)
        return {"Body": io.BytesIO(self._objects[Key])}

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}


class Deployed(Deployment):
    """A stage whose AWS is a Bucket."""

    bucket: Bucket

    def client(self, _: str) -> Any:  # noqa: ANN401 - as boto3's
        return self.bucket

    def outputs(self, _: str) -> Mapping[str, str]:
        return {"LogGroupName": "/g", "LogBucketName": "the-bucket"}


def deployed(objects: Mapping[str, bytes]) -> Deployed:
    made = Deployed("dev", "us-east-1", None)
    made.bucket = Bucket(objects)
    return made


OBJECTS = {
    f"{ROOT}/11/at-eleven.json.gz": b"11",
    f"{ROOT}/12/a.json.gz": b"whole",
    f"{ROOT}/12/data/a_input.json.gz": b"a large body",
    f"{ROOT}/14/b.json.gz": b"another",
    f"{ROOT}/18/late.json.gz": b"late",
    f"{ROOT}/12/amazon-bedrock-logs-permission-check": b"",
}
EXPECTED = {key for key in OBJECTS if re.search(r"/1[124]/[^/]+\.gz$", key)}


def test_records_of_the_hours_are_fetched_completely_and_nothing_else(tmp_path: Path) -> None:
    stage, progress = deployed(OBJECTS), list[tuple[int, int]]()
    download(stage, tmp_path, SINCE, UNTIL, lambda done, total: progress.append((done, total)))

    files = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert files == set(stage.bucket.fetched) == EXPECTED
    assert progress == [(1, 3), (2, 3), (3, 3)]
    assert len(local_files.of_records(tmp_path, SINCE, UNTIL)) == 3


def test_what_is_there_is_not_fetched_again_unless_it_is_not_complete(tmp_path: Path) -> None:
    stage = deployed(OBJECTS)
    download(stage, tmp_path, SINCE, UNTIL, lambda *_: None)
    (tmp_path / ROOT / "12" / "a.json.gz").write_bytes(b"who")
    stage.bucket.fetched.clear()

    download(stage, tmp_path, SINCE, UNTIL, lambda *_: None)

    assert stage.bucket.fetched == [f"{ROOT}/12/a.json.gz"]
    assert (tmp_path / ROOT / "12" / "a.json.gz").read_bytes() == b"whole"


def test_a_key_that_would_lead_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    stage = deployed({f"{ROOT}/12/../../../../../../../out.json.gz": b"1"})
    with pytest.raises(UnreadableError, match="no key of Bedrock's"):
        download(stage, tmp_path / "folder", SINCE, UNTIL, lambda *_: None)
    assert not stage.bucket.fetched


def test_a_long_time_is_listed_hour_by_hour_without_a_gap(tmp_path: Path) -> None:
    hours = [SINCE + timedelta(hours=number) for number in range(50)]
    root = ROOT.removesuffix("2026/10/07")
    stage = deployed({f"{root}{at:%Y/%m/%d/%H}/1.json.gz": b"1" for at in hours})

    download(stage, tmp_path, hours[0], hours[-1], lambda *_: None)

    assert sorted(stage.bucket.fetched) == sorted(set(stage.bucket.fetched))
    assert len(stage.bucket.fetched) == len(hours)
