"""The stacks of a stage, for app.py and for any other CDK app."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from stacks.components.iam.role_rules import ApplyRoleRules, RoleRules
from stacks.feature_flags import check_feature_flags
from stacks.function_connections import connect_functions
from stacks.gateway import Gateway
from stacks.invocation_logging import InvocationLogging
from stacks.model_access import ModelAccess
from stacks.observability import Observability
from stacks.stage import Stage


def add_stacks(scope: Construct, stage: Stage) -> None:
    """Add the stacks of `stage` to `scope`, in the order in which they are deployed: four, or three
    where it has no endpoint.

    `scope` is an app, or a `cdk.Stage` of one; the stacks' names do not depend on it. Raises
    FeatureFlagError where the app lacks a feature flag that the stacks need.
    """
    check_feature_flags(scope)
    env = cdk.Environment(account=stage.account.id, region=stage.region)
    name = f"claude-on-bedrock-{stage.name}"
    record = InvocationLogging(scope, f"{name}-InvocationLogging", stage=stage, env=env)
    access = ModelAccess(scope, f"{name}-ModelAccess", stage=stage, record=record, env=env)
    gateway = (
        Gateway(scope, f"{name}-Gateway", stage=stage, record=record, access=access, env=env)
        if stage.endpoint.enabled
        else None
    )
    observability = Observability(
        scope, f"{name}-Observability", stage=stage, record=record, gateway=gateway, env=env
    )
    stacks = [stack for stack in (record, access, gateway, observability) if stack]
    if stage.endpoint.function_network:
        connect_functions(stage.endpoint.function_network, stage, record, stacks)
    rules = RoleRules(stage.role_names, stage.account.permissions_boundary, access.role_limits)
    for stack in stacks:
        if not rules.are_empty:
            cdk.Aspects.of(stack).add(ApplyRoleRules(rules))
        for tag, value in {**stage.account.tags, "claude-on-bedrock": stage.name}.items():
            cdk.Tags.of(stack).add(tag, value)
