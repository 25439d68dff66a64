"""What is found of a call, and which failure that is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from canary.questions import LARGE_BYTES, Question, questions
from canary.record_check import PAUSES, Failure, Sent, missing_records
from claude_bedrock.records.invocation_records import Record, Stored

NOW = datetime.now(UTC)
SMALL, LARGE = questions("claude-haiku-4-5")
PATHS = ("input", "s3://bucket/input"), ("output", "s3://bucket/output")


class Account:
    """Where records are kept, by request id, and objects by path."""

    def __init__(self) -> None:
        self.logs: dict[str, Record] = {}
        self.s3: dict[str, Record] = {}
        self.objects: dict[str, object] = {}
        self.broken = False

    def in_logs(self, request_id: str, since: datetime) -> Record | None:
        assert since == NOW
        return self.logs.get(request_id)

    def in_s3(self, request_id: str, since: datetime, until: datetime) -> Stored | None:
        assert (since, until) == (NOW, NOW + timedelta(seconds=1))
        result = self.s3.get(request_id)
        return None if result is None else Stored(result, "bucket", "key")

    def is_stored(self, path: str) -> bool:
        return path in self.objects

    def body(self, side: Mapping[str, Any], name: str) -> object:
        if self.broken:
            raise ValueError("its text quotes the body")
        path = side.get(f"{name}BodyS3Path")
        return self.objects[path] if path else side.get(f"{name}BodyJson")


def sent(question: Question) -> Sent:
    return Sent(question, f"id-{question.size}", NOW, NOW + timedelta(seconds=1))


def as_recorded(question: Question) -> dict[str, Any]:
    """As Bedrock is asked it: the model is in the URL, and the version in the body."""
    rest = {key: value for key, value in question.body.items() if key != "model"}
    return {"anthropic_version": "bedrock-2023-05-31", **rest}


@pytest.fixture
def account() -> Account:
    """Both calls whole in both places, the larger by reference."""
    made = Account()
    answer = {"content": [{"type": "text", "text": "yes"}]}
    small = {
        "input": {"inputBodyJson": as_recorded(SMALL)},
        "output": {"outputBodyJson": answer},
    }
    large = {side: {f"{side}BodyS3Path": path} for side, path in PATHS}
    for location in (made.logs, made.s3):
        location.update({"id-small": small, "id-large": large})
    made.objects = {"s3://bucket/input": as_recorded(LARGE), "s3://bucket/output": answer}
    return made


def check(account: Account, *pauses: float) -> list[Failure]:
    return missing_records([sent(SMALL), sent(LARGE)], account, pauses, sleep=lambda _: None)


def steps(failures: list[Failure]) -> set[tuple[str, str, str]]:
    return {(failure.size, failure.step, failure.why) for failure in failures}


def test_the_larger_question_is_beyond_what_is_recorded_inline() -> None:
    (message,) = LARGE.body["messages"]
    assert len(message["content"]) == LARGE_BYTES > 100 * 1024


def test_nothing_is_missing_where_both_are_complete_in_both_destinations(account: Account) -> None:
    assert check(account) == []


def test_a_record_that_is_in_neither_or_one_destination(account: Account) -> None:
    del account.logs["id-small"], account.logs["id-large"], account.s3["id-large"]

    failures = check(account)

    assert steps(failures) == {
        ("small", "CloudWatch Logs", "no record"),
        ("large", "CloudWatch Logs", "no record"),
        ("large", "S3", "no record"),
    }
    assert {failure.request_id for failure in failures} == {"id-small", "id-large"}


@pytest.mark.parametrize(("side", "path"), PATHS)
def test_a_record_that_refers_to_nothing(account: Account, side: str, path: str) -> None:
    del account.objects[path]

    assert steps(check(account)) == {
        ("large", "body", f"{location}: the object of the {side} is missing")
        for location in ("CloudWatch Logs", "S3")
    }


def test_a_record_without_prompt_or_completion(account: Account) -> None:
    account.logs["id-small"] = {"input": {}, "output": {"outputBodyJson": {"content": []}}}
    account.s3["id-small"] = {"input": {"inputBodyJson": as_recorded(SMALL)}}
    account.objects["s3://bucket/input"] = as_recorded(SMALL)

    assert steps(check(account)) == {
        ("small", "body", "CloudWatch Logs: the input is not what was asked"),
        ("small", "body", "S3: no output"),
        ("large", "body", "CloudWatch Logs: the input is not what was asked"),
        ("large", "body", "S3: the input is not what was asked"),
    }


def test_a_body_that_cannot_be_read_is_reported_without_its_text(account: Account) -> None:
    account.broken = True

    failures = check(account)

    assert {failure.step for failure in failures} == {"body"}
    assert "quotes" not in str(failures)


def test_what_arrives_late_is_waited_for_and_no_longer_than_that(account: Account) -> None:
    late, slept = account.s3.pop("id-large"), list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            account.s3["id-large"] = late

    assert missing_records([sent(LARGE)], account, PAUSES, sleep) == []
    assert slept == list(PAUSES[:3])
    account.s3.clear()
    assert len(missing_records([sent(LARGE)], account, PAUSES, sleep)) == 1
    assert slept[3:] == list(PAUSES)
    assert sum(PAUSES) == 600
