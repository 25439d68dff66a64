"""What the checks of Bedrock's own Messages path make of records and refusals."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from botocore.credentials import Credentials

from claude_bedrock.cli.smoke import messages_path, runner
from claude_bedrock.cli.smoke.http_call import Response
from tests.unit.cli.smoke.fakes import ENTRY, RECORD, MadeUp, refusal, response

BY_PATH = {**ENTRY, "upstream": "messages"}


class TwoRecords:
    """The records of the call by the path and of that by InvokeModel, in the order of looking."""

    def __init__(self, *records: dict[str, Any] | None) -> None:
        self._records = list(records)

    def in_logs(self, _request_id: str, _since: object) -> dict[str, Any] | None:
        return self._records.pop(0)


@pytest.mark.parametrize(
    ("changes", "verdict", "text"),
    [
        ({}, "pass", "alike"),
        ({"operation": "Messages"}, "fail", "operation"),
        ({"requestMetadata": {}}, "fail", "metadata"),
        ({"identity": {"arn": "arn:aws:iam::123456789012:user/u"}}, "fail", "has_identity"),
    ],
)
def test_the_records_of_both_ways_are_compared(
    changes: dict[str, Any], verdict: str, text: str
) -> None:
    records = TwoRecords({**RECORD, **changes}, {**RECORD, "requestId": "another"})
    subject = MadeUp(message=response(), invoked=response(), records=records)
    finding = messages_path.judge_record(subject)
    assert (finding.verdict, text in finding.text) == (verdict, True)


def test_a_call_without_a_record_fails() -> None:
    subject = MadeUp(message=response(), invoked=response(), records=TwoRecords(None, RECORD))
    assert "no record of the call by its Messages path" in messages_path.judge_record(subject).text


@pytest.mark.parametrize(
    ("by_invoke", "verdict"),
    [
        (refusal(400, "invalid_request_error"), "pass"),
        (refusal(429, "invalid_request_error"), "fail"),
        (refusal(400, "api_error"), "fail"),
    ],
)
def test_the_refusals_of_both_ways_are_compared(by_invoke: Response, verdict: str) -> None:
    refused = refusal(400, "invalid_request_error")
    subject = MadeUp(refused=refused, refused_by_invoke=by_invoke)
    assert messages_path.judge_errors(subject).verdict == verdict


@pytest.mark.parametrize(
    ("status", "text", "verdict"),
    [
        (400, "The guardrail identifier or version provided does not exist.", "pass"),
        (400, "messages: at least one message is required", "not assessed"),
        (403, "User is not authorized", "not assessed"),
    ],
)
def test_a_guardrail_that_does_not_exist_is_named_by_who_reads_it(
    monkeypatch: pytest.MonkeyPatch, status: int, text: str, verdict: str
) -> None:
    sent: list[dict[str, Any]] = []

    def post(url: str, **options: Any) -> httpx2.Response:  # noqa: ANN401
        sent.append({"url": url, **options})
        return httpx2.Response(status, text=text)

    monkeypatch.setattr(httpx2, "post", post)
    subject = MadeUp(entry={**BY_PATH, "model_id": "global.m"}, message=response())
    credentials = Credentials("AKIA", "secret")
    monkeypatch.setattr(type(subject.deployment), "session", _Session(credentials))
    assert messages_path.judge_guardrail(subject).verdict == verdict
    assert sent[0]["json"] == {"model": "global.m", "max_tokens": 1, "messages": []}
    assert sent[0]["headers"]["x-amzn-bedrock-guardrailversion"] == "1"


class _Session:
    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def get_credentials(self) -> Credentials:
        return self._credentials


@pytest.mark.parametrize(("entry", "count"), [(ENTRY, 0), (BY_PATH, 3)])
def test_only_a_stage_whose_messages_go_that_way_is_checked(
    monkeypatch: pytest.MonkeyPatch, entry: dict[str, Any], count: int
) -> None:
    monkeypatch.setattr(runner, "CHECKS", messages_path.CHECKS)
    subject = MadeUp(entry=entry, message=response())
    subject.__dict__["records"] = TwoRecords(RECORD, RECORD)
    subject.__dict__.update(invoked=response(), refused=response(), refused_by_invoke=response())
    monkeypatch.setattr(type(subject.deployment), "session", _Session(None))  # type: ignore[arg-type]
    assert len(list(runner.run(subject))) == count
