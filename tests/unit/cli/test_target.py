"""Which deployment a command is about."""

import json
import socket
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from claude_bedrock.cli.shared import deployment
from claude_bedrock.cli.shared.cdk_json import CdkJsonError
from claude_bedrock.cli.shared.deployment import Deployment, NoEndpointError, NoTargetError
from claude_bedrock.cli.shared.record_sources import destinations_of
from claude_bedrock.records.destinations import Destinations
from tests.unit.cli.answers import Server

STACK = "claude-on-bedrock-dev-InvocationLogging"
TEMPLATE = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {
        "LogGroupName": {"Value": "/group"},
        "LogBucketName": {"Value": "bucket"},
    },
}


def test_a_stage_is_read_in_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        cloudformation: Any = boto3.client("cloudformation", region_name="eu-west-1")
        cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))

        outputs = deployment.deployed("dev", "eu-west-1")
        assert destinations_of(outputs) == Destinations(
            "123456789012", "eu-west-1", "/group", "bucket"
        )
        with pytest.raises(NoTargetError, match="claude-on-bedrock-dev-Gateway is not deployed in"):
            outputs.outputs("Gateway")
        settings = {"Settings": {"Value": json.dumps({"endpoint": False})}}
        template = json.dumps({**TEMPLATE, "Outputs": settings})
        access = STACK.replace("InvocationLogging", "ModelAccess")
        cloudformation.create_stack(StackName=access, TemplateBody=template)
        with pytest.raises(NoEndpointError, match="Stage dev has no endpoint: its"):
            outputs.outputs("Gateway")


def test_a_function_is_waited_for_as_long_as_lambda_runs_it() -> None:
    # botocore sends an invocation again that has not answered after its 60 seconds.
    client = Deployment("dev", "us-east-1", "http://localhost:1").client("lambda")

    assert client.meta.config.read_timeout > 15 * 60


def test_anothers_logging_has_its_records_under_its_own_prefix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    configuration = json.dumps({"s3Config": {"bucketName": "bucket", "keyPrefix": "theirs"}})
    outputs = {**TEMPLATE["Outputs"], "LoggingConfiguration": {"Value": configuration}}
    with mock_aws():
        cloudformation: Any = boto3.client("cloudformation", region_name="eu-west-1")
        template = json.dumps({**TEMPLATE, "Outputs": outputs})
        cloudformation.create_stack(StackName=STACK, TemplateBody=template)

        assert destinations_of(deployment.deployed("dev", "eu-west-1")).prefix == "theirs/"


def test_what_is_up_locally_is_read_from_its_file(server: Server, tmp_path: Path) -> None:
    endpoint = {"stage": "dev", "region": "us-east-1", "aws_endpoint_url": server.url}
    (tmp_path / "endpoint.json").write_text(json.dumps(endpoint))

    target = deployment.chosen(None, None, tmp_path)
    assert target == Deployment("dev", "us-east-1", server.url)


def test_nothing_up_names_the_fix(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="make local"):
        deployment.local(tmp_path)


def test_what_was_killed_is_known_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    endpoint = {"stage": "dev", "region": "us-east-1"}
    endpoint["aws_endpoint_url"] = f"https://127.0.0.1:{port}"
    (tmp_path / "endpoint.json").write_text(json.dumps(endpoint))

    with pytest.raises(NoTargetError, match="Start it again with `make local`") as error:
        deployment.local(tmp_path)
    assert f"127.0.0.1:{port}" in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b'"local"', b"\xff\xfe\x00", b"[" * 100_000),
        b'{"stage": "local", "region": "us-east-1"}',
        b'{"stage": "local", "region": null, "aws_endpoint_url": "http://localhost:1"}',
        b'{"stage": "local", "region": "us-east-1", "aws_endpoint_url": "http://localhost:port"}',
    ],
)
def test_a_file_that_make_local_did_not_write_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "endpoint.json").write_bytes(content)

    with pytest.raises(NoTargetError, match=r"endpoint\.json is not what `make local` writes"):
        deployment.local(tmp_path)


def test_a_file_instead_of_the_state_folder_holds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(NoTargetError, match="Local mode is not running in"):
        deployment.local(file)


def test_a_region_without_a_stage_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="--region needs --stage"):
        deployment.chosen(None, "us-east-1", tmp_path)


@pytest.fixture
def no_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder without a cdk.json, and an AWS CLI that was never configured."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("no_region")
def test_no_region_names_the_fix() -> None:
    with pytest.raises(NoTargetError, match="--region"):
        deployment.deployed("dev", None)


def test_a_stage_that_cdk_json_lacks_is_named_with_those_it_has(no_region: Path) -> None:
    content: dict[str, object] = {"context": {"stages": {"dev": {}, "prod": {}}}}
    (no_region / "cdk.json").write_text(json.dumps(content))

    with pytest.raises(NoTargetError, match=r"has the stages dev, prod, and no 'porod'\. Give"):
        deployment.deployed("porod", None)


def test_the_region_is_the_first_that_is_named(
    no_region: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def region_of(region: str | None = None) -> str:
        return deployment.deployed("dev", region).region

    (no_region / "config").write_text("[default]\nregion = ca-central-1\n")
    assert region_of() == "ca-central-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "sa-east-1")
    assert region_of() == "sa-east-1"
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    assert region_of() == "ap-northeast-1"
    block = {"region": "eu-north-1"}
    (no_region / "cdk.json").write_text(json.dumps({"context": {"stages": {"dev": block}}}))
    assert region_of() == "eu-north-1"
    assert deployment.deployed("prod", None).region == "ap-northeast-1"
    assert region_of("us-west-2") == "us-west-2"


@pytest.mark.usefixtures("no_region")
def test_an_empty_variable_names_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    assert deployment.resolve_region(None) == "eu-west-1"


@pytest.mark.parametrize("region", ["mars-1", "us east 1", "https://x", "us-east-1\x1b[2J"])
def test_what_cannot_be_a_region_is_none(region: str) -> None:
    with pytest.raises(NoTargetError, match="is not a Region"):
        deployment.resolve_region(region)


def test_a_broken_file_is_reported_and_not_passed_over(no_region: Path) -> None:
    (no_region / "cdk.json").write_text("{,}")

    with pytest.raises(CdkJsonError, match="line 1 column 2"):
        deployment.deployed("dev", None)
    assert deployment.deployed("dev", "us-west-2").region == "us-west-2"
