"""The deployed sentinel sees each way in which the record can cease to be kept."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.deployed.deployment import Deployment

Answer = dict[str, Any]


def looks(deployment: Deployment) -> Answer:
    """What the function answers: what has drifted."""
    name = deployment.output("InvocationLogging", "SentinelName")
    answer = deployment.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    told: Answer = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


def kinds(deployment: Deployment) -> set[str]:
    return {each["kind"] for each in looks(deployment)["drift"]}


@pytest.fixture
def logging(deployment: Deployment) -> Iterator[Answer]:
    """The configuration that the stage has set, to change and to be put back."""
    bedrock = deployment.client("bedrock")
    found = bedrock.get_model_invocation_logging_configuration()["loggingConfig"]
    yield copy.deepcopy(found)
    bedrock.put_model_invocation_logging_configuration(loggingConfig=found)


def test_what_is_as_it_was_set_up_is_no_drift(deployment: Deployment) -> None:
    assert looks(deployment) == {"drift": [], "restored": ""}


def test_logging_that_is_deleted_redirected_or_without_bodies(
    deployment: Deployment, logging: Answer
) -> None:
    bedrock = deployment.client("bedrock")
    bedrock.delete_model_invocation_logging_configuration()
    assert kinds(deployment) == {"logging deleted"}

    logging["audioDataDeliveryEnabled"] = False
    bedrock.put_model_invocation_logging_configuration(loggingConfig=logging)
    assert kinds(deployment) == {"bodies switched off"}

    logging["s3Config"]["keyPrefix"] = "elsewhere"
    bedrock.put_model_invocation_logging_configuration(loggingConfig=logging)
    assert kinds(deployment) == {"bodies switched off", "records redirected"}


@pytest.fixture
def undo() -> Iterator[list[Callable[[], object]]]:
    steps: list[Callable[[], object]] = []
    yield steps
    for step in reversed(steps):
        step()


def test_a_place_that_no_longer_keeps_what_it_has_to(
    deployment: Deployment, undo: list[Callable[[], object]]
) -> None:
    logs, s3 = deployment.client("logs"), deployment.client("s3")
    group = deployment.output("InvocationLogging", "LogGroupName").replace("invocations", "gateway")
    bucket = deployment.output("InvocationLogging", "LogBucketName")

    undo.append(lambda: logs.put_retention_policy(logGroupName=group, retentionInDays=30))
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert kinds(deployment) == {"retention shortened"}

    enabled = {"Status": "Enabled"}
    undo.append(lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled))
    rule = {"ID": "short", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    undo.append(lambda: s3.delete_bucket_lifecycle(Bucket=bucket))
    assert kinds(deployment) == {"retention shortened", "bucket changed"}
    s3.delete_bucket_lifecycle(Bucket=bucket)

    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    undo.append(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=policy))
    s3.delete_bucket_policy(Bucket=bucket)
    told = [each["what"] for each in looks(deployment)["drift"]]
    assert "policy: Bedrock may not write" in told
