"""Alone knows by which ARNs a stage's own things are named before they are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import aws_cdk as cdk

STACKS = ("InvocationLogging", "ModelAccess", "Gateway", "Observability")
AUDIT_LOGS = ("gateway", "access", "authorizer")
ALARM_LOGS = ("verification", "sentinel", "canary", "key-expiry")
"""What an alarm sends its reader to: request ids, callers and settings, and no prompt."""
RECORD = "invocations"


class StageNames(NamedTuple):
    """The names of the stage called `stage` in the account and Region of `stack`."""

    stage: str
    stack: cdk.Stack

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and Region."""
        stack = self.stack
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"

    def api(self, path: str) -> str:
        """API Gateway's own resources belong to a Region and no account, by their ARNs."""
        return f"arn:{self.stack.partition}:apigateway:{self.stack.region}::{path}"

    def model(self, base_id: str) -> str:
        """Bedrock's models belong to no account."""
        stack = self.stack
        return f"arn:{stack.partition}:bedrock:{stack.region}::foundation-model/{base_id}"

    def iam(self, resource: str) -> str:
        return f"arn:{self.stack.partition}:iam::{self.stack.account}:{resource}"

    def stacks(self) -> list[str]:
        """A stack's ARN ends in an id that CloudFormation chooses."""
        name = f"claude-on-bedrock-{self.stage}"
        return [self.arn("cloudformation", f"stack/{name}-{each}/*") for each in STACKS]

    def logs(self, names: Sequence[str]) -> list[str]:
        """The log groups, and the streams in them."""
        groups = [
            self.arn("logs", f"log-group:/claude-on-bedrock/{self.stage}/{name}") for name in names
        ]
        return [*groups, *(f"{group}:*" for group in groups)]

    @property
    def workgroup(self) -> str:
        """In which Athena is asked."""
        return f"claude-on-bedrock-{self.stage}"

    @property
    def database(self) -> str:
        """As Athena takes a name without quotes: https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html"""
        return f"claude_on_bedrock_{self.stage}".lower().replace("-", "_")

    def alarm_topic(self) -> str:
        """The topic that every alarm publishes to."""
        return self.arn("sns", f"claude-on-bedrock-{self.stage}-alarms")

    def dashboard(self) -> str:
        name = f"claude-on-bedrock-{self.stage}-{self.stack.region}"
        return f"arn:{self.stack.partition}:cloudwatch::{self.stack.account}:dashboard/{name}"
