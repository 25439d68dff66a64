"""The variables that the gateway function reads, from a stage's settings."""

from __future__ import annotations

import json

import aws_cdk as cdk

from claude_bedrock.budgets.budget import to_json
from claude_bedrock.catalog import team_policies
from stacks import budget_rules, plan_models, team_profile_plan
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
    budget_table: str | None = None,
) -> dict[str, str]:
    """Return the variables by name. Those of caller sessions, teams, guardrail, browsers' origins,
    service tiers, Messages path, teams' guardrails, plans and budgets are absent where the stage
    has none. `budget_table` is the table's name."""
    variables = {
        "STAGE": stage.name,
        "GEOGRAPHIES": ",".join(stage.models.geographies),
        "ALLOWED_MODELS": ",".join(stage.models.allow),
        "MAX_BODY_BYTES": str(stage.endpoint.max_body_bytes),
        "PING_SECONDS": str(stage.endpoint.ping_seconds),
        "UNSUPPORTED_FIELDS": stage.endpoint.unsupported_fields,
        "API_KEY_NAMES": stack.to_json_string(keys.names_by_id()),
    }
    if stage.endpoint.messages_upstream != "invoke":
        variables["MESSAGES_UPSTREAM"] = stage.endpoint.messages_upstream
    if caller_role_arn:
        variables["CALLER_ROLE_ARN"] = caller_role_arn
    planned = team_profile_plan.planned(stage)
    if planned:
        prefix = team_policies.arn_prefix(access.invocation_scope)
        value = team_profile_plan.environment_value(prefix, planned, access.team_profile_ids)
        variables["TEAM_PROFILES"] = stack.to_json_string(value)
    if stage.models.guardrail:
        variables["GUARDRAIL"] = f"{stage.models.guardrail.id}:{stage.models.guardrail.version}"
    if guardrails := stage.callers.team_guardrails:
        written = {team: ":".join(guardrail) for team, guardrail in guardrails.items()}
        variables["TEAM_GUARDRAILS"] = json.dumps(written, separators=(",", ":"))
    if stage.endpoint.cors_origins:
        variables["CORS_ORIGINS"] = ",".join(stage.endpoint.cors_origins)
    if len(stage.models.service_tiers) > 1:
        variables["SERVICE_TIERS"] = ",".join(stage.models.service_tiers)
    plans = _plans(stage)
    if plans:
        variables["PLAN_LIMITS"] = json.dumps(plans, separators=(",", ":"))
    if budget_table is not None:
        variables["BUDGETS_TABLE"] = budget_table
        variables["BUDGET_RULES"] = to_json(budget_rules.rules(stage))
        variables["BUDGETS_FAIL"] = stage.callers.budgets_fail
    return variables


def _plans(stage: Stage) -> dict[str, dict[str, object]]:
    """Return the plans that limit more than requests, by name; models by their number among
    ALLOWED_MODELS, since a function's environment holds 4 KB."""
    numbers = {name: number for number, name in enumerate(stage.models.allow)}
    plans: dict[str, dict[str, object]] = {}
    for name, plan in stage.callers.plans.items():
        limits = plans.setdefault(name, {})
        if plan.models is not None:
            limits["models"] = [numbers[model] for model in plan_models.models_of(plan, stage)]
        if plan.tokens_per_minute is not None:
            limits["tokens_per_minute"] = plan.tokens_per_minute
    return {name: limits for name, limits in plans.items() if limits}
