"""The deployed drift detector sees each way in which the record can cease to be kept."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.deployed import told_answers
from tests.integration.deployed.deployment import Deployment

Answer = dict[str, Any]


def looks(deployment: Deployment) -> Answer:
    """What the function answers: what has drifted."""
    name = deployment.output("InvocationLogging", "DriftDetectorName")
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


def test_a_model_that_only_the_account_has_is_reported(deployment: Deployment) -> None:
    summaries = deployment.client("bedrock").list_foundation_models()["modelSummaries"]
    newer = {"modelId": "anthropic.claude-opus-6", "modelName": "Claude Opus 6"}
    told_models = [
        *({**summary, "modelLifecycle": {"status": "ACTIVE"}} for summary in summaries),
        newer,
    ]
    for model in told_models:
        model["modelArn"] = f"arn:aws:bedrock:us-east-1::foundation-model/{model['modelId']}"
    told_answers.tell(
        deployment.endpoint["aws_endpoint_url"],
        told_answers.told("bedrock", "GET /foundation-models", {"modelSummaries": told_models}),
    )
    try:
        found = looks(deployment)["drift"]
    finally:
        told_answers.tell(deployment.endpoint["aws_endpoint_url"])
    assert {"kind": "catalog_outdated", "what": f"{newer['modelId']}: not in the catalog"} in found
    assert {each["kind"] for each in found} == {"catalog_outdated"}


@pytest.fixture
def undo() -> Iterator[list[Callable[[], object]]]:
    steps: list[Callable[[], object]] = []
    yield steps
    for step in reversed(steps):
        step()


def test_a_destination_that_no_longer_retains_what_it_has_to(
    deployment: Deployment, undo: list[Callable[[], object]]
) -> None:
    logs, s3 = deployment.client("logs"), deployment.client("s3")
    group = deployment.output("InvocationLogging", "LogGroupName").replace("invocations", "gateway")
    bucket = deployment.output("InvocationLogging", "LogBucketName")

    undo.append(lambda: logs.put_retention_policy(logGroupName=group, retentionInDays=90))
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
    assert "policy: Bedrock may not write AWSLogs/*" in told


def test_evidence_and_delivery_are_checked(
    deployment: Deployment, undo: list[Callable[[], object]]
) -> None:
    s3, logs = deployment.client("s3"), deployment.client("logs")
    bucket = deployment.output("InvocationLogging", "EvidenceBucketName")
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    undo.append(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=policy))
    statements = json.loads(policy)["Statement"]
    kept = [
        statement for statement in statements if statement.get("Sid") != "DenyOverwritingEvidence"
    ]
    assert len(kept) == len(statements) - 1
    denial = {
        "Sid": "Incident",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/*",
    }
    changed = json.dumps({"Version": "2012-10-17", "Statement": [*kept, denial]})
    s3.put_bucket_policy(Bucket=bucket, Policy=changed)
    told = [each["what"] for each in looks(deployment)["drift"]]
    assert any("evidence/* can be overwritten" in each for each in told)
    assert any("Incident may deny s3:PutObject on AWSLogs/*" in each for each in told)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert looks(deployment)["drift"] == []

    rule = {"ID": "e", "Status": "Enabled", "Filter": {"Prefix": "evidence/"}}
    undo.append(lambda: s3.delete_bucket_lifecycle(Bucket=bucket))
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [{**rule, "Expiration": {"Days": 1}}]}
    )
    assert [each["what"].split(":")[0] for each in looks(deployment)["drift"]] == ["evidence/*"]
    s3.delete_bucket_lifecycle(Bucket=bucket)

    group = deployment.output("InvocationLogging", "LogGroupName").replace("invocations", "access")
    logs.put_retention_policy(logGroupName=group, retentionInDays=30)
    undo.append(lambda: logs.put_retention_policy(logGroupName=group, retentionInDays=90))
    assert [each["what"] for each in looks(deployment)["drift"]] == [
        f"{group}: 30 days of age, 65 wanted"
    ]


def test_a_delivery_role_that_may_no_longer_write(
    deployment: Deployment, undo: list[Callable[[], object]]
) -> None:
    iam = deployment.client("iam")
    name = deployment.output("InvocationLogging", "DeliveryRoleArn").rpartition("/")[2]
    denial = {"Effect": "Deny", "Action": "logs:PutLogEvents", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    undo.append(lambda: iam.delete_role_policy(RoleName=name, PolicyName="denial"))
    iam.put_role_policy(RoleName=name, PolicyName="denial", PolicyDocument=document)
    assert looks(deployment)["drift"] == [
        {
            "kind": "delivery_role_drifted",
            "what": "delivery role: it may not logs:PutLogEvents",
        }
    ]
