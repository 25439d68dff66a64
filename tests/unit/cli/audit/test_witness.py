"""AWS's answers are kept as they came, refusals too, and each by a hash of its bytes."""

import hashlib
import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from claude_bedrock.cli.audit.recorded_responses import RecordingDeployment
from claude_bedrock.cli.shared.deployment import Deployment

STAGE = Deployment("dev", "us-east-1", None)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingDeployment]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield RecordingDeployment.of(STAGE)


def test_a_response_is_recorded_with_its_request(recording: RecordingDeployment) -> None:
    log_groups = recording.client("logs").describe_log_groups(logGroupNamePrefix="/a")

    (answer,) = recording.answers
    assert answer.name == "001-cloudwatch-logs-DescribeLogGroups.json"
    assert (answer.parameters, answer.status) == ({"logGroupNamePrefix": "/a"}, 200)
    assert json.loads(answer.content)["logGroups"] == log_groups["logGroups"]
    assert answer.as_data()["sha256"] == hashlib.sha256(answer.content).hexdigest()


def test_a_refusal_is_an_answer(recording: RecordingDeployment) -> None:
    s3 = recording.client("s3")
    s3.create_bucket(Bucket="bucket")
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket="bucket")

    refusal = recording.answers[-1]
    assert refusal.name == "002-s3-GetBucketLifecycleConfiguration.xml"
    assert (refusal.status, refusal.parameters) == (404, {"Bucket": "bucket"})
    assert b"NoSuchLifecycleConfiguration" in refusal.content


def test_every_client_of_it_is_recorded_and_none_of_another(
    recording: RecordingDeployment,
) -> None:
    recording.client("sts").get_caller_identity()
    recording.client("sts").get_caller_identity()
    STAGE.client("sts").get_caller_identity()

    assert [answer.name[:3] for answer in recording.answers] == ["001", "002"]
    assert RecordingDeployment.of(STAGE).answers == []


def test_a_stacks_roles_are_those_that_cloudformation_made(recording: RecordingDeployment) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}
    template = {
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": trust, "RoleName": "made-by-it"},
            },
        }
    }
    recording.client("iam").create_role(
        RoleName="claude-on-bedrock-dev-other", AssumeRolePolicyDocument=json.dumps(trust)
    )
    recording.client("cloudformation").create_stack(
        StackName=STAGE.stack("Gateway"), TemplateBody=json.dumps(template)
    )

    assert recording.roles("Gateway") == {"made-by-it"}
