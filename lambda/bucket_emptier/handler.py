"""The custom resource that empties the log bucket of a stage which keeps no logs, when it goes."""

import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.iam.propagation import PropagationRetry, Timing, error_code
from custom_resource.response import Outcome, answer, send

_log: Final = logging.getLogger(__name__)
_log.setLevel(logging.INFO)
_TIME_TO_ANSWER_MS: Final = 20_000
_UNFORESEEN: Final = Outcome(
    succeeded=False, sentence="The function that empties the log bucket failed; see its log."
)
_AGAIN: Final = (
    "Destroy again. If it stays so, aws cloudformation delete-stack --deletion-mode "
    "FORCE_DELETE_STACK deletes the stack and leaves the bucket."
)
# Only then is the bucket itself to be deleted. A stage that changes its mind and keeps its logs
# also loses this resource, by an update: its bucket must stay as it is.
_GOING: Final = ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")


class Context(Protocol):
    """What this reads of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int: ...


class Buckets(Protocol):
    """The two calls this needs of boto3's `s3` client."""

    def list_object_versions(self, **request: object) -> Mapping[str, Any]: ...
    def delete_objects(self, **request: object) -> Mapping[str, Any]: ...


class Stacks(Protocol):
    """The one call this needs of boto3's `cloudformation` client."""

    def describe_stacks(self, **request: object) -> Mapping[str, Any]: ...


class Services(NamedTuple):
    """Where the bucket is, where it is known whether its stack is going, and how time passes while
    IAM propagates this function's policy: a first deployment may fail, and roll back, at once."""

    buckets: Buckets
    stacks: Stacks
    waiting: Timing = Timing()


def handle(event: Mapping[str, Any], context: Context) -> None:
    """Empty the bucket when its stack is deleted, and answer CloudFormation in any case.

    Unlike the other custom resources it fails where it is refused: a bucket that is not empty
    cannot be deleted, and when this one is gone nothing is left that a second try could run."""
    outcome = _UNFORESEEN
    try:
        services = Services(boto3.client("s3"), boto3.client("cloudformation"))
        outcome = outcome_of(event, context, services)
    finally:
        _log.info("%s: %s", event["RequestType"], outcome.sentence)
        bucket = event["ResourceProperties"]["BucketName"]
        send(event["ResponseURL"], answer(event, f"emptied-with-its-stack-{bucket}", outcome))


def outcome_of(event: Mapping[str, Any], context: Context, services: Services) -> Outcome:
    """Return the outcome of the event, with a sentence for every foreseeable failure."""
    bucket = event["ResourceProperties"]["BucketName"]
    retry = PropagationRetry(waiting=services.waiting)
    left = Outcome(succeeded=True, sentence=f"{bucket} is left as it is.")
    if event["RequestType"] != "Delete":
        return left
    try:
        is_going = retry.call(lambda: _is_going(event["StackId"], services.stacks))
        return _emptied(bucket, context, services.buckets, retry) if is_going else left
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and error_code(error) == "NoSuchBucket":
            return Outcome(succeeded=True, sentence=f"{bucket} is gone already.")
        sentence = f"{bucket} could not be emptied: {error}. {_AGAIN}"
        return Outcome(succeeded=False, sentence=sentence)


def _is_going(stack_id: str, stacks: Stacks) -> bool:
    return stacks.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] in _GOING


def _emptied(bucket: str, context: Context, buckets: Buckets, retry: PropagationRetry) -> Outcome:
    removed = 0
    while versions := retry.call(lambda: _some_versions(bucket, buckets)):
        if context.get_remaining_time_in_millis() < _TIME_TO_ANSWER_MS:
            sentence = f"{removed} objects of {bucket} are gone, but there are more: destroy again."
            return Outcome(succeeded=False, sentence=sentence)
        answered = buckets.delete_objects(
            Bucket=bucket, Delete={"Objects": versions, "Quiet": True}
        )
        if refused := answered.get("Errors"):
            sentence = (
                f"{bucket} still holds {refused[0]['Key']}: {refused[0]['Message']}. {_AGAIN}"
            )
            return Outcome(succeeded=False, sentence=sentence)
        removed += len(versions)
    return Outcome(succeeded=True, sentence=f"{bucket} is empty; {removed} objects are gone.")


def _some_versions(bucket: str, buckets: Buckets) -> list[dict[str, str]]:
    """Return up to a thousand versions and delete markers, as many as one call takes."""
    page = buckets.list_object_versions(Bucket=bucket, MaxKeys=1000)
    entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
