"""The variables that the gateway function reads, from a stage's settings."""

from __future__ import annotations

import json

import aws_cdk as cdk

from claude_bedrock.catalog import team_policies
from stacks import plan_models, team_profile_plan
from stacks.components.api.key_plan import ApiKeys
from stacks.model_access import ModelAccess
from stacks.stage import Stage


def gateway_environment(
    stack: cdk.Stack,
    *,
    stage: Stage,
    keys: ApiKeys,
    access: ModelAccess,
    caller_role_arn: str | None = None,
) -> dict[str, str]:
    """Return the variables by name. Those of caller sessions, teams, guardrail, browsers' origins,
    service tiers and plans are absent where the stage has none."""
    variables = {
        "STAGE": stage.name,
        "GEOGRAPHIES": ",".join(stage.models.geographies),
        "ALLOWED_MODELS": ",".join(stage.models.allow),
        "MAX_BODY_BYTES": str(stage.endpoint.max_body_bytes),
        "PING_SECONDS": str(stage.endpoint.ping_seconds),
        "UNSUPPORTED_FIELDS": stage.endpoint.unsupported_fields,
        "API_KEY_NAMES": stack.to_json_string(keys.names_by_id()),
    }
    if caller_role_arn:
        variables["CALLER_ROLE_ARN"] = caller_role_arn
    planned = team_profile_plan.planned(stage)
    if planned:
        prefix = team_policies.arn_prefix(access.invocation_scope)
        value = team_profile_plan.environment_value(prefix, planned, access.team_profile_ids)
        variables["TEAM_PROFILES"] = stack.to_json_string(value)
    if stage.models.guardrail:
        variables["GUARDRAIL"] = f"{stage.models.guardrail.id}:{stage.models.guardrail.version}"
    if stage.endpoint.cors_origins:
        variables["CORS_ORIGINS"] = ",".join(stage.endpoint.cors_origins)
    if len(stage.models.service_tiers) > 1:
        variables["SERVICE_TIERS"] = ",".join(stage.models.service_tiers)
    plans = _plans(stage)
    if plans:
        variables["PLAN_LIMITS"] = json.dumps(plans, separators=(",", ":"))
    return variables


def _plans(stage: Stage) -> dict[str, dict[str, object]]:
    """Return the plans that limit more than requests, by name; models by their number among
    ALLOWED_MODELS, since a function's environment holds 4 KB."""
    numbers = {name: number for number, name in enumerate(stage.models.allow)}
    return {
        name: {"models": [numbers[model] for model in plan_models.models_of(plan, stage)]}
        for name, plan in stage.callers.plans.items()
        if plan.models is not None
    }
