"""Which deployment a command is about."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli import target
from cli.target import NoTargetError, Target

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

        assert target.deployed("dev", "eu-west-1") == Target("eu-west-1", "/group", "bucket", None)


def test_what_is_up_locally_is_read_from_its_file(tmp_path: Path) -> None:
    endpoint = {
        "stage": "dev",
        "region": "us-east-1",
        "aws_endpoint_url": "http://localhost:1",
        "outputs": {STACK: {"LogGroupName": "/group", "LogBucketName": "bucket"}},
    }
    (tmp_path / "endpoint.json").write_text(json.dumps(endpoint))

    assert target.local(tmp_path) == Target("us-east-1", "/group", "bucket", "http://localhost:1")


def test_nothing_up_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="make local"):
        target.local(tmp_path)
