"""The KMS key that encrypts the records and logs of a stage, and who may use it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.components.iam.key_grants import deny_grants
from stacks.components.record.bedrock_service import from_this_account
from stacks.components.removal_policy import removal_policy


class LogKey(Construct):
    """A rotating KMS key for Bedrock's deliveries and for the log groups under `log_groups`.

    https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, log_groups: str, retain: bool
    ) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description="Encrypts the record of every Claude call, and the gateway's logs",
            enable_key_rotation=True,
            removal_policy=removal_policy(retain=retain),
        )
        self.key.add_to_resource_policy(self._deliveries())
        self.key.add_to_resource_policy(self._log_groups(log_groups))
        deny_grants(self.key)

    def _deliveries(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            sid="AllowBedrockDeliveryEncryption",
            principals=[iam.ServicePrincipal("bedrock.amazonaws.com")],
            actions=["kms:GenerateDataKey"],
            resources=["*"],  # in a key's own policy, `*` is this key
            conditions=from_this_account(cdk.Stack.of(self)),
        )

    def _log_groups(self, pattern: str) -> iam.PolicyStatement:
        stack = cdk.Stack.of(self)
        groups = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:{pattern}"
        return iam.PolicyStatement(
            sid="AllowLogGroupEncryption",
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            actions=[
                *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
                *("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"),
            ],
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )
