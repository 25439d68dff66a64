"""Records reach the destinations the configuration names, written by whoever may write there."""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.bedrock.delivery import Clients, Delivery
from local.bedrock.invocation import Attachment, DeliveryPlan, Invocation
from local.bedrock.log_destinations import SESSION, STREAM, TEST_MESSAGE, Client
from tests.unit.local_bedrock.test_records import CALL

REGION, ACCOUNT, GROUP = "us-east-1", "123456789012", "/claude/invocations"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/delivery"


class Aws:
    """The mocked account: its clients, whose credentials wrote log events, and what it holds."""

    def __init__(self) -> None:
        def client(name: str) -> Client:
            make: Any = boto3.client
            return make(name, region_name=REGION)

        self.logs = client("logs")
        self._sts = client("sts")
        self.log_keys: list[str] = []
        self.clients = Clients(
            bedrock=client("bedrock"),
            cloudwatch=client("cloudwatch"),
            s3=client("s3"),
            assume_role=self._assume_role,
            logs=self._logs_of,
        )
        self.clients.s3.create_bucket(Bucket="records")
        self.logs.create_log_group(logGroupName=GROUP)

    def _assume_role(self, arn: str) -> Mapping[str, Any]:
        answer = self._sts.assume_role(RoleArn=arn, RoleSessionName=SESSION)
        credentials: Mapping[str, Any] = answer["Credentials"]
        return credentials

    def _logs_of(self, credentials: Mapping[str, Any]) -> Client:
        self.log_keys.append(credentials["AccessKeyId"])
        return self.logs

    def configure(self, **changed: Any) -> None:  # noqa: ANN401
        config = {
            "cloudWatchConfig": {
                "logGroupName": GROUP,
                "roleArn": ROLE,
                "largeDataDeliveryS3Config": {"bucketName": "records", "keyPrefix": "large-data"},
            },
            "s3Config": {"bucketName": "records"},
            **changed,
        }
        present = {name: value for name, value in config.items() if value is not None}
        self.clients.bedrock.put_model_invocation_logging_configuration(loggingConfig=present)

    def events(self) -> list[str]:
        answer = self.logs.get_log_events(
            logGroupName=GROUP, logStreamName=STREAM, startFromHead=True
        )
        return [event["message"] for event in answer["events"]]

    def objects(self) -> dict[str, bytes]:
        listed = self.clients.s3.list_objects_v2(Bucket="records").get("Contents", [])
        return {item["Key"]: self._content(item["Key"]) for item in listed}

    def _content(self, key: str) -> bytes:
        body: bytes = self.clients.s3.get_object(Bucket="records", Key=key)["Body"].read()
        return gzip.decompress(body) if body else body

    def metrics(self) -> set[str]:
        answer = self.clients.cloudwatch.list_metrics(Namespace="AWS/Bedrock")
        return {metric["MetricName"] for metric in answer["Metrics"]}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield Aws()


def deliver(aws: Aws, *calls: Invocation) -> None:
    async def run() -> None:
        delivery = Delivery(aws.clients, account=ACCOUNT, region=REGION)
        for call in calls:
            await delivery(call)
        await delivery.drain()

    asyncio.run(run())


def test_both_destinations_hold_the_record(aws: Aws) -> None:
    aws.configure()
    deliver(aws, CALL)
    greeting, line = aws.events()
    files = {key: content for key, content in aws.objects().items() if content}
    assert greeting == TEST_MESSAGE
    assert json.loads(line)["requestId"] == CALL.request_id
    assert list(files.values()) == [f"{line}\n".encode()]
    assert aws.metrics() == {
        "ModelInvocationLogsS3DeliverySuccess",
        "ModelInvocationLogsCloudWatchDeliverySuccess",
    }


def test_log_events_are_written_with_the_delivery_roles_credentials(aws: Aws) -> None:
    aws.configure()
    deliver(aws, CALL)
    assert [key[:4] for key in aws.log_keys] == ["ASIA"]


def test_canaries_lie_under_each_prefix(aws: Aws) -> None:
    aws.configure()
    deliver(aws, CALL)
    canaries = {key for key, content in aws.objects().items() if not content}
    assert {key.split("/")[0] for key in canaries} == {"AWSLogs", "large-data"}


def test_records_stay_in_order_after_one_test_event(aws: Aws) -> None:
    aws.configure()
    calls = [replace(CALL, request_id=str(number)) for number in range(30)]
    deliver(aws, *calls)
    greeting, *lines = aws.events()
    assert [json.loads(line)["requestId"] for line in lines] == [call.request_id for call in calls]
    assert greeting == TEST_MESSAGE


def test_a_large_body_lies_in_the_bucket_for_both(aws: Aws) -> None:
    aws.configure()
    prompt = json.dumps({"messages": "x" * 150_000}).encode()
    deliver(aws, replace(CALL, input=prompt))
    objects = aws.objects()
    side = json.loads(aws.events()[1])["input"]
    stored = [key for key, content in objects.items() if content == prompt]
    assert side["inputBodyS3Path"].removeprefix("s3://records/") in stored
    assert len(stored) == 2
    assert "ModelInvocationLargeDataS3DeliverySuccess" in aws.metrics()


def test_log_events_are_split_at_the_size_of_a_put(aws: Aws) -> None:
    aws.configure(s3Config=None)
    body = json.dumps("x" * 100_000).encode()
    deliver(aws, *[replace(CALL, input=body, request_id=str(n)) for n in range(15)])
    assert len(aws.events()) == 16


@pytest.mark.parametrize(
    ("text", "image", "delivered"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
def test_bodies_follow_the_data_types(aws: Aws, text: bool, image: bool, delivered: bool) -> None:
    aws.configure(textDataDeliveryEnabled=text, imageDataDeliveryEnabled=image)
    deliver(aws, CALL)
    record = json.loads(aws.events()[1])
    assert ("inputBodyJson" in record["input"]) == delivered
    assert record["input"]["inputTokenCount"] == 12


def test_an_image_is_stored_only_while_images_are_delivered(aws: Aws) -> None:
    path = ("messages", "source")
    attachment = Attachment(path, "png", gzip.compress(b"PNG"))
    call = replace(CALL, input=b'{"messages":{"source":{}}}', attachments=(attachment,))
    aws.configure(imageDataDeliveryEnabled=False)
    deliver(aws, call)
    assert json.loads(aws.events()[1])["input"]["inputBodyJson"]["messages"] == {"source": {}}
    aws.configure()
    deliver(aws, call)
    stored = json.loads(aws.events()[3])["input"]["inputBodyJson"]["messages"]["source"]
    key = stored["s3Location"]["uri"].removeprefix("s3://records/")
    assert aws.objects()[key] == b"PNG"


def ids(aws: Aws) -> list[str]:
    """Request ids of the events, in order."""
    lines = [event for event in aws.events() if event != TEST_MESSAGE]
    return [json.loads(line)["requestId"] for line in lines]


@pytest.mark.parametrize(
    ("plan", "order"),
    [
        (DeliveryPlan(), ["a", "b"]),
        (DeliveryPlan(is_reordered=True), ["b", "a"]),
        (DeliveryPlan(delay_seconds=600.0), ["b", "a"]),
        (DeliveryPlan(is_duplicate=True), ["a", "b", "a"]),
        (DeliveryPlan(delay_seconds=600.0, is_duplicate=True), ["b", "a", "a"]),
    ],
)
def test_a_record_comes_late_twice_or_after_the_next_one(
    aws: Aws, plan: DeliveryPlan, order: list[str]
) -> None:
    aws.configure()

    deliver(aws, replace(CALL, request_id="a", delivery=plan), replace(CALL, request_id="b"))

    assert ids(aws) == order
    lines = [line for content in aws.objects().values() for line in content.splitlines()]
    assert sorted(json.loads(line)["requestId"] for line in lines) == sorted(order)


def test_a_late_record_is_delivered_in_time_of_its_own(aws: Aws) -> None:
    async def run() -> list[str]:
        delivery = Delivery(aws.clients, account=ACCOUNT, region=REGION)
        plan = DeliveryPlan(delay_seconds=0.01)
        await delivery(replace(CALL, request_id="a", delivery=plan))
        await delivery(replace(CALL, request_id="b"))
        while len(delivered := await asyncio.to_thread(ids, aws)) < 2:
            await asyncio.sleep(0.01)
        await delivery.drain()
        return delivered

    aws.configure()
    aws.logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)

    assert sorted(asyncio.run(run())) == ["a", "b"]


def test_without_a_configuration_nothing_is_written(aws: Aws) -> None:
    deliver(aws, CALL)
    assert (aws.objects(), aws.metrics()) == ({}, set())


def test_a_configuration_that_is_taken_away_ends_the_log(aws: Aws) -> None:
    async def run() -> None:
        delivery = Delivery(aws.clients, account=ACCOUNT, region=REGION)
        await delivery(CALL)
        await delivery.drain()
        aws.clients.bedrock.delete_model_invocation_logging_configuration()
        await delivery(CALL)
        await delivery.drain()

    aws.configure()
    asyncio.run(run())
    assert len(aws.events()) == 2


def test_a_failure_is_logged_counted_and_leaves_the_other_destination_alone(
    aws: Aws, caplog: pytest.LogCaptureFixture
) -> None:
    aws.configure(s3Config={"bucketName": "missing"})
    with caplog.at_level(logging.ERROR):
        deliver(aws, CALL)
    assert json.loads(aws.events()[1])["requestId"] == CALL.request_id
    assert aws.metrics() == {
        "ModelInvocationLogsS3DeliveryFailure",
        "ModelInvocationLogsCloudWatchDeliverySuccess",
    }
    assert "ModelInvocationLogsS3DeliveryFailure, 1 lost" in caplog.text
    assert "NoSuchBucket" in caplog.text


def test_a_missing_log_group_is_a_failure_until_it_is_there(
    aws: Aws, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        delivery = Delivery(aws.clients, account=ACCOUNT, region=REGION)
        await delivery(CALL)
        await delivery.drain()
        aws.logs.create_log_group(logGroupName=GROUP)
        await delivery(CALL)
        await delivery.drain()

    aws.configure()
    aws.logs.delete_log_group(logGroupName=GROUP)
    asyncio.run(run())
    assert "ModelInvocationLogsCloudWatchDeliveryFailure" in caplog.text
    assert [event == TEST_MESSAGE for event in aws.events()] == [True, False]
