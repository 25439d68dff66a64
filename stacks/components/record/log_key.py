"""The KMS key that encrypts the records and logs of a stage, and who may use it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.components.iam.key_grants import deny_grants
from stacks.components.record.key_policy import Statement, key_statements
from stacks.components.removal_policy import removal_policy


class LogKey(Construct):
    """A rotating KMS key for Bedrock's deliveries and for the log groups that match `log_groups`;
    or an existing key, of which the stage changes nothing."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        log_groups: str,
        retain: bool,
        existing_key_arn: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self.statements = key_statements(
            account=stack.account,
            region=stack.region,
            log_groups=log_groups,
            partition=stack.partition,
        )
        self.key = (
            kms.Key.from_key_arn(self, "Existing", existing_key_arn)
            if existing_key_arn
            else self._key(retain=retain)
        )

    def _key(self, *, retain: bool) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description="Encrypts the record of every Claude call, and the gateway's logs",
            enable_key_rotation=True,
            removal_policy=removal_policy(retain=retain),
        )
        add_statements(key, self.statements)
        deny_grants(key)
        return key


def add_statements(key: kms.IKey, statements: list[Statement]) -> None:
    """Add the statements to the key's policy; CDK leaves that of an imported key as it is."""
    for statement in statements:
        key.add_to_resource_policy(iam.PolicyStatement.from_json(statement))
