"""A reader of the record's configuration and destinations in AWS, for the drift detector."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from claude_bedrock.iam.propagation import PropagationRetry
from claude_bedrock.logging_config.bedrock_client import ONE_CALL, LoggingService, connect
from claude_bedrock.retention.bucket import Bucket, BucketSettings
from claude_bedrock.retention.key import Key
from claude_bedrock.retention.log_group import LogGroup
from claude_bedrock.retention.parse_aws import (
    fetch_bucket,
    read_bucket_settings,
    read_key,
    read_log_group,
)

Client = Any
"""A boto3 client: boto3 makes its classes at run time."""
_DEPLOYED: Final = ("CREATE_COMPLETE", "UPDATE_", "IMPORT_")
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html"""


class Account:
    """The account in a Region. Every question raises botocore's errors; what is not there is None:
    only that, and no refusal, is an answer."""

    def __init__(self, region: str) -> None:
        self._region = region

    def configuration(self) -> Mapping[str, Any] | None:
        return LoggingService(connect(self._region), retry=PropagationRetry(0)).get()

    def data_retention(self) -> str:
        """Return the account's data-retention mode in the Region."""
        mode: str = self._client("bedrock").get_account_data_retention()["mode"]
        return mode

    def claude_models(self) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """Return the summaries of Claude's models, and of all profiles that AWS defines."""
        bedrock = self._client("bedrock")
        summaries = bedrock.list_foundation_models(byProvider="anthropic")["modelSummaries"]
        pages = bedrock.get_paginator("list_inference_profiles").paginate(
            typeEquals="SYSTEM_DEFINED"
        )
        return summaries, [
            summary for page in pages for summary in page["inferenceProfileSummaries"]
        ]

    def log_group(self, name: str) -> LogGroup | None:
        """Return the log group by DescribeLogGroups, which reckons in an account's policy."""
        pages = self._client("logs").get_paginator("describe_log_groups")
        groups = (
            group for page in pages.paginate(logGroupNamePrefix=name) for group in page["logGroups"]
        )
        return next(
            (read_log_group(group) for group in groups if group["logGroupName"] == name), None
        )

    def bucket(self, name: str) -> Bucket | None:
        return fetch_bucket(self._client("s3"), name, _unless)

    def bucket_settings(self, name: str) -> BucketSettings:
        """Return the settings of a bucket that exists."""
        s3 = self._client("s3")
        encryption = _unless(
            "ServerSideEncryptionConfigurationNotFoundError",
            lambda: s3.get_bucket_encryption(Bucket=name),
        )
        block = _unless(
            "NoSuchPublicAccessBlockConfiguration", lambda: s3.get_public_access_block(Bucket=name)
        )
        ownership = _unless(
            "OwnershipControlsNotFoundError", lambda: s3.get_bucket_ownership_controls(Bucket=name)
        )
        return read_bucket_settings(encryption or {}, block or {}, ownership or {})

    def replication_rules(self, name: str) -> list[Mapping[str, Any]]:
        """Return the replication rules of a bucket that exists."""
        s3 = self._client("s3")
        answer = _unless(
            "ReplicationConfigurationNotFoundError", lambda: s3.get_bucket_replication(Bucket=name)
        )
        return list(answer["ReplicationConfiguration"]["Rules"]) if answer else []

    def bucket_policy(self, name: str) -> Mapping[str, Any] | None:
        s3 = self._client("s3")
        answer = _unless("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(Bucket=name))
        policy: Mapping[str, Any] | None = json.loads(answer["Policy"]) if answer else None
        return policy

    def key(self, arn: str) -> Key | None:
        kms = self._client("kms")
        answer = _unless("NotFoundException", lambda: kms.describe_key(KeyId=arn))
        return read_key(answer["KeyMetadata"]) if answer else None

    def key_policy(self, arn: str) -> Mapping[str, Any]:
        """Return the policy of a key that exists: a key has one policy, called `default`."""
        answer = self._client("kms").get_key_policy(KeyId=arn, PolicyName="default")
        policy: dict[str, Any] = json.loads(answer["Policy"])
        return policy

    def trust(self, role_arn: str) -> Mapping[str, Any] | None:
        """Return who may assume the role."""
        iam, name = self._client("iam"), role_arn.rpartition("/")[2]
        answer = _unless("NoSuchEntity", lambda: iam.get_role(RoleName=name))
        return answer["Role"]["AssumeRolePolicyDocument"] if answer else None

    def may_not(self, role_arn: str, action: str, resource: str) -> bool:
        """Return whether the role's own policies, its boundary and the organization's do not let
        it."""
        answer = self._client("iam").simulate_principal_policy(
            PolicySourceArn=role_arn, ActionNames=[action], ResourceArns=[resource]
        )
        return any(result["EvalDecision"] != "allowed" for result in answer["EvaluationResults"])

    def has_stack(self, name: str) -> bool:
        """Return whether the stack has been deployed: not while it is made, nor while it goes."""
        cloudformation = self._client("cloudformation")
        try:
            (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if _code(error) == "ValidationError" and "does not exist" in str(error):
                return False
            raise
        status: str = stack["StackStatus"]
        return status.startswith(_DEPLOYED)

    def _client(self, service: str) -> Client:
        make: Any = boto3.client
        return make(service, region_name=self._region, config=ONE_CALL)


def _unless(absent: str, read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the answer; None where AWS says by the error `absent` that there is none."""
    try:
        return read()
    except ClientError as error:
        if _code(error) == absent:
            return None
        raise


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
