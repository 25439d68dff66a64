"""An hour names each record in CloudWatch Logs that it rests on, by the SHA-256 of its message."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from claude_bedrock.records.invocation_records import STREAM
from claude_bedrock.verification import digest_list
from claude_bedrock.verification.digest_list import DigestList, SealedList, read_list
from claude_bedrock.verification.evidence_bucket import SealedFile, key_of_hour
from claude_bedrock.verification.record_check import LineOfRecord, RecordCheck, check_records
from claude_bedrock.verification.record_digests import LOG_EVENTS, milliseconds, record_line
from tests.verification.test_handler import (
    BUCKET,
    CONTEXT,
    ENVIRONMENT,
    HOUR,
    NOW,
    Account,
    account,
    run_at,
)
from verification import handler

__all__ = ["account"]

GROUP = {"logGroupName": "/invocations", "logStreamName": STREAM}
GREETING = "Permissions are correctly set for Amazon Bedrock logs."


@pytest.fixture
def sealed(account: Account) -> Account:
    """With two calls of the hour, one before it, and a line that is no record."""
    account._log("/invocations", GREETING, HOUR + timedelta(minutes=1))
    for request_id, minutes in (("before", -9), ("first", 30), ("second", 59)):
        moment = HOUR + timedelta(minutes=minutes)
        account.called(request_id, moment)
        account.recorded(request_id, moment)
    run_at(NOW)
    return account


def events(account: Account) -> list[dict[str, Any]]:
    found = account.logs.filter_log_events(logGroupName="/invocations")["events"]
    return [event for event in found if event["message"] != GREETING]


def checked(account: Account, **fields: Any) -> RecordCheck:  # noqa: ANN401 - JSON
    records = handler._work(ENVIRONMENT, CONTEXT.invoked_function_arn).stage.records
    file = account.evidence().read(key_of_hour(HOUR))
    file = file._replace(entries=({**file.entries[0], **fields}, *file.entries[1:]))

    def read(file: SealedFile, _: SealedList) -> Iterator[LineOfRecord]:
        for event, request_id in records.log_events(file.since, file.until):  # type: ignore[attr-defined]
            yield record_line(event, request_id)

    return check_records(account.evidence(), [file], read)


def rewritten(account: Account, kept: list[dict[str, Any]]) -> None:
    """Have the stream hold these events alone, as who may delete and write it can."""
    account.logs.delete_log_stream(**GROUP)
    account.logs.create_log_stream(**GROUP)
    lines = [{name: event[name] for name in ("timestamp", "message")} for event in kept]
    account.logs.put_log_events(**GROUP, logEvents=lines)


def test_an_hour_has_a_line_for_each_record_of_its_own(sealed: Account) -> None:
    about = sealed.entries(key_of_hour(HOUR))[0]["log_events"]
    packed = sealed.s3.get_object(Bucket=BUCKET, Key=about["key"])["Body"].read()
    *lines, end = [json.loads(line) for line in gzip.decompress(packed).splitlines()]

    assert about["key"].startswith(f"{LOG_EVENTS}{HOUR:%Y/%m/%d/%H}0000Z-")
    assert about["sha256"] == hashlib.sha256(packed).hexdigest()
    assert (about["records"], end["records"]) == (2, 2)
    own = [event for event in events(sealed) if event["timestamp"] >= milliseconds(HOUR)]
    assert sorted(lines, key=lambda line: str(line["request_id"])) == [
        {
            "event_id": event["eventId"],
            "at": event["timestamp"],
            "request_id": request_id,
            "sha256": hashlib.sha256(event["message"].encode()).hexdigest(),
        }
        for request_id, event in zip(("first", "second"), own, strict=True)
    ]


def test_records_that_are_there_are_what_was_read(sealed: Account) -> None:
    result = checked(sealed)

    assert (result.holds, result.is_complete, result.unchanged, result.new) == (True, True, 2, ())


def test_a_deleted_record_is_missing_and_a_rewritten_one_is_new(sealed: Account) -> None:
    _, first, second = events(sealed)
    rewritten(sealed, [{**first, "message": first["message"].replace("secret", "other")}])

    result = checked(sealed)

    assert not result.holds
    assert result.unchanged == 0
    assert {name.partition(",")[0] for name in result.missing} == {"first", "second"}
    assert [name.partition(",")[0] for name in result.new] == ["first"]
    assert second["eventId"] in "".join(result.missing)


def test_a_list_that_was_changed_is_broken_and_an_older_version_names_none(
    sealed: Account,
) -> None:
    assert checked(sealed, log_events=None).without == 1
    assert not checked(sealed, log_events=None).is_complete
    key = sealed.entries(key_of_hour(HOUR))[0]["log_events"]["key"]
    sealed.s3.put_object(Bucket=BUCKET, Key=key, Body=gzip.compress(b"{}"))

    assert checked(sealed).broken == (f"{key} is not what was sealed",)
    assert not checked(sealed).holds


def test_a_long_list_is_on_disk_and_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def content(most: int) -> tuple[bytes, dict[str, Any]]:
        monkeypatch.setattr(digest_list, "_IN_MEMORY", most)
        made = DigestList()
        for number in range(5000):
            made.add({"event_id": hashlib.sha256(b"%d" % number).hexdigest()})
        file, about = made.finish({"records": 5000})
        read = file.read()
        made.close()
        return read, about

    assert content(1 << 30) == content(1 << 10)
    packed, about = content(1 << 10)
    assert len(list(read_list(packed, about["sha256"], "key"))) == 5000
