"""CloudTrail's part in a call of Bedrock: an event of each, in the buckets of the trails that log
management events, in files as CloudTrail names them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
https://docs.aws.amazon.com/bedrock/latest/userguide/logging-using-cloudtrail.html
"""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from secrets import token_hex
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from local.bedrock.invocation import Invocation
from local.bedrock.log_destinations import Client

_LOG = logging.getLogger(__name__)


class TrailDelivery:
    """Takes invocations and writes their events, through boto3's clients of the embedded AWS. It
    writes at once: AWS takes some minutes."""

    def __init__(self, *, cloudtrail: Client, s3: Client) -> None:
        self._cloudtrail = cloudtrail
        self._s3 = s3
        self._waiting: list[Invocation] = []
        self._running: asyncio.Task[None] | None = None

    def __call__(self, invocation: Invocation) -> None:
        """Take an invocation; its event is written in a thread, unless the call asked for none."""
        if invocation.delivery.is_without_event:
            return
        self._waiting.append(invocation)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._write_waiting())

    async def drain(self) -> None:
        """Wait until everything taken so far has been written, or has failed."""
        while self._running is not None and not self._running.done():
            await self._running

    async def _write_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.to_thread(self._write, batch)

    def _write(self, batch: Sequence[Invocation]) -> None:
        try:
            for trail in self._trails():
                for account, calls in groupby(batch, key=lambda call: call.account):
                    self._put(trail, account, list(calls))
        except (BotoCoreError, ClientError) as failure:
            _LOG.error("CloudTrail: %d events are lost: %s", len(batch), failure)

    def _trails(self) -> Iterator[Mapping[str, Any]]:
        """Yield the trails that log management events."""
        for trail in self._cloudtrail.describe_trails()["trailList"]:
            name = trail["TrailARN"]
            status = self._cloudtrail.get_trail_status(Name=name)
            selectors = self._cloudtrail.get_event_selectors(TrailName=name)["EventSelectors"]
            if status["IsLogging"] and any(each["IncludeManagementEvents"] for each in selectors):
                yield trail

    def _put(self, trail: Mapping[str, Any], account: str, calls: Sequence[Invocation]) -> None:
        region, now = calls[0].region, datetime.now(UTC)
        prefix = f"{trail['S3KeyPrefix']}/" if trail.get("S3KeyPrefix") else ""
        name = f"{account}_CloudTrail_{region}_{now:%Y%m%dT%H%M}Z_{token_hex(8)}.json.gz"
        key = f"{prefix}AWSLogs/{account}/CloudTrail/{region}/{now:%Y/%m/%d}/{name}"
        content = json.dumps({"Records": [event(call) for call in calls]}).encode()
        self._s3.put_object(Bucket=trail["S3BucketName"], Key=key, Body=gzip.compress(content))


def event(call: Invocation) -> dict[str, Any]:
    """Return the event of a call; it holds neither prompt nor completion."""
    fields: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole" if ":assumed-role/" in call.caller_arn else "IAMUser",
            "arn": call.caller_arn,
            "accountId": call.account,
        },
        "eventTime": f"{call.at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "bedrock.amazonaws.com",
        "eventName": call.operation,
        "awsRegion": call.region,
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": {"modelId": call.model_id},
        "responseElements": None,
        "requestID": call.request_id,
        "eventID": str(uuid4()),
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.account,
        "eventCategory": "Management",
    }
    if call.inference_region and call.inference_region != call.region:
        fields["additionalEventData"] = {"inferenceRegion": call.inference_region}
    if call.error:
        fields["errorCode"] = call.error
    return fields
