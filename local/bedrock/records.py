"""The invocation-log record: its fields, its key in S3, and which bodies stand beside it.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import gzip
import json
from datetime import datetime
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple

from local.bedrock import json_body
from local.bedrock.destinations import S3Destination
from local.bedrock.invocation import Invocation

LARGEST_INLINE_BODY = 100 * 1024
CANARY = "amazon-bedrock-logs-permission-check"
_JSON = "application/json"


class StoredObject(NamedTuple):
    """An object to put into a bucket; `content` is gzip, or an image or document as it came."""

    bucket: str
    key: str
    content: bytes


class Record(NamedTuple):
    """One line of JSON, and the bodies that are too large to stand in it."""

    line: str
    objects: tuple[StoredObject, ...]


def record(
    invocation: Invocation, *, bodies: bool, images: bool = True, large: S3Destination | None
) -> Record:
    """Return the record of a call; a body over 100 KB, an image and a document go to `large`, or
    nowhere without it. Without `images`, images and documents are not kept."""
    sides = _Sides(invocation, bodies, images, large)
    fields: dict[str, Any] = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": f"{invocation.at:%Y-%m-%dT%H:%M:%SZ}",
        "accountId": invocation.account,
        "identity": {"arn": invocation.caller_arn},
        "region": invocation.region,
        "inferenceRegion": invocation.inference_region,
        "requestId": invocation.request_id,
        "operation": invocation.operation,
        "modelId": invocation.model_id,
        "requestMetadata": invocation.metadata,
        "errorCode": invocation.error,
        "input": sides.input(),
        "output": sides.output(),
    }
    # What is not there is left out: a record has no null.
    known = {name: value for name, value in fields.items() if value is not None}
    return Record(_line(known), tuple(sides.objects))


class _Sides:
    """The two bodies of a record, and the objects that writing them calls for."""

    def __init__(
        self, invocation: Invocation, bodies: bool, images: bool, large: S3Destination | None
    ) -> None:
        self._invocation = invocation
        self._bodies = bodies
        self._images = images
        self._large = large
        self.objects: list[StoredObject] = []

    def input(self) -> dict[str, Any]:
        side = {"inputContentType": _JSON, **self._body("input", self._input_body())}
        usage = self._invocation.usage
        if usage is not None:
            side["inputTokenCount"] = usage.input
            side["cacheReadInputTokenCount"] = usage.cache_read
            side["cacheWriteInputTokenCount"] = usage.cache_write
        return side

    def output(self) -> dict[str, Any] | None:
        body = output_body(self._invocation)
        if body is None:
            return None
        side = {"outputContentType": _JSON, **self._body("output", body)}
        # A stream that failed counts its input alone.
        if self._invocation.usage is not None and self._invocation.error is None:
            side["outputTokenCount"] = self._invocation.usage.output
        return side

    def _body(self, name: str, body: bytes) -> dict[str, Any]:
        if not self._bodies:
            return {}
        # Larger bodies go to S3 as objects of their own, below `data/` of the hour.
        if len(body) <= LARGEST_INLINE_BODY:
            return _inline(name, body)
        if self._large is None:
            return {}
        return {f"{name}BodyS3Path": self._store(self._large, f"{name}.json.gz", pack(body))}

    def _input_body(self) -> bytes:
        """Return the body; where it had an image or document, the place in S3 if there is one."""
        call = self._invocation
        if not call.attachments or self._large is None or not (self._bodies and self._images):
            return call.input
        body = json.loads(call.input)
        for number, (path, suffix, content) in enumerate(call.attachments):
            uri = self._store(self._large, f"input_{number}.{suffix}", content)
            reduce(getitem, path, body)["s3Location"] = {"uri": uri}
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")

    def _store(self, destination: S3Destination, name: str, content: bytes) -> str:
        call = self._invocation
        path = f"{_hour(call.account, call.region, call.at)}/data/{call.request_id}_{name}"
        key = destination.key(path)
        self.objects.append(StoredObject(destination.bucket, key, content))
        return f"s3://{destination.bucket}/{key}"


def output_body(invocation: Invocation) -> bytes | None:
    """Return what came back as JSON: the Message, or the array of a stream's events."""
    if invocation.output_events:
        return b"[" + b",".join(invocation.output_events) + b"]"
    return invocation.output


def record_key(
    destination: S3Destination, account: str, region: str, at: datetime, suffix: str
) -> str:
    """Return the key of a file of records that begins at `at` (UTC); `suffix` is 16 hex digits."""
    stamp = f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"
    return destination.key(f"{_hour(account, region, at)}/{stamp}_{suffix}.json.gz")


def canary_key(destination: S3Destination, account: str, region: str) -> str:
    """Return the key of the empty object that shows Bedrock may write here."""
    return destination.key(f"{_root(account, region)}/{CANARY}")


def pack(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _root(account: str, region: str) -> str:
    return f"AWSLogs/{account}/BedrockModelInvocationLogs/{region}"


def _hour(account: str, region: str, at: datetime) -> str:
    return f"{_root(account, region)}/{at:%Y/%m/%d/%H}"


def _inline(name: str, body: bytes) -> dict[str, Any]:
    try:
        return {f"{name}BodyJson": json_body.read(body)}
    except ValueError:
        return {}


def _line(fields: dict[str, Any]) -> str:
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode("utf-8")
