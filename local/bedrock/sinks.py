"""The AWS calls that write records: objects into a bucket, events into the one log stream."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from secrets import token_hex
from time import time
from typing import Any

from local.bedrock import records
from local.bedrock.destinations import LogGroup, Place
from local.bedrock.invocation import Invocation
from local.bedrock.records import StoredObject

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""

STREAM = "aws/bedrock/modelinvocations"
GREETING = "Permissions are correctly set for Amazon Bedrock logs."
SESSION = "BedrockModelInvocationLogging"
_EVENT_OVERHEAD_BYTES = 26
_LARGEST_PUT_BYTES = 1_048_576


def put_canary(s3: Client, place: Place, account: str, region: str) -> None:
    key = records.canary_key(place, account, region)
    s3.put_object(Bucket=place.bucket, Key=key, Body=b"")


def put_object(s3: Client, item: StoredObject) -> None:
    s3.put_object(Bucket=item.bucket, Key=item.key, Body=item.content)


def put_records(s3: Client, place: Place, first: Invocation, lines: Iterable[str]) -> None:
    """One file of records, named by the time of the `first` of them."""
    key = records.record_key(place, first.account, first.region, first.at, token_hex(8))
    content = records.pack("".join(f"{line}\n" for line in lines).encode())
    s3.put_object(Bucket=place.bucket, Key=key, Body=content)


def credentials_of(sts: Client, group: LogGroup) -> Mapping[str, Any]:
    """What the delivery role may do, for as long as STS gives it."""
    answer = sts.assume_role(RoleArn=group.role_arn, RoleSessionName=SESSION)
    credentials: Mapping[str, Any] = answer["Credentials"]
    return credentials


def greet(logs: Client, group: LogGroup) -> None:
    """Creates the stream if need be and writes the line that says Bedrock may."""
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group.name, logStreamName=STREAM)
    put_events(logs, group, [GREETING])


def put_events(logs: Client, group: LogGroup, lines: Sequence[str]) -> None:
    """Writes `lines` in order, in as few calls as CloudWatch Logs allows."""
    for batch in _batches(lines):
        now = int(time() * 1000)
        events = [{"timestamp": now, "message": line} for line in batch]
        logs.put_log_events(logGroupName=group.name, logStreamName=STREAM, logEvents=events)


def _batches(lines: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for line in lines:
        weight = len(line.encode()) + _EVENT_OVERHEAD_BYTES
        if batch and size + weight > _LARGEST_PUT_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += weight
    if batch:
        yield batch
