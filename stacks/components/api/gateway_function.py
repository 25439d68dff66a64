"""The gateway function, which carries requests to Bedrock and streams the responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.components.api.streaming_api import MAX_STREAM_DURATION
from stacks.components.observability.log_group import LogGroupSettings
from stacks.components.packaging.python_function import PythonFunction


class GatewayFunction(PythonFunction):
    """The function behind the endpoint. `environment` holds the stage's own variables; the role
    has a fixed name, since other policies and the verification name it. `statements` are its own
    permissions, beside those of the managed policies."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Mapping[str, str],
        managed_policies: Sequence[iam.IManagedPolicy] = (),
        permissions_boundary: iam.IManagedPolicy | None = None,
        statements: Sequence[iam.PolicyStatement] = (),
        role_name: str,
        role_id: str = "Role",
        memory_mb: int,
        is_traced: bool,
        reserved_concurrency: int | None,
        log_settings: LogGroupSettings,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Carries a client's request to Bedrock and streams the response",
            packages=[
                *("gateway", "claude_bedrock.catalog"),
                *("claude_bedrock.caller_sessions", "claude_bedrock.budgets"),
            ],
            handler="gateway.handler.handle",
            log_name="gateway",
            log_settings=log_settings.for_audit_entries(),
            timeout=MAX_STREAM_DURATION,
            memory_mb=memory_mb,
            is_traced=is_traced,
            reserved_concurrency=reserved_concurrency,
            environment={
                "AWS_LAMBDA_EXEC_WRAPPER": "/var/task/gateway/bootstrap",
                "POWERTOOLS_SERVICE_NAME": "gateway",
                "POWERTOOLS_METRICS_NAMESPACE": "ClaudeOnBedrock",
                **environment,
            },
            managed_policies=managed_policies,
            permissions_boundary=permissions_boundary,
            statements=statements,
            role_name=role_name,
            role_id=role_id,
        )
