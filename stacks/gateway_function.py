"""The gateway function with a stage's settings, and what lets it call Bedrock."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from claude_bedrock.catalog import MODELS, deny_policy, team_policies
from claude_bedrock.catalog import invoke_policies as model_access
from stacks import team_profile_plan
from stacks.components.api.gateway_function import GatewayFunction
from stacks.components.api.key_plan import ApiKeys
from stacks.components.iam.caller_role import CallerRole, assume_statements
from stacks.components.iam.invoke_policies import InvokePolicies
from stacks.components.iam.stage_names import StageNames
from stacks.components.record.budget_table import update_permissions
from stacks.components.stack_outputs import add_outputs
from stacks.gateway_environment import gateway_environment
from stacks.invocation_logging import InvocationLogging
from stacks.model_access import ModelAccess
from stacks.stage import Stage


def add_gateway_function(
    stack: cdk.Stack,
    stage: Stage,
    *,
    keys: ApiKeys,
    access: ModelAccess,
    record: InvocationLogging,
) -> GatewayFunction:
    """Create the function and, where callers have sessions, their role, which then holds what it
    takes to call models instead of the function's."""
    table = record.budget_table.table if record.budget_table else None
    policies = [
        *_invoke_policies(stack, stage, access),
        *_team_policies(stack, stage, access),
        access.deny_policies.denials,
    ]
    caller_arn = _caller_role_arn(stack, stage)
    function = GatewayFunction(
        stack,
        "Function",
        environment=gateway_environment(
            stack,
            stage=stage,
            keys=keys,
            access=access,
            caller_role_arn=caller_arn,
            budget_table=table.table_name if table else None,
        ),
        managed_policies=() if caller_arn else policies,
        permissions_boundary=None if caller_arn else access.deny_policies.boundary,
        statements=[
            *(assume_statements(caller_arn) if caller_arn else ()),
            *_table_statements(stage, table),
        ],
        role_name=stage.role_names.name(
            deny_policy.FUNCTION_ROLE if caller_arn else deny_policy.GATEWAY_ROLE
        ),
        role_id="AssumingRole" if caller_arn else "Role",
        memory_mb=stage.endpoint.memory_mb,
        is_traced=stage.endpoint.tracing is not None,
        reserved_concurrency=stage.endpoint.reserved_concurrency,
        log_settings=record.log_settings,
    )
    if caller_arn:
        _add_caller_role(stack, stage, function, access, policies)
    return function


def _caller_role_arn(stack: cdk.Stack, stage: Stage) -> str | None:
    """Return the ARN of the role of callers' sessions, where callers have sessions."""
    if not stage.callers.caller_sessions:
        return None
    names = StageNames(stage.name, stack)
    return names.iam(stage.role_names.resource(deny_policy.CALLER_ROLE))


def _add_caller_role(
    stack: cdk.Stack,
    stage: Stage,
    gateway: GatewayFunction,
    access: ModelAccess,
    policies: Sequence[iam.IManagedPolicy],
) -> None:
    caller = CallerRole(
        stack,
        "Caller",
        name=stage.role_names.name(deny_policy.CALLER_ROLE),
        stage_name=stage.name,
        gateway_role=gateway.role,
        managed_policies=policies,
        permissions_boundary=access.deny_policies.boundary,
        statements=access.team_guardrail_statements,
    )
    gateway.function.node.add_dependency(caller)
    add_outputs(stack, {"CallerRoleArn": (caller.role.role_arn, "Role of callers' sessions")})


def _invoke_policies(
    stack: cdk.Stack, stage: Stage, access: ModelAccess
) -> list[iam.IManagedPolicy]:
    """Create policies of the gateway's own: IAM deletes no policy that a role of another stack
    still holds."""
    models = [model for model in MODELS if model.name in stage.models.allow]
    return InvokePolicies(
        stack,
        "Invoke",
        documents=model_access.invoke_policies(models, access.invocation_scope),
        description=f"Calls the models of {stage.name} for its gateway",
    ).policies


def _team_policies(stack: cdk.Stack, stage: Stage, access: ModelAccess) -> list[iam.IManagedPolicy]:
    """Create the policies here and not beside the profiles, so that they come and go with the
    role."""
    planned = team_profile_plan.planned(stage)
    profiles = team_profile_plan.with_ids(planned, access.team_profile_ids)
    return InvokePolicies(
        stack,
        "TeamInvoke",
        documents=team_policies.invoke_policies(profiles, access.invocation_scope),
        description=f"Calls the application inference profiles of the teams of {stage.name}",
    ).policies


def _table_statements(stage: Stage, table: dynamodb.ITable | None) -> list[iam.PolicyStatement]:
    """Return what the function needs of the table of budgets, where the stage has one."""
    if table is None or table.encryption_key is None:
        return []
    permissions = update_permissions(table.table_arn, table.encryption_key.key_arn, stage.region)
    return [permission.statement() for permission in permissions]
