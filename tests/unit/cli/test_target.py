"""Which deployment a command is about."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli import deployment
from cli.deployment import Deployment, NoTargetError
from cli.target import destinations_of
from records.destinations import Destinations

STACK = "claude-on-bedrock-dev-InvocationLogging"
TEMPLATE = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {
        "LogGroupName": {"Value": "/group"},
        "LogBucketName": {"Value": "bucket"},
    },
}


def test_a_stage_is_looked_up_in_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        cloudformation: Any = boto3.client("cloudformation", region_name="eu-west-1")
        cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))

        found = deployment.deployed("dev", "eu-west-1")
        assert destinations_of(found) == Destinations(
            "123456789012", "eu-west-1", "/group", "bucket"
        )
        with pytest.raises(NoTargetError, match="claude-on-bedrock-dev-Gateway is not deployed in"):
            found.outputs("Gateway")


def test_anothers_logging_has_its_records_under_its_own_prefix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    told = json.dumps({"s3Config": {"bucketName": "bucket", "keyPrefix": "theirs"}})
    outputs = {**TEMPLATE["Outputs"], "LoggingConfiguration": {"Value": told}}
    with mock_aws():
        cloudformation: Any = boto3.client("cloudformation", region_name="eu-west-1")
        template = json.dumps({**TEMPLATE, "Outputs": outputs})
        cloudformation.create_stack(StackName=STACK, TemplateBody=template)

        assert destinations_of(deployment.deployed("dev", "eu-west-1")).prefix == "theirs/"


def test_what_is_up_locally_is_read_from_its_file(tmp_path: Path) -> None:
    endpoint = {
        "stage": "dev",
        "region": "us-east-1",
        "aws_endpoint_url": "http://localhost:1",
    }
    (tmp_path / "endpoint.json").write_text(json.dumps(endpoint))

    found = deployment.chosen(None, None, tmp_path)
    assert found == Deployment("dev", "us-east-1", "http://localhost:1")


def test_nothing_up_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="make local"):
        deployment.local(tmp_path)


def test_no_region_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(NoTargetError, match="--region"):
        deployment.deployed("dev", None)
