"""The deployed drift detector sees each way in which the record can cease to be kept."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.deployed import response_overrides
from tests.integration.deployed.deployment import Deployment
from tests.integration.deployed.test_enforcement import document

Answer = dict[str, Any]


def run_detector(deployment: Deployment) -> Answer:
    """What the function answers: what has drifted."""
    name = deployment.output("InvocationLogging", "DriftDetectorName")
    answer = deployment.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    response: Answer = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, response
    return response


def kinds(deployment: Deployment) -> set[str]:
    return {drift["kind"] for drift in run_detector(deployment)["drift"]}


@pytest.fixture
def logging(deployment: Deployment) -> Iterator[Answer]:
    """The configuration that the stage has set, to change and to be put back."""
    bedrock = deployment.client("bedrock")
    logging_config = bedrock.get_model_invocation_logging_configuration()["loggingConfig"]
    yield copy.deepcopy(logging_config)
    bedrock.put_model_invocation_logging_configuration(loggingConfig=logging_config)


@pytest.fixture
def undo() -> Iterator[list[Callable[[], object]]]:
    steps: list[Callable[[], object]] = []
    yield steps
    for step in reversed(steps):
        step()


def test_what_is_as_it_was_set_up_is_no_drift(deployment: Deployment) -> None:
    assert run_detector(deployment) == {"drift": [], "restored": ""}


def test_logging_that_is_deleted_redirected_or_without_bodies(
    deployment: Deployment, logging: Answer, undo: list[Callable[[], object]]
) -> None:
    bedrock, s3 = deployment.client("bedrock"), deployment.client("s3")
    s3.create_bucket(Bucket="elsewhere")
    undo.append(lambda: s3.delete_bucket(Bucket="elsewhere"))
    writing = {
        "Effect": "Allow",
        "Principal": {"Service": "bedrock.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::elsewhere/*",
    }
    s3.put_bucket_policy(Bucket="elsewhere", Policy=document(writing))
    bedrock.delete_model_invocation_logging_configuration()
    assert kinds(deployment) == {"logging deleted"}

    logging["audioDataDeliveryEnabled"] = False
    bedrock.put_model_invocation_logging_configuration(loggingConfig=logging)
    assert kinds(deployment) == {"bodies switched off"}

    logging["s3Config"]["bucketName"] = "elsewhere"
    bedrock.put_model_invocation_logging_configuration(loggingConfig=logging)
    assert kinds(deployment) == {"bodies switched off", "records redirected"}


def test_a_model_that_only_the_account_has_is_reported(deployment: Deployment) -> None:
    summaries = deployment.client("bedrock").list_foundation_models()["modelSummaries"]
    newer = {"modelId": "anthropic.claude-opus-6", "modelName": "Claude Opus 6"}
    reported_models = [
        *({**summary, "modelLifecycle": {"status": "ACTIVE"}} for summary in summaries),
        newer,
    ]
    for model in reported_models:
        model["modelArn"] = f"arn:aws:bedrock:us-east-1::foundation-model/{model['modelId']}"
    response_overrides.set_overrides(
        deployment.endpoint["aws_endpoint_url"],
        response_overrides.override(
            "bedrock", "GET /foundation-models", {"modelSummaries": reported_models}
        ),
    )
    try:
        drift = run_detector(deployment)["drift"]
    finally:
        response_overrides.set_overrides(deployment.endpoint["aws_endpoint_url"])
    assert {"kind": "catalog_outdated", "what": f"{newer['modelId']}: not in the catalog"} in drift
    assert {drift["kind"] for drift in drift} == {"catalog_outdated"}


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
    drifts = [drift["what"] for drift in run_detector(deployment)["drift"]]
    assert "policy: Bedrock may not write AWSLogs/*" in drifts


def test_evidence_and_delivery_are_checked(
    deployment: Deployment, undo: list[Callable[[], object]]
) -> None:
    s3, logs = deployment.client("s3"), deployment.client("logs")
    bucket = deployment.output("InvocationLogging", "EvidenceBucketName")
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    undo.append(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=policy))
    statements = json.loads(policy)["Statement"]
    others = [
        statement for statement in statements if statement.get("Sid") != "DenyOverwritingEvidence"
    ]
    assert len(others) == len(statements) - 1
    denial = {
        "Sid": "Incident",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/*",
    }
    changed = json.dumps({"Version": "2012-10-17", "Statement": [*others, denial]})
    s3.put_bucket_policy(Bucket=bucket, Policy=changed)
    drifts = [drift["what"] for drift in run_detector(deployment)["drift"]]
    assert any("evidence/* can be overwritten" in what for what in drifts)
    assert any("Incident may deny s3:PutObject on AWSLogs/*" in what for what in drifts)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert run_detector(deployment)["drift"] == []

    rule = {"ID": "e", "Status": "Enabled", "Filter": {"Prefix": "evidence/"}}
    undo.append(lambda: s3.delete_bucket_lifecycle(Bucket=bucket))
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [{**rule, "Expiration": {"Days": 1}}]}
    )
    assert [drift["what"].split(":")[0] for drift in run_detector(deployment)["drift"]] == [
        "evidence/*"
    ]
    s3.delete_bucket_lifecycle(Bucket=bucket)

    group = deployment.output("InvocationLogging", "LogGroupName").replace("invocations", "access")
    logs.put_retention_policy(logGroupName=group, retentionInDays=30)
    undo.append(lambda: logs.put_retention_policy(logGroupName=group, retentionInDays=90))
    assert [drift["what"] for drift in run_detector(deployment)["drift"]] == [
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
    assert run_detector(deployment)["drift"] == [
        {
            "kind": "delivery_role_drifted",
            "what": "delivery role: it may not logs:PutLogEvents",
        }
    ]
