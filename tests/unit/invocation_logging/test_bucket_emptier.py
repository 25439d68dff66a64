"""The log bucket is emptied when its stack goes, and at no other time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from bucket_emptier import handler
from bucket_emptier.handler import Buckets, Services
from custom_resource.response import Outcome
from tests.unit.custom_resource.clock import Clock
from tests.unit.invocation_logging.conftest import STACK_ID, Mailbox

BUCKET = "claude-dev-invocations"


class Stacks:
    """A CloudFormation that knows one stack, in one state."""

    def __init__(self, status: str) -> None:
        self._status = status

    def describe_stacks(self, **request: object) -> Mapping[str, Any]:
        assert request == {"StackName": STACK_ID}
        return {"Stacks": [{"StackStatus": self._status}]}


class Context:
    def __init__(self, milliseconds: int = 900_000) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


class Bucket:
    """A versioned bucket, in moto."""

    def __init__(self) -> None:
        self.client = boto3.client("s3", region_name="us-east-1")
        self.client.create_bucket(Bucket=BUCKET)
        self.client.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )

    def put(self, key: str) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=b"{}")

    def size(self) -> int:
        page = self.client.list_object_versions(Bucket=BUCKET)
        return len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))


class Pages:
    """A bucket that lists one batch of keys at a time, and the next only when that is deleted."""

    def __init__(self, *batches: list[str]) -> None:
        self.batches = list(batches)

    def list_object_versions(self, **_request: object) -> Mapping[str, Any]:
        keys = self.batches[0] if self.batches else []
        return {"Versions": [{"Key": key, "VersionId": "1"} for key in keys]}

    def delete_objects(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401
        assert [item["Key"] for item in request["Delete"]["Objects"]] == self.batches.pop(0)
        return {}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Three versions of two records, one of which was deleted: five entries in all."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        made = Bucket()
        for key in ("a.json.gz", "a.json.gz", "b.json.gz", "amazon-bedrock-logs-permission-check"):
            made.put(key)
        made.client.delete_object(Bucket=BUCKET, Key="b.json.gz")
        yield made


def event(request_type: str) -> dict[str, Any]:
    return {
        "RequestType": request_type,
        "StackId": STACK_ID,
        "ResourceProperties": {"BucketName": BUCKET},
    }


def outcome(
    request_type: str, status: str, buckets: Buckets, milliseconds: int = 900_000
) -> Outcome:
    services = Services(buckets, Stacks(status))
    return handler.outcome_of(event(request_type), Context(milliseconds), services)


@pytest.mark.parametrize("status", ["DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_every_version_and_marker_goes_with_the_stack(bucket: Bucket, status: str) -> None:
    assert bucket.size() == 5
    result = outcome("Delete", status, bucket.client)
    assert result.succeeded
    assert result.sentence == f"{BUCKET} is empty; 5 objects are gone."
    assert bucket.size() == 0


@pytest.mark.parametrize(
    ("request_type", "status"),
    [
        ("Create", "CREATE_IN_PROGRESS"),
        ("Update", "UPDATE_IN_PROGRESS"),
        # The stage decided to keep its logs: the resource goes, the bucket stays.
        ("Delete", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Delete", "UPDATE_ROLLBACK_IN_PROGRESS"),
    ],
)
def test_nothing_is_touched_while_the_stack_stays(
    bucket: Bucket, request_type: str, status: str
) -> None:
    assert outcome(request_type, status, bucket.client).succeeded
    assert bucket.size() == 5


def test_more_than_one_call_takes_is_emptied_too() -> None:
    pages = Pages(["a", "b"], ["c"])
    result = outcome("Delete", "DELETE_IN_PROGRESS", pages)
    assert result == (True, f"{BUCKET} is empty; 3 objects are gone.")
    assert pages.batches == []


def test_what_arrives_while_it_is_emptied_goes_too(bucket: Bucket) -> None:
    """Bedrock delivers minutes after a call; what may still write is deleted before this."""

    late = ["late-1.json.gz", "late-2.json.gz"]

    class Delivering:
        def list_object_versions(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401
            result: Mapping[str, Any] = bucket.client.list_object_versions(**request)
            return result

        def delete_objects(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401
            answer: Mapping[str, Any] = bucket.client.delete_objects(**request)
            if late:
                bucket.put(late.pop())
            return answer

    deletion = outcome("Delete", "DELETE_IN_PROGRESS", Delivering())

    assert deletion == (True, f"{BUCKET} is empty; 7 objects are gone.")
    assert bucket.size() == 0


def test_when_time_runs_out_it_reports_that_it_must_be_run_again(bucket: Bucket) -> None:
    result = outcome("Delete", "DELETE_IN_PROGRESS", bucket.client, milliseconds=1_000)
    assert not result.succeeded
    assert result.sentence.endswith("there are more: destroy again.")


def test_an_object_that_cannot_be_deleted_is_named() -> None:
    class Locked:
        def list_object_versions(self, **_request: object) -> Mapping[str, Any]:
            return {"Versions": [{"Key": "a.json.gz", "VersionId": "1"}]}

        def delete_objects(self, **_request: object) -> Mapping[str, Any]:
            return {"Errors": [{"Key": "a.json.gz", "Message": "Access Denied"}]}

    result = outcome("Delete", "DELETE_IN_PROGRESS", Locked())
    assert not result.succeeded
    assert result.sentence.startswith(
        f"{BUCKET} still holds a.json.gz: Access Denied. Destroy again"
    )


@pytest.mark.parametrize(("slow_by", "succeeded"), [(60, True), (120, True), (1000, False)])
def test_a_deployment_that_rolls_back_at_once_waits_for_iam(
    bucket: Bucket, slow_by: float, succeeded: bool
) -> None:
    clock = Clock()
    usable_at = clock.now + slow_by

    class Denying(Stacks):
        def describe_stacks(self, **request: object) -> Mapping[str, Any]:
            if clock.now < usable_at:
                raise ClientError(
                    {"Error": {"Code": "AccessDenied", "Message": "not authorized"}},
                    "DescribeStacks",
                )
            return super().describe_stacks(**request)

    services = Services(bucket.client, Denying("ROLLBACK_IN_PROGRESS"), clock.waiting)
    result = handler.outcome_of(event("Delete"), Context(), services)
    assert result.succeeded is succeeded
    assert (bucket.size() == 0) is succeeded
    assert ("not authorized" in result.sentence) is not succeeded
    assert clock.elapsed < 130


def test_a_deleted_bucket_lets_its_stack_go(bucket: Bucket) -> None:
    services = Services(bucket.client, Stacks("DELETE_IN_PROGRESS"))
    deletion = event("Delete") | {"ResourceProperties": {"BucketName": "gone"}}
    result = handler.outcome_of(deletion, Context(), services)
    assert result == (True, "gone is gone already.")


def test_cloudformation_gets_its_answer(bucket: Bucket, mailbox: Mailbox) -> None:
    request = event("Create") | {
        "ResponseURL": mailbox.url,
        "RequestId": "5b478418",
        "LogicalResourceId": "Emptied",
    }
    handler.handle(request, Context())
    (answered,) = mailbox.received
    assert answered["Status"] == "SUCCESS"
    assert answered["PhysicalResourceId"] == f"emptied-with-its-stack-{BUCKET}"
    assert bucket.size() == 5


def test_it_answers_even_when_it_breaks(
    bucket: Bucket, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(handler, "outcome_of", broken)
    request = event("Delete") | {
        "ResponseURL": mailbox.url,
        "RequestId": "5b478418",
        "LogicalResourceId": "Emptied",
    }
    with pytest.raises(LookupError):
        handler.handle(request, Context())
    assert [answered["Status"] for answered in mailbox.received] == ["FAILED"]
    assert bucket.size() == 5
