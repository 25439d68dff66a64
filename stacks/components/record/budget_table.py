"""The DynamoDB table of budgets, and who may read and write it."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from claude_bedrock.catalog.deny_policy import TABLE_KEY_ACTIONS
from stacks.components.iam.permission import Permission
from stacks.components.removal_policy import removal_policy

KEY = "subject"
EXPIRES = "expires"


class BudgetTable(Construct):
    """A table with an item for each subject of a budget, encrypted by the stage's key. Stacks refer
    to it weakly: it goes where a stage changes."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey, retain: bool) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=KEY, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=EXPIRES,
            deletion_protection=retain,
            removal_policy=removal_policy(retain=retain),
        )
        cdk.CrossStackReferences.of(self.table).produce(cdk.ReferenceStrength.WEAK)


def update_permissions(table_arn: str, key_arn: str, region: str) -> list[Permission]:
    """Allow what the gateway does: UpdateItem of this table, and the use of its key through
    DynamoDB."""
    return [
        Permission("UpdateBudgets", ("dynamodb:UpdateItem",), [table_arn]),
        _use_key(TABLE_KEY_ACTIONS, key_arn, region),
    ]


def read_permissions(table_arn: str, key_arn: str, region: str) -> list[Permission]:
    """Allow reading all items of this table."""
    return [
        Permission("ReadBudgets", ("dynamodb:Scan",), [table_arn]),
        _use_key(("kms:Decrypt", "kms:DescribeKey"), key_arn, region),
    ]


def _use_key(actions: Sequence[str], key_arn: str, region: str) -> Permission:
    return Permission(
        "UseKeyOfBudgets",
        actions,
        [key_arn],
        conditions={"StringEquals": {"kms:ViaService": f"dynamodb.{region}.amazonaws.com"}},
    )
