"""The usage plans of a stage, and which keys are in each."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway

from stacks.components.api.key_plan import ApiKeys, IssuerKeys, KeyPlan
from stacks.components.stack_outputs import add_outputs
from stacks.stage import Stage
from stacks.stage.token_issuers import DEFAULT_PLAN


def add_usage_plans(
    stack: cdk.Stack,
    stage: Stage,
    api_stage: apigateway.Stage,
    keys: ApiKeys,
    issuer_keys: IssuerKeys,
) -> Sequence[str]:
    """Create the plans; the stack's own keys are in the default one, and each token issuer's in its
    own. Return their ids."""
    ids, name = {}, f"claude-on-bedrock-{stage.name}"
    for plan_name, limits in stage.callers.all_plans.items():
        is_default = plan_name == DEFAULT_PLAN
        of_issuers = [
            issuer_keys.by_name[name]
            for name, issuer in stage.callers.token_issuers.items()
            if issuer.plan == plan_name
        ]
        plan = KeyPlan(
            stack,
            "KeyPlan" if is_default else f"KeyPlan-{plan_name}",
            name=name if is_default else f"{name}-{plan_name}",
            stage=api_stage,
            throttle=limits.throttle,
            quota=limits.quota,
            keys=[*(keys.by_name.values() if is_default else ()), *of_issuers],
        )
        ids[plan_name] = plan.plan.usage_plan_id
    outputs = {
        "UsagePlanIds": (stack.to_json_string(ids), "JSON: usage plan -> its id"),
        "ApiKeyIds": (stack.to_json_string(keys.ids_by_name()), "JSON: API key -> its id"),
    }
    add_outputs(stack, outputs)
    return list(ids.values())
