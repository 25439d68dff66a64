"""The guard is told as IAM holds it, in the form that was asked for."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from claude_bedrock.catalog import deny_policy
from claude_bedrock.catalog.deny_policy import DenyPolicyInputs
from claude_bedrock.catalog.invoke_policies import InvocationScope
from claude_bedrock.cli.access.deny_policy import policy_text
from claude_bedrock.cli.shared.deployment import Deployment, NoTargetError
from claude_bedrock.cli.shared.errors import CliError

DEPLOYMENT = Deployment("prod", "eu-central-1", None)
DENY_POLICY_INPUTS = DenyPolicyInputs(
    "prod", InvocationScope(("eu",), "eu-central-1", "123456789012")
)
STATEMENTS = deny_policy.deny_statements(DENY_POLICY_INPUTS)
DENIALS = {"Version": "2012-10-17", "Statement": STATEMENTS}
BOUNDARY = {
    "Version": "2012-10-17",
    "Statement": deny_policy.boundary_statements(DENY_POLICY_INPUTS),
}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield


def deploy(**policies: Any) -> None:  # noqa: ANN401 - documents by the name of their output
    resources = {
        name: {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
        for name, document in policies.items()
    }
    template: dict[str, Any] = {
        "Resources": resources or {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {f"{name}PolicyArn": {"Value": {"Ref": name}} for name in policies}
        or {"Other": {"Value": "x"}},
    }
    cloudformation: Any = boto3.client("cloudformation", region_name="eu-central-1")
    cloudformation.create_stack(
        StackName="claude-on-bedrock-prod-ModelAccess", TemplateBody=json.dumps(template)
    )


def test_each_form_is_the_policy_that_is_deployed() -> None:
    deploy(Guard=DENIALS, Boundary=BOUNDARY)

    assert json.loads(policy_text(DEPLOYMENT, "deny")) == DENIALS
    assert json.loads(policy_text(DEPLOYMENT, "boundary")) == BOUNDARY
    scp = policy_text(DEPLOYMENT, "scp")
    assert json.loads(scp) == DENIALS
    assert scp == json.dumps(DENIALS, separators=(",", ":"))


def test_a_policy_too_long_to_be_attached_is_not_printed() -> None:
    long = [
        statement | {"Sid": f"{statement['Sid']}{n}"} for n in range(3) for statement in STATEMENTS
    ]
    deploy(Guard=DENIALS | {"Statement": long}, Boundary=BOUNDARY)

    with pytest.raises(CliError, match="5120"):
        policy_text(DEPLOYMENT, "scp")


def test_a_stage_from_before_the_guard_names_the_fix() -> None:
    deploy()

    with pytest.raises(NoTargetError, match="cdk deploy --all -c stage=prod"):
        policy_text(DEPLOYMENT, "scp")
