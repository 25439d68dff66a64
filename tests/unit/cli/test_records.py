"""Which of the lines and objects is the record of a call."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from claude_bedrock.cli.logs.call_records import find
from claude_bedrock.records.destinations import Destinations
from claude_bedrock.records.invocation_records import STREAM, Records
from claude_bedrock.records.window import UnreadableError

NOW = datetime.now(UTC)
DESTINATIONS = Destinations("123456789012", "us-east-1", "/invocations", "the-bucket")


class Account:
    """An account with the two destinations, and what Bedrock would write there."""

    def __init__(self) -> None:
        self.logs: Any = boto3.client("logs", region_name="us-east-1")
        self.s3: Any = boto3.client("s3", region_name="us-east-1")
        self.logs.create_log_group(logGroupName=DESTINATIONS.log_group)
        self.logs.create_log_stream(logGroupName=DESTINATIONS.log_group, logStreamName=STREAM)
        self.s3.create_bucket(Bucket=DESTINATIONS.bucket)

    def records(self, prefix: str = "") -> Records:
        return Records(DESTINATIONS._replace(prefix=prefix), logs=self.logs, s3=self.s3)

    def log(self, *lines: str) -> None:
        events = [{"timestamp": int(NOW.timestamp() * 1000), "message": line} for line in lines]
        self.logs.put_log_events(
            logGroupName=DESTINATIONS.log_group, logStreamName=STREAM, logEvents=events
        )

    def store(self, name: str, *lines: str, at: datetime = NOW) -> str:
        key = f"{DESTINATIONS.root}{at:%Y/%m/%d/%H}/{name}"
        body = gzip.compress("\n".join(lines).encode()) if lines else b""
        self.s3.put_object(Bucket=DESTINATIONS.bucket, Key=key, Body=body)
        return key


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield Account()


def record(request_id: str, **fields: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps({"requestId": request_id, "timestamp": f"{NOW:%Y-%m-%dT%H:%M:%SZ}", **fields})


def test_both_are_read_among_lines_that_are_no_records_or_only_quote_the_id(
    account: Account,
) -> None:
    quoting = record("other", input={"inputBodyJson": "wanted"})
    account.log("Permissions are correctly set for wanted logs.", quoting, record("wanted"))
    account.store("amazon-bedrock-logs-permission-check")
    account.store("data/wanted_input.json.gz", "wanted")
    key = account.store("1.json.gz", quoting, record("wanted", a=1))

    records = find(account.records(), "wanted", hours=1)

    assert records.complete
    assert records.in_logs is not None
    assert records.in_logs["requestId"] == "wanted"
    assert records.in_s3 is not None
    assert (records.in_s3.record["a"], records.in_s3.key) == (1, key)


def test_a_record_in_one_destination_only_is_not_complete(account: Account) -> None:
    account.log(record("wanted"))

    assert not find(account.records(), "wanted", hours=1).complete


def test_only_the_requested_hours_are_searched(account: Account) -> None:
    records, before = account.records(), NOW - timedelta(hours=5)
    account.store("old.json.gz", record("wanted"), at=before)

    assert records.in_s3("wanted", NOW - timedelta(hours=2), NOW) is None
    assert records.in_s3("wanted", before, NOW) is not None


def test_an_object_that_was_complete_before_the_call_is_not_fetched(account: Account) -> None:
    """As much before as two clocks may differ; what is broken in it is then nobody's concern."""
    records, later = account.records(), datetime.now(UTC) + timedelta(minutes=10)
    key = f"{DESTINATIONS.root}{later:%Y/%m/%d/%H}/0.json.gz"
    account.s3.put_object(Bucket=DESTINATIONS.bucket, Key=key, Body=b"no gzip")

    assert records.in_s3("wanted", later, later) is None
    with pytest.raises(UnreadableError, match="is no whole gzip file, and may hold the record"):
        records.in_s3("wanted", NOW, later)


def test_under_a_prefix_of_anothers_only_that_is_searched(account: Account) -> None:
    key = f"theirs/{account.store('1.json.gz')}"
    body = gzip.compress(record("wanted").encode())
    account.s3.put_object(Bucket=DESTINATIONS.bucket, Key=key, Body=body)
    since, until = NOW - timedelta(hours=1), NOW

    assert account.records().in_s3("wanted", since, until) is None
    records = account.records(prefix="theirs/").in_s3("wanted", since, until)
    assert records is not None
    assert records.key == key


def test_a_body_is_read_from_the_record_or_from_where_it_points(account: Account) -> None:
    records = account.records()
    key = account.store("data/x_input.json.gz", json.dumps({"large": True}))

    assert records.body({"inputBodyJson": {"small": True}}, "input") == {"small": True}
    path = {"inputBodyS3Path": f"s3://{DESTINATIONS.bucket}/{key}"}
    assert records.body(path, "input") == {"large": True}
    assert records.body({}, "input") is None


def test_a_number_of_any_length_makes_no_record_unreadable(account: Account) -> None:
    digits = "7" * 5_000
    account.store("1.json.gz", f'{{"requestId": "wanted", "input": {digits}}}')

    record = find(account.records(), "wanted", hours=1).in_s3

    assert record is not None
    assert record.record["input"] == digits


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b"{}")[:-9], gzip.compress(b"{")],
    ids=["not gzip", "cut", "half a JSON text"],
)
def test_a_body_that_cannot_be_read_is_named_and_not_quoted(
    account: Account, content: bytes
) -> None:
    account.s3.put_object(Bucket=DESTINATIONS.bucket, Key="data/x", Body=content)
    path = f"s3://{DESTINATIONS.bucket}/data/x"

    with pytest.raises(UnreadableError, match=f"{path} holds no JSON"):
        account.records().read_body(path)


@pytest.mark.parametrize("path", [f"s3://{DESTINATIONS.bucket}/gone", "s3://nowhere/gone"])
def test_a_body_that_is_not_there_is_named(account: Account, path: str) -> None:
    with pytest.raises(UnreadableError, match=f"{path} is not there"):
        account.records().body({"inputBodyS3Path": path}, "input")


def test_a_damaged_object_does_not_hide_a_record_in_another(account: Account) -> None:
    damaged = account.store("0.json.gz")
    account.s3.put_object(Bucket=DESTINATIONS.bucket, Key=damaged, Body=b"no gzip")
    key = account.store("1.json.gz", "no JSON about wanted", record("wanted"))

    records = account.records().in_s3("wanted", NOW - timedelta(hours=1), NOW)

    assert records is not None
    assert records.key == key
