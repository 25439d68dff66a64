"""The models that a usage plan's keys may call, of those of the stage."""

from __future__ import annotations

from collections.abc import Iterator

from claude_bedrock import catalog
from claude_bedrock.catalog import session_policies
from claude_bedrock.catalog.invoke_policies import InvocationScope
from claude_bedrock.catalog.resolution import profile_id, reach
from stacks.stage.block import Stage
from stacks.stage.callers import Plan

_SOME_ACCOUNT = "0" * 12


def models_of(plan: Plan, stage: Stage) -> tuple[str, ...]:
    """Return the names of the stage's models that the plan's `models` mean, in the stage's order;
    empty for a plan without a list."""
    meant = {name for spelling in plan.models or () for name in _meant_by(spelling, stage)}
    return tuple(name for name in stage.models.allow if name in meant)


def mistakes(stage: Stage) -> Iterator[str]:
    """Yield a line for each name in a plan's `models` that means none of the stage's models, once
    those are known."""
    for plan_name, plan in stage.callers.plans.items():
        for spelling in plan.models or ():
            if not _meant_by(spelling, stage):
                yield (
                    f"callers.plans.{plan_name}.models: {spelling!r} given; allowed: the stage's "
                    f"models ({', '.join(stage.models.allow)}), their aliases and families"
                )
        every = models_of(plan, stage) == tuple(stage.models.allow)
        if plan.models and stage.callers.caller_sessions and not every:
            yield from _session_mistakes(plan_name, plan, stage)


def _session_mistakes(plan_name: str, plan: Plan, stage: Stage) -> Iterator[str]:
    """Yield a line for a list that does not fit into the session policy of a key in the plan."""
    names = models_of(plan, stage)
    own = stage.models.guardrail
    guardrails = [
        *stage.callers.team_guardrails.values(),
        *([(own.id, own.version)] if own else []),
    ]
    models = [model for model in catalog.MODELS if model.name in names]
    scope = InvocationScope(
        stage.models.geographies,
        stage.region,
        _SOME_ACCOUNT,
        guardrail=max(guardrails, key=lambda guardrail: len(guardrail[0]), default=None),
    )
    copies = {
        profile_id(model, route): scope.arn("application-inference-profile/000000000000")
        for model in models
        for route in scope.routes
        if stage.callers.teams and reach(model, route, stage.region) is not None
    }
    try:
        for own_profiles in ({}, copies):
            session_policies.session_policy(models, scope, own_profiles)
    except session_policies.SessionPolicyTooLong as error:
        yield (
            f"callers.plans.{plan_name}.models: {len(names)} models given in "
            f"{', '.join(stage.models.geographies)}; allowed: fewer, since {error}, or "
            "callers.caller_sessions false"
        )


def _meant_by(spelling: str, stage: Stage) -> list[str]:
    model = catalog.find(spelling)
    names = [model.name] if model else [m.name for m in catalog.MODELS if m.family == spelling]
    return [name for name in names if name in stage.models.allow]
