"""What the check of the endpoint `bedrock-mantle` makes of its answers, and of a record."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from botocore.credentials import Credentials

from claude_bedrock.cli.smoke import mantle_endpoint
from tests.unit.cli.smoke.fakes import RECORD, REQUEST_ID, MadeUp, MadeUpRecords, response

ANSWER = '{"type": "message", "stop_reason": "end_turn"}'


class _Session:
    def get_credentials(self) -> Credentials:
        return Credentials("AKIA", "secret")


@pytest.mark.parametrize(
    ("answer", "record", "verdict", "words"),
    [
        ((200, ANSWER), None, "pass", "off the record"),
        ((200, ANSWER), RECORD, "fail", "recorded the call"),
        ((403, "denied"), None, "not assessed", "denies you the call"),
        ((200, "UnknownOperationException"), None, "not assessed", "no model ran"),
        ((404, "no such model"), None, "not assessed", "no model ran"),
    ],
)
def test_only_an_answered_call_shows_whether_there_is_a_record(
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[int, str],
    record: dict[str, Any] | None,
    verdict: str,
    words: str,
) -> None:
    sent: list[str] = []

    def post(url: str, **options: Any) -> httpx2.Response:  # noqa: ANN401
        sent.extend((url, options["json"]["model"]))
        status, text = answer
        return httpx2.Response(status, text=text, headers={"request-id": REQUEST_ID})

    monkeypatch.setattr(httpx2, "post", post)
    subject = MadeUp(message=response(), records=MadeUpRecords(record))
    monkeypatch.setattr(type(subject.deployment), "session", _Session())

    finding = mantle_endpoint.judge_record(subject)

    assert (finding.verdict, words in finding.text) == (verdict, True)
    assert sent == [
        "https://bedrock-mantle.us-east-1.api.aws/anthropic/v1/messages",
        "anthropic.claude-haiku-4-5",
    ]


def test_an_endpoint_that_cannot_be_reached_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def post(*_: object, **_options: object) -> httpx2.Response:
        raise httpx2.ConnectError("no such host: secret.internal")

    monkeypatch.setattr(httpx2, "post", post)
    subject = MadeUp(message=response(), records=MadeUpRecords())
    monkeypatch.setattr(type(subject.deployment), "session", _Session())

    finding = mantle_endpoint.judge_record(subject)

    assert finding.text == "The endpoint could not be called: ConnectError."
    assert finding.verdict == "not assessed"
