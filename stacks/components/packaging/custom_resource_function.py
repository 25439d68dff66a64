"""Alone knows how a function that CloudFormation calls differs from the stage's others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.observability.log_group import LogKeeping
from stacks.components.packaging.python_function import PythonFunction

_SHORTEST_SERVICE_TIMEOUT = cdk.Duration.minutes(5)
_LONGEST_START = cdk.Duration.seconds(30)


def service_timeout(function_timeout: cdk.Duration) -> cdk.Duration:
    """How long CloudFormation waits for a custom resource whose function may run so long: its start
    is added. Without it a function that cannot answer holds a deployment for an hour.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
    """
    longest = function_timeout.plus(_LONGEST_START)
    shortest = _SHORTEST_SERVICE_TIMEOUT
    return longest if longest.to_seconds() > shortest.to_seconds() else shortest


def custom_resource_function(
    scope: Construct,
    construct_id: str,
    *,
    description: str,
    handler: str,
    shared: Sequence[str] = (),
    log_name: str,
    keeping: LogKeeping,
    timeout: cdk.Duration,
    statements: Sequence[iam.PolicyStatement],
    environment: Mapping[str, str] | None = None,
    sdk_services: Sequence[str] = (),
    role_name: str | None = None,
    findings: Mapping[str, str] | None = None,
    log_outlives: bool = False,
) -> PythonFunction:
    """The function behind a custom resource: of the handler's package, those in `shared`, and what
    all of them share.

    Its log only tells how a deployment went, and goes with the stack, unless it is the one place
    that tells what a deletion left (`log_outlives`) and the stage keeps logs. CloudFormation calls
    it asynchronously, so it is not retried: Lambda would run a failed event again, after the stack
    has rolled back.
    """
    return PythonFunction(
        scope,
        construct_id,
        description=description,
        packages=[handler.partition(".")[0], *shared, "custom_resource", "claude_bedrock.iam"],
        handler=handler,
        log_name=log_name,
        keeping=keeping if log_outlives else keeping.while_deployed(),
        timeout=timeout,
        memory_mb=256,
        environment=environment,
        retry_attempts=0,
        sdk_services=sdk_services,
        statements=statements,
        role_name=role_name,
        findings=findings,
    )
