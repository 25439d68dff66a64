"""Names and ARNs of a stage's resources, also of those that a later stack creates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import aws_cdk as cdk

STACKS = ("InvocationLogging", "ModelAccess", "Gateway", "Observability")
AUDIT_LOGS = ("gateway", "access", "authorizer")
ALARM_LOGS = ("verification", "drift-detector", "canary", "api-key-expiry")
"""The log groups that alarms refer to: request ids, callers and settings, and no prompt."""
ENTRY_DELIVERY_LOG = "audit-entry-delivery"
"""What Firehose could not deliver, in a stage with a table of audit log entries."""
RECORD = "invocations"


class StageNames(NamedTuple):
    """The names of the stage called `stage` in the account and Region of `stack`."""

    stage: str
    stack: cdk.Stack

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN of this account and Region."""
        stack = self.stack
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"

    def api(self, path: str) -> str:
        """Return an ARN of API Gateway, whose ARNs name a Region and no account."""
        return f"arn:{self.stack.partition}:apigateway:{self.stack.region}::{path}"

    def model(self, base_id: str) -> str:
        """Return the ARN of a foundation model, which names no account."""
        stack = self.stack
        return f"arn:{stack.partition}:bedrock:{stack.region}::foundation-model/{base_id}"

    def iam(self, resource: str) -> str:
        """Return an ARN of IAM, which names no Region."""
        return f"arn:{self.stack.partition}:iam::{self.stack.account}:{resource}"

    def stacks(self) -> list[str]:
        """Return patterns of the stacks' ARNs, which end in an id that CloudFormation chooses."""
        name = f"claude-on-bedrock-{self.stage}"
        return [self.arn("cloudformation", f"stack/{name}-{stack}/*") for stack in STACKS]

    def logs(self, names: Sequence[str]) -> list[str]:
        """Return the ARNs of the log groups, and of the streams in them."""
        groups = [
            self.arn("logs", f"log-group:/claude-on-bedrock/{self.stage}/{name}") for name in names
        ]
        return [*groups, *(f"{group}:*" for group in groups)]

    @property
    def workgroup(self) -> str:
        """The Athena workgroup."""
        return f"claude-on-bedrock-{self.stage}"

    @property
    def database(self) -> str:
        """The database, by a name that Athena takes without quotes: https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html"""
        return f"claude_on_bedrock_{self.stage}".lower().replace("-", "_")

    def alarm_topic(self) -> str:
        """Return the ARN of the topic that every alarm publishes to."""
        return self.arn("sns", f"claude-on-bedrock-{self.stage}-alarms")

    def dashboard(self) -> str:
        """Return the ARN of the dashboard, which names no Region."""
        name = f"claude-on-bedrock-{self.stage}-{self.stack.region}"
        return f"arn:{self.stack.partition}:cloudwatch::{self.stack.account}:dashboard/{name}"
