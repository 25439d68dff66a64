"""The AWS calls that write records: objects into a bucket, events into the one log stream."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from secrets import token_hex
from time import time
from typing import Any

from local.aws.event_batches import batches
from local.bedrock import records
from local.bedrock.destinations import LogGroup, S3Destination
from local.bedrock.invocation import Invocation
from local.bedrock.records import StoredObject

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""

SERVICE = "bedrock.amazonaws.com"
SESSION = "BedrockModelInvocationLogging"
"""The name of the delivery role's sessions."""
STREAM = "aws/bedrock/modelinvocations"
TEST_MESSAGE = "Permissions are correctly set for Amazon Bedrock logs."


def source(account: str, region: str) -> Mapping[str, str]:
    """Return for whom Bedrock works, by condition key. AWS documents no more of the ARN than its
    beginning."""
    return {
        "aws:SourceAccount": account,
        "aws:SourceArn": f"arn:aws:bedrock:{region}:{account}:model-invocation-logging",
    }


class Buckets:
    """Writes objects as the Bedrock service. `check` takes bucket and key, and raises
    AuthorizationError where the service may not write there."""

    def __init__(self, s3: Client, check: Callable[[str, str], None]) -> None:
        self._s3 = s3
        self._check = check

    def put_canary(self, destination: S3Destination, account: str, region: str) -> None:
        self._put(destination.bucket, records.canary_key(destination, account, region), b"")

    def put_object(self, item: StoredObject) -> None:
        self._put(item.bucket, item.key, item.content)

    def put_records(
        self, destination: S3Destination, first: Invocation, lines: Iterable[str]
    ) -> None:
        """One file of records, named by the time of the `first` of them."""
        key = records.record_key(destination, first.account, first.region, first.at, token_hex(8))
        content = records.pack("".join(f"{line}\n" for line in lines).encode())
        self._put(destination.bucket, key, content)

    def _put(self, bucket: str, key: str, content: bytes) -> None:
        self._check(bucket, key)
        self._s3.put_object(Bucket=bucket, Key=key, Body=content)


def put_test_event(logs: Client, group: LogGroup) -> None:
    """Create the stream if need be and write the line that says Bedrock may."""
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group.name, logStreamName=STREAM)
    put_events(logs, group, [TEST_MESSAGE])


def put_events(logs: Client, group: LogGroup, lines: Sequence[str]) -> None:
    """Write `lines` in order, in as few calls as CloudWatch Logs allows."""
    now = int(time() * 1000)
    for batch in batches({"timestamp": now, "message": line} for line in lines):
        logs.put_log_events(logGroupName=group.name, logStreamName=STREAM, logEvents=batch)
