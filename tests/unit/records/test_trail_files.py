"""CloudTrail's log files: what is read of them, and what of damaged ones."""

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.trail_event import TrailEvent
from claude_bedrock.records.trail_files import TrailFiles, UnreadableFile, read_file
from claude_bedrock.records.trail_source import TrailSource, from_json
from tests.unit.records.trail_bucket import ACCOUNT, BUCKET, TrailS3, event

AT = datetime(2026, 11, 25, 23, 58, 30, tzinfo=UTC)


class Slices(io.BytesIO):
    """A body that arrives in slices of a few bytes."""

    def __init__(self, content: bytes, size: int) -> None:
        super().__init__(content)
        self._slice = size

    def read(self, size: int | None = -1, /) -> bytes:
        most = self._slice if size is None or size < 0 else min(size, self._slice)
        return super().read(most)


def _read(content: bytes | IO[bytes]) -> list[TrailEvent | UnreadableFile]:
    body = io.BytesIO(content) if isinstance(content, bytes) else content
    return list(read_file("s3://b/k", body))


def _file(*events: object) -> bytes:
    return gzip.compress(json.dumps({"Records": events}).encode())


def test_an_event_says_which_call_it_is_of() -> None:
    routed = event("r1", AT, additionalEventData={"inferenceRegion": "eu-west-1"})
    refused = event("r2", AT, errorCode="ThrottlingException", eventName="ConverseStream")
    (first, second) = _read(_file(routed, {"eventSource": "s3.amazonaws.com"}, refused))
    assert first == TrailEvent(
        request_id="r1",
        at=AT.timestamp(),
        operation="InvokeModel",
        account=ACCOUNT,
        region="eu-central-1",
        principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/caller/anna",
        model_id="eu.anthropic.claude-haiku-4-5-20251001-v1:0",
        error_code="",
        answered_in="eu-west-1",
    )
    assert isinstance(second, TrailEvent)
    assert (second.error_code, second.answered_in) == ("ThrottlingException", "eu-central-1")


@given(st.integers(1, 4000))
def test_events_are_read_however_the_file_arrives(size: int) -> None:
    content = _file(*(event(f"é{number}", AT) for number in range(40)))
    assert _read(Slices(content, size)) == _read(content)
    assert len(_read(content)) == 40


def test_an_event_longer_than_a_chunk_is_read() -> None:
    long = event("r1", AT, userAgent="x" * 200_000)
    assert len(_read(_file(event("r0", AT), long, event("r2", AT)))) == 3


@pytest.mark.parametrize(
    ("content", "events"),
    [
        (b"no gzip", 0),
        (_file(event("r1", AT))[:-4], 1),
        (gzip.compress(b""), 0),
        (gzip.compress(b"[]"), 0),
        (gzip.compress(b'{"Records": [1]}'), 0),
        (gzip.compress(b'{"Records": [\xff]}'), 0),
        (gzip.compress(b'{"Records": [' + b'{"a":' * 100_000), 0),
        (gzip.compress(b'{"Records": [{"a": "' + b"x" * 6_000_000), 0),
        (gzip.compress(json.dumps({"Records": [event("r1", AT)]}).encode()[:-2]), 1),
        (_file(event("r1", AT), event("", AT), event("r3", AT)), 2),
        (_file(event("r1", AT, eventTime="yesterday")), 0),
    ],
)
def test_what_cannot_be_read_is_named_beside_what_can(content: bytes, events: int) -> None:
    read = _read(content)
    assert sum(isinstance(item, TrailEvent) for item in read) == events
    (fault,) = (item for item in read if isinstance(item, UnreadableFile))
    assert fault.source == "s3://b/k"
    assert fault.fault


@given(st.binary() | st.binary().map(gzip.compress))
def test_no_content_ends_the_reading(content: bytes) -> None:
    assert all(isinstance(item, UnreadableFile) for item in _read(content))


@pytest.mark.parametrize(
    ("settings", "root"),
    [
        ({}, f"AWSLogs/{ACCOUNT}/CloudTrail/"),
        (
            {"prefix": "audit/", "organization": "o-abcdefghij"},
            f"audit/AWSLogs/o-abcdefghij/{ACCOUNT}/CloudTrail/",
        ),
    ],
)
def test_files_of_the_time_are_read_of_all_regions(settings: dict[str, str], root: str) -> None:
    source = from_json(json.dumps({"bucket": BUCKET, **settings}))
    assert source is not None
    s3, read = TrailS3(), Fingerprint()
    keys = [
        s3.deliver([event(name, AT)], AT + timedelta(minutes=later), region=region, source=source)
        for name, later, region in (
            ("early", -10, "eu-central-1"),
            ("due", 0, "eu-central-1"),
            ("next day", 5, "eu-central-1"),
            ("elsewhere", 4, "us-east-1"),
            ("late", 9, "us-east-1"),
        )
    ]
    s3.objects[f"{keys[0]}.digest"] = b""
    assert all(key.startswith(root) for key in keys)
    events = TrailFiles(source, s3).events([ACCOUNT, "1"], AT, AT + timedelta(minutes=5), read)
    assert [event.request_id for event in events if isinstance(event, TrailEvent)] == [
        *("due", "next day", "elsewhere"),
    ]
    assert read.as_data()["count"] == 3


def test_a_stage_without_a_trail_has_no_source() -> None:
    assert from_json("") is None
    assert TrailSource(BUCKET).root(ACCOUNT) == f"AWSLogs/{ACCOUNT}/CloudTrail/"
