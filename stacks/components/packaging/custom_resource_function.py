"""A function behind a CloudFormation custom resource, and how long CloudFormation waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.packaging.python_function import PythonFunction

_SHORTEST_SERVICE_TIMEOUT = cdk.Duration.minutes(5)
_LONGEST_START = cdk.Duration.seconds(30)


def service_timeout(function_timeout: cdk.Duration) -> cdk.Duration:
    """Return how long CloudFormation waits for a custom resource whose function may run for
    `function_timeout`: its start is added, and five minutes are the least. Without it a function
    that cannot answer holds a deployment for an hour.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
    """
    longest = function_timeout.plus(_LONGEST_START)
    shortest = _SHORTEST_SERVICE_TIMEOUT
    return longest if longest.to_seconds() > shortest.to_seconds() else shortest


class CustomResourceFunction(PythonFunction):
    """The function behind a custom resource: the handler's package, those in `shared`, and what
    all of them share.

    Its log group is deleted with the stack, unless the log is the one place that says what a
    deletion left (`log_outlives_stack`) and the stage keeps logs. CloudFormation invokes it
    asynchronously, so it is not retried: Lambda would run a failed event again, after the stack has
    rolled back. CloudFormation lets no custom resource change its function ("Modifying service
    token is not allowed"), so the id of such a construct stays.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        handler: str,
        shared: Sequence[str] = (),
        log_name: str,
        log_settings: LogGroupSettings,
        timeout: cdk.Duration,
        statements: Sequence[iam.PolicyStatement],
        environment: Mapping[str, str] | None = None,
        sdk_services: Sequence[str] = (),
        role_name: str | None = None,
        findings: Mapping[str, str] | None = None,
        log_outlives_stack: bool = False,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=description,
            packages=[handler.partition(".")[0], *shared, "custom_resource", "claude_bedrock.iam"],
            handler=handler,
            log_name=log_name,
            log_settings=log_settings if log_outlives_stack else log_settings.deleted_with_stack(),
            timeout=timeout,
            memory_mb=256,
            environment=environment,
            retry_attempts=0,
            sdk_services=sdk_services,
            statements=statements,
            role_name=role_name,
            findings=findings,
        )
