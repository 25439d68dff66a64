"""The IAM role that Bedrock assumes to deliver records."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.components.iam.nag_suppressions import acknowledge, logical_id
from stacks.components.record.bedrock_service import from_this_account

# Fixed by Bedrock: https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
STREAM = "aws/bedrock/modelinvocations"


class DeliveryRole(Construct):
    """The role that Bedrock assumes to write its one log stream, and large bodies beside it.

    AWS does not say whether it writes large bodies as this role or as itself, so both may.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        log_group_name: str,
        bucket: s3.IBucket,
        key: kms.IKey,
        large_data_prefix: str,
    ) -> None:
        super().__init__(scope, construct_id)
        principal = iam.ServicePrincipal(
            "bedrock.amazonaws.com", conditions=from_this_account(cdk.Stack.of(self))
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=principal,
            description="Bedrock delivers the record of model invocations as this role",
        )
        self.role.add_to_policy(self._write_stream(log_group_name))
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject"],
                resources=[bucket.arn_for_objects(f"{large_data_prefix}/*")],
            )
        )
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["kms:GenerateDataKey"], resources=[key.key_arn])
        )
        large_data = f"IAM5[Resource::<{logical_id(bucket)}.Arn>/{large_data_prefix}/*]"
        reason = "Bedrock chooses the names of large bodies; the prefix holds nothing else"
        acknowledge(self.role, {large_data: reason})

    def _write_stream(self, log_group_name: str) -> iam.PolicyStatement:
        stack = cdk.Stack.of(self)
        # Built from parts: a log group's ARN attribute ends in `:*`, and a stream appended to that
        # is a name that does not exist.
        group = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group"
        return iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[f"{group}:{log_group_name}:log-stream:{STREAM}"],
        )
