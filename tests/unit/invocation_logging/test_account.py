"""What AWS answers of a stage's places becomes what the drift detector judges."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from claude_bedrock.logging_config.aws_reader import Account
from claude_bedrock.retention.bucket import PUBLIC_ACCESS, BucketSettings
from claude_bedrock.retention.log_group import LogGroup
from claude_bedrock.retention.parse_aws import read_bucket_settings, read_log_group

REGION = "us-east-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "bedrock.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def client(service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    make: Any = boto3.client
    return make(service, region_name=REGION)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client("s3").create_bucket(Bucket="record")
        yield Account(REGION)


def test_a_bucket_of_which_nothing_was_set_has_no_key_and_blocks_nothing(account: Account) -> None:
    client("s3").delete_bucket_encryption(Bucket="record")
    assert account.bucket_settings("record") == BucketSettings("", PUBLIC_ACCESS, "")


def test_a_bucket_as_the_stage_sets_it_up(account: Account) -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"}
    s3 = client("s3")
    s3.put_bucket_encryption(
        Bucket="record",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
        },
    )
    blocked = dict.fromkeys(PUBLIC_ACCESS, True) | {"BlockPublicPolicy": False}
    s3.put_public_access_block(Bucket="record", PublicAccessBlockConfiguration=blocked)
    owned = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket="record", OwnershipControls=owned)

    result = account.bucket_settings("record")
    assert result == BucketSettings("key", ("BlockPublicPolicy",), "BucketOwnerEnforced")


def test_a_refusal_is_no_answer(account: Account) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        account.bucket_settings("another")
    assert account.bucket("another") is None


def test_a_stack_is_there_once_it_was_deployed(account: Account) -> None:
    assert not account.has_stack("claude-on-bedrock-dev-Gateway")
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    client("cloudformation").create_stack(
        StackName="claude-on-bedrock-dev-Gateway", TemplateBody=body
    )
    assert account.has_stack("claude-on-bedrock-dev-Gateway")
    client("cloudformation").delete_stack(StackName="claude-on-bedrock-dev-Gateway")
    assert not account.has_stack("claude-on-bedrock-dev-Gateway")


def test_a_role_is_known_by_its_arn(account: Account) -> None:
    made = client("iam").create_role(
        RoleName="delivery", AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    assert account.trust(made["Role"]["Arn"]) == TRUST
    assert account.trust(f"{made['Role']['Arn']}-else") is None


def test_a_keys_policy_is_read(account: Account) -> None:
    made = client("kms").create_key(Policy=json.dumps(TRUST))["KeyMetadata"]
    assert account.key_policy(made["Arn"]) == TRUST


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, LogGroup(None)),
        (
            {"retentionInDays": 90, "kmsKeyId": "key", "deletionProtectionEnabled": True},
            LogGroup(90, protected=True, key_arn="key"),
        ),
        ({"dataProtectionStatus": "ACTIVATED"}, LogGroup(None, masked=True)),
        ({"dataProtectionStatus": "DISABLED"}, LogGroup(None)),
        ({"inheritedProperties": ["ACCOUNT_DATA_PROTECTION"]}, LogGroup(None, masked=True)),
    ],
)
def test_a_log_group_is_read(answer: dict[str, Any], expected: LogGroup) -> None:
    assert read_log_group(answer) == expected


def test_nothing_of_a_bucket_is_taken_for_granted() -> None:
    assert read_bucket_settings({}, {}, {}) == BucketSettings("", PUBLIC_ACCESS, "")
