"""Records have the fields, keys and split that AWS documents."""

import gzip
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.bedrock import records
from local.bedrock.destinations import S3Destination
from local.bedrock.invocation import Attachment, Invocation
from local.bedrock.tokens import Usage

AT = datetime(2026, 11, 23, 4, 5, 6, 7_999, tzinfo=UTC)
CALL = Invocation(
    request_id="0d9e7a52-0000-4000-8000-000000000000",
    at=AT,
    account="123456789012",
    region="us-east-1",
    caller_arn="arn:aws:sts::123456789012:assumed-role/gateway/session",
    operation="InvokeModel",
    model_id="us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    input=b'{"max_tokens": 9}',
    metadata={"api_key_name": "dev"},
    inference_region="us-west-2",
    output=b'{"role":"assistant"}',
    usage=Usage(12, 5, 3, 1, 7),
)
LARGE = S3Destination("logs", "large-data")
HOUR = "AWSLogs/123456789012/BedrockModelInvocationLogs/us-east-1/2026/11/23/04"


def fields_of(call: Invocation, *, bodies: bool = True, large: S3Destination | None = LARGE) -> Any:  # noqa: ANN401
    return json.loads(records.record(call, bodies=bodies, large=large).line)


def test_a_record_has_the_documented_fields() -> None:
    assert fields_of(CALL) == {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-11-23T04:05:06Z",
        "accountId": "123456789012",
        "identity": {"arn": "arn:aws:sts::123456789012:assumed-role/gateway/session"},
        "region": "us-east-1",
        "inferenceRegion": "us-west-2",
        "requestId": "0d9e7a52-0000-4000-8000-000000000000",
        "operation": "InvokeModel",
        "modelId": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "requestMetadata": {"api_key_name": "dev"},
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {"max_tokens": 9},
            "inputTokenCount": 12,
            "cacheReadInputTokenCount": 5,
            "cacheWriteInputTokenCount": 4,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": {"role": "assistant"},
            "outputTokenCount": 7,
        },
    }


def test_a_stream_is_logged_as_the_array_of_its_events() -> None:
    streamed = replace(CALL, output=None, output_events=[b'{"type":"a"}', b'{"type":"b"}'])
    assert fields_of(streamed)["output"]["outputBodyJson"] == [{"type": "a"}, {"type": "b"}]


def test_a_failed_call_has_an_error_code_and_no_output() -> None:
    failed = replace(CALL, output=None, usage=None, metadata=None, error="ThrottlingException")
    fields = fields_of(failed)
    assert fields["errorCode"] == "ThrottlingException"
    assert fields.keys().isdisjoint({"output", "requestMetadata"})
    assert "inputTokenCount" not in fields["input"]


@pytest.mark.parametrize(
    "broken", [b"", b"{", b'{"a": NaN}', b'{"a": 1e999}', b"\xff", b"[" * 100_000]
)
def test_an_input_that_is_no_json_is_left_out(broken: bytes) -> None:
    assert "inputBodyJson" not in fields_of(replace(CALL, input=broken))["input"]


def test_a_lone_surrogate_does_not_stop_a_record() -> None:
    assert fields_of(replace(CALL, input=b'"\\ud800"'))["input"]["inputBodyJson"] == "?"


def test_without_bodies_a_record_still_counts_and_names() -> None:
    fields = fields_of(CALL, bodies=False)
    assert fields["input"]["inputTokenCount"] == 12
    assert "inputBodyJson" not in fields["input"]
    assert "outputBodyJson" not in fields["output"]


@given(st.integers(-2, 2))
def test_a_body_over_100_kb_stands_beside_its_record(beyond: int) -> None:
    body = json.dumps("x" * (100 * 1024 - 2 + beyond)).encode()
    record = records.record(replace(CALL, input=body), bodies=True, large=LARGE)
    side = json.loads(record.line)["input"]
    if beyond <= 0:
        assert (side["inputBodyJson"], record.objects) == (json.loads(body), ())
        return
    [stored] = record.objects
    assert "inputBodyJson" not in side
    assert side["inputBodyS3Path"] == f"s3://{stored.bucket}/{stored.key}"
    assert stored.key == f"large-data/{HOUR}/data/{CALL.request_id}_input.json.gz"
    assert gzip.decompress(stored.content) == body


def test_a_large_output_is_named_as_such() -> None:
    large = replace(CALL, output=b'"' + b"y" * 200_000 + b'"')
    record = records.record(large, bodies=True, large=S3Destination("logs", ""))
    assert record.objects[0].key == f"{HOUR}/data/{CALL.request_id}_output.json.gz"
    assert json.loads(record.line)["output"]["outputBodyS3Path"].endswith("_output.json.gz")


def test_a_large_body_without_a_destination_is_lost() -> None:
    record = records.record(replace(CALL, input=b" " * 200_000), bodies=True, large=None)
    assert record.objects == ()
    assert json.loads(record.line)["input"].keys() & {"inputBodyJson", "inputBodyS3Path"} == set()


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["", "team", "team/"]),
)
def test_a_key_has_account_region_hour_and_millisecond(at: datetime, prefix: str) -> None:
    key = records.record_key(S3Destination("b", prefix), "123456789012", "eu-west-1", at, "0" * 16)
    layout = re.fullmatch(
        r"(team/)?AWSLogs/\d{12}/BedrockModelInvocationLogs/eu-west-1"
        r"/(\d{4}/\d\d/\d\d/\d\d)/(\d{8}T\d{9}Z)_[0-9a-f]{16}\.json\.gz",
        key,
    )
    assert layout is not None
    assert bool(layout[1]) == bool(prefix)
    assert layout[3].startswith(layout[2].replace("/", "")[:8] + "T" + layout[2][-2:])
    assert layout[3][-4:-1] == f"{at.microsecond // 1000:03d}"


def test_the_canary_lies_under_the_prefix() -> None:
    key = records.canary_key(S3Destination("b", "large-data"), "123456789012", "us-east-1")
    assert key.startswith("large-data/AWSLogs/123456789012/BedrockModelInvocationLogs/")
    assert key.rpartition("/")[2].startswith("amazon-bedrock-logs-permission-check")


PICTURED = replace(
    CALL,
    operation="Converse",
    input=b'{"messages":[{"content":[{"image":{"format":"png","source":{}}}]}]}',
    attachments=(Attachment(("messages", 0, "content", 0, "image", "source"), "png", b"PNG"),),
)


def source_of(record: records.Record) -> Any:  # noqa: ANN401
    [message] = json.loads(record.line)["input"]["inputBodyJson"]["messages"]
    return message["content"][0]["image"]["source"]


def test_an_image_of_a_converse_call_stands_in_s3() -> None:
    record = records.record(PICTURED, bodies=True, large=LARGE)
    [stored] = record.objects
    assert stored.key == f"large-data/{HOUR}/data/{CALL.request_id}_input_0.png"
    assert stored.content == b"PNG"
    assert source_of(record) == {"s3Location": {"uri": f"s3://logs/{stored.key}"}}


@pytest.mark.parametrize(
    ("images", "large"), [(False, LARGE), (True, None)], ids=["switched off", "no bucket"]
)
def test_an_image_is_lost_where_it_may_not_go(images: bool, large: S3Destination | None) -> None:
    record = records.record(PICTURED, bodies=True, images=images, large=large)
    assert (source_of(record), record.objects) == ({}, ())
