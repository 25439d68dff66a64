"""The SNS topic of alarms: encrypted, with an e-mail subscription."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.components.iam.key_grants import deny_grants


class AlarmTopic(Construct):
    """A topic for alarms, with a key of its own: AWS's own SNS key shuts CloudWatch out, and the
    key of the records is none of CloudWatch's business.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, email: str | None
    ) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(
            self,
            "Key",
            description="Encrypts alarm messages",
            enable_key_rotation=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.topic = sns.Topic(self, "Topic", topic_name=name, master_key=key, enforce_ssl=True)
        key.add_to_resource_policy(self._alarms_may(["kms:Decrypt", "kms:GenerateDataKey"], "*"))
        deny_grants(key)
        self.topic.add_to_resource_policy(self._alarms_may(["sns:Publish"], self.topic.topic_arn))
        if email:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _alarms_may(self, actions: list[str], resource: str) -> iam.PolicyStatement:
        stack = cdk.Stack.of(self)
        alarms = f"arn:{stack.partition}:cloudwatch:{stack.region}:{stack.account}:alarm:*"
        return iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=actions,
            resources=[resource],
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account},
                "ArnLike": {"aws:SourceArn": alarms},
            },
        )
