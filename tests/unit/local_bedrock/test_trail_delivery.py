"""Events of calls reach the buckets of trails, and are read there as CloudTrail's."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from claude_bedrock.records.read_digest import Fingerprint
from claude_bedrock.records.trail_event import TrailEvent
from claude_bedrock.records.trail_files import TrailFiles, UnreadableFile
from claude_bedrock.records.trail_source import TrailSource
from local.bedrock.invocation import DeliveryPlan, Invocation
from local.bedrock.trail_delivery import TrailDelivery
from tests.unit.local_bedrock.test_records import CALL

MANAGEMENT = {"ReadWriteType": "All", "IncludeManagementEvents": True}


@pytest.fixture
def trails(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """Clients of CloudTrail and S3: one trail with management events, one without, one that does
    not log."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    make: Any = boto3.client
    with mock_aws():
        cloudtrail, s3 = make("cloudtrail"), make("s3")
        for name in ("calls", "objects", "stopped"):
            s3.create_bucket(Bucket=name)
            cloudtrail.create_trail(Name=name, S3BucketName=name, S3KeyPrefix="audit")
            selector = {**MANAGEMENT, "IncludeManagementEvents": name != "objects"}
            cloudtrail.put_event_selectors(TrailName=name, EventSelectors=[selector])
            if name != "stopped":
                cloudtrail.start_logging(Name=name)
        yield cloudtrail, s3


def _delivered(
    trails: tuple[Any, Any], *calls: Invocation, bucket: str = "calls"
) -> list[TrailEvent | UnreadableFile]:
    cloudtrail, s3 = trails

    async def run() -> None:
        delivery = TrailDelivery(cloudtrail=cloudtrail, s3=s3)
        for call in calls:
            delivery(call)
        await delivery.drain()

    asyncio.run(run())
    now = datetime.now(UTC)
    source = TrailSource(bucket, prefix="audit")
    files = TrailFiles(source, s3)
    return list(files.events([CALL.account], now - timedelta(minutes=5), now, Fingerprint()))


def test_each_call_has_its_event_and_one_with_the_fault_has_none(trails: tuple[Any, Any]) -> None:
    lost = replace(CALL, request_id="lost", delivery=DeliveryPlan(is_lost=True))
    refused = replace(CALL, request_id="refused", error="ThrottlingException")
    without = replace(CALL, request_id="x", delivery=DeliveryPlan(is_without_event=True))

    first, *others = _delivered(trails, CALL, lost, refused, without)

    assert isinstance(first, TrailEvent)
    assert CALL.at.timestamp() - 60 < first.delivered_at
    assert first._replace(delivered_at=0.0) == TrailEvent(
        request_id=CALL.request_id,
        at=CALL.at.replace(microsecond=0).timestamp(),
        operation="InvokeModel",
        account=CALL.account,
        region="us-east-1",
        principal=CALL.caller_arn,
        model_id=CALL.model_id,
        error_code="",
        answered_in="us-west-2",
    )
    assert [
        (each.request_id, each.error_code) for each in others if isinstance(each, TrailEvent)
    ] == [
        ("lost", ""),
        ("refused", "ThrottlingException"),
    ]


@pytest.mark.parametrize("bucket", ["objects", "stopped"])
def test_a_trail_of_other_events_has_none(trails: tuple[Any, Any], bucket: str) -> None:
    assert _delivered(trails, CALL, bucket=bucket) == []
