"""A trail's bucket in memory, and events of CloudTrail in it as AWS writes them."""

import gzip
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from claude_bedrock.records.trail_source import TrailSource

ACCOUNT = "123456789012"
BUCKET = "the-trail"


class TrailS3:
    """boto3's client of S3, with the bucket; `refusal` is the code with which AWS refuses all."""

    def __init__(self, refusal: str = "") -> None:
        self.objects: dict[str, bytes] = {}
        self._refusal = refusal

    def get_object(self, *, Bucket: str, Key: str) -> Mapping[str, Any]:  # noqa: N803
        assert Bucket == BUCKET
        return {"Body": io.BytesIO(self.objects[Key]), "VersionId": "v1"}

    def get_paginator(self, name: str) -> "TrailS3":
        assert name == "list_objects_v2"
        return self

    def paginate(
        self,
        *,
        Bucket: str,  # noqa: N803
        Prefix: str,  # noqa: N803
        StartAfter: str = "",  # noqa: N803
        Delimiter: str = "",  # noqa: N803
    ) -> Iterator[Mapping[str, Any]]:
        assert Bucket == BUCKET
        if self._refusal:
            error: Any = {"Error": {"Code": self._refusal}}
            raise ClientError(error, "ListObjectsV2")
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > StartAfter)
        if Delimiter:
            folders = {Prefix + key.removeprefix(Prefix).split("/")[0] + "/" for key in keys}
            yield {"CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}
        else:
            listed = [{"Key": key, "Size": len(self.objects[key]), "ETag": '"e"'} for key in keys]
            yield {"Contents": listed}

    def deliver(
        self,
        events: Sequence[Mapping[str, Any]],
        at: datetime,
        *,
        region: str = "eu-central-1",
        account: str = ACCOUNT,
        source: TrailSource = TrailSource(BUCKET),  # noqa: B008 - a tuple
    ) -> str:
        """Put a log file of these events, and return its key."""
        folder = f"{source.root(account)}{region}/{at:%Y/%m/%d}/"
        name = f"{account}_CloudTrail_{region}_{at:%Y%m%dT%H%M}Z_{len(self.objects):016}.json.gz"
        self.objects[folder + name] = gzip.compress(json.dumps({"Records": events}).encode())
        return folder + name


def event(request_id: str, at: float | datetime, **fields: object) -> dict[str, Any]:
    """Return an event of InvokeModel, with other `fields` where they are given."""
    moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return {
        "eventVersion": "1.11",
        "eventID": f"event-{request_id}",
        "eventTime": moment.isoformat(),
        "eventSource": "bedrock.amazonaws.com",
        "eventName": "InvokeModel",
        "awsRegion": "eu-central-1",
        "recipientAccountId": ACCOUNT,
        "requestID": request_id,
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/caller/anna",
        },
        "requestParameters": {"modelId": "eu.anthropic.claude-haiku-4-5-20251001-v1:0"},
        "responseElements": None,
        "managementEvent": True,
        "eventCategory": "Management",
        **fields,
    }
