"""What is on record of a call, in both places."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from claude_bedrock.cli.logs.call_records import CallRecords, find
from claude_bedrock.cli.shared.record_sources import records_of
from claude_bedrock.records.invocation_records import Records
from tests.integration.deployed.deployment import Deployment, eventually


@pytest.fixture
def records(deployment: Deployment) -> Records:
    return records_of(deployment.stage())


def recorded(records: Records, request_id: str) -> CallRecords:
    def read_records() -> CallRecords | None:
        call_records = find(records, request_id, hours=1)
        return call_records if call_records.complete else None

    return eventually(read_records)


def both(call_records: CallRecords) -> list[dict[str, Any]]:
    assert call_records.in_logs is not None
    assert call_records.in_s3 is not None
    return [dict(call_records.in_logs), dict(call_records.in_s3.record)]


@pytest.mark.parametrize("stream", [False, True])
def test_both_records_carry_the_clients_request_id_and_the_callers_key(
    deployment: Deployment, records: Records, stream: bool
) -> None:
    answer = deployment.ask("What is recorded?", stream=stream)
    request_id = answer.headers["request-id"]
    keys = json.loads(deployment.output("Gateway", "ApiKeyIds"))
    role = deployment.output("Gateway", "CallerRoleArn")

    for record in both(recorded(records, request_id)):
        assert record["requestId"] == request_id
        assert record["requestMetadata"] == {
            "api_key_id": keys["default"],
            "api_key_name": "default",
            "gateway_request_id": answer.headers["x-amzn-requestid"],
        }
        assert record["operation"] == f"InvokeModel{'WithResponseStream' if stream else ''}"
        assert record["identity"]["arn"].split("/")[1] == role.rpartition("/")[2]
        content = record["input"]["inputBodyJson"]["messages"][0]["content"]
        assert content == "What is recorded?"
        assert isinstance(record["output"]["outputBodyJson"], list if stream else dict)


def test_what_a_client_sends_as_request_metadata_does_not_pass_as_ours(
    deployment: Deployment, records: Records
) -> None:
    forged = json.dumps({"api_key_name": "somebody else"})
    headers = {
        "x-api-key": deployment.key,
        "content-type": "application/json",
        "x-amzn-bedrock-request-metadata": forged,
    }
    body = {
        "model": "claude-sonnet-4-5",
        "max_tokens": 10,
        "messages": [{"role": "user", "content": "Hi"}],
    }

    answer = deployment.call("POST", "/v1/messages", json.dumps(body).encode(), headers)

    for record in both(recorded(records, answer.headers["request-id"])):
        assert record["requestMetadata"]["api_key_name"] == "default"


def test_a_large_prompt_is_in_an_object_that_the_record_names(
    deployment: Deployment, records: Records
) -> None:
    prompt = "All of this is kept. " * 7500
    answer = deployment.ask(prompt)

    call_records = recorded(records, answer.headers["request-id"])

    for record in both(call_records):
        assert "inputBodyJson" not in record["input"]
        bucket, _, key = record["input"]["inputBodyS3Path"].removeprefix("s3://").partition("/")
        stored = deployment.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        content = json.loads(gzip.decompress(stored))["messages"][0]["content"]
        assert content == prompt


def test_a_call_that_is_never_delivered_is_missed(deployment: Deployment, records: Records) -> None:
    lost = deployment.ask("[[fault: no_delivery]]").headers["request-id"]
    request_id = deployment.ask("Hi").headers["request-id"]
    recorded(records, request_id)

    assert find(records, lost, hours=1) == CallRecords(None, None)


def test_a_failed_call_is_on_record_too(deployment: Deployment, records: Records) -> None:
    answer = deployment.ask("[[fault: throttle]]")

    for record in both(recorded(records, answer.headers["request-id"])):
        assert record["errorCode"] == "ThrottlingException"


def test_nothing_is_a_finding_before_its_time(deployment: Deployment, records: Records) -> None:
    request_id = deployment.ask("Hi").headers["request-id"]
    recorded(records, request_id)
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    assert records.in_logs(request_id, tomorrow) is None
    assert records.in_s3(request_id, tomorrow, tomorrow) is None


def test_the_access_log_names_the_request_and_the_key(deployment: Deployment) -> None:
    answer = deployment.ask("secret-prompt")
    group = deployment.output("Gateway", "AccessLogGroupName")
    logs = deployment.client("logs")

    def read_entry() -> str | None:
        pattern = f'"{answer.headers["x-amzn-requestid"]}"'
        events = logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]
        return events[0]["message"] if events else None

    line = eventually(read_entry)

    assert "secret-prompt" not in line
    entry = json.loads(line)
    assert entry["apiKeyId"] == json.loads(deployment.output("Gateway", "ApiKeyIds"))["default"]
    assert (str(entry["status"]), entry["path"]) == ("200", "/local/v1/messages")
