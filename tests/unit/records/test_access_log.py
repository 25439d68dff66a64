"""What API Gateway's access log says of requests whose audit entry was lost."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from claude_bedrock.records.access_log import find_requests

GROUP = "/claude-on-bedrock/dev/access"
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        make: Any = boto3.client
        yield make("logs", region_name="eu-central-1")


def test_each_request_has_its_sentence(logs: Any) -> None:  # noqa: ANN401 - boto3's client
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    lines = [
        json.dumps({"requestId": "g1", "status": "504"}),
        "no JSON",
        json.dumps(["g2"]),
        json.dumps({"requestId": "g3", "status": "200"}),
    ]
    at = int(NOW.timestamp() * 1000)
    events = [{"timestamp": at, "message": line} for line in lines]
    logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)

    assert find_requests(logs, GROUP, {"g1", "g2"}, NOW - HOUR, NOW + HOUR) == {
        "g1": "API Gateway answered its request g1 with 504",
        "g2": "API Gateway's access log has no request g2",
    }


def test_a_log_that_cannot_be_read_is_not_empty(logs: Any) -> None:  # noqa: ANN401 - boto3's client
    result = find_requests(logs, GROUP, ["g1"], NOW - HOUR, NOW)
    assert result == {
        "g1": "API Gateway's access log could not be read (ResourceNotFoundException)"
    }
