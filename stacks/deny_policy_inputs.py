"""What the deny policy of a stage is made of, from the stage's settings."""

from __future__ import annotations

from claude_bedrock.catalog.deny_policy import DenyPolicyInputs
from claude_bedrock.catalog.invoke_policies import InvocationScope
from stacks.stage.block import Stage


def deny_policy_inputs(stage: Stage, *, account: str, partition: str) -> DenyPolicyInputs:
    """Return what the stage is held to; `account` and `partition` may be CDK tokens."""
    guardrail = stage.models.guardrail
    return DenyPolicyInputs(
        stage=stage.name,
        scope=InvocationScope(
            stage.models.geographies,
            stage.region,
            account,
            partition,
            (guardrail.id, guardrail.version) if guardrail else None,
        ),
        short_term_bearer_tokens=stage.callers.short_term_bearer_tokens,
        data_retention=stage.models.data_retention,
        team_profiles=bool(stage.callers.teams),
        signed_callers=stage.callers.auth == "iam",
        counts_spending=stage.callers.counts_spending,
        service_tiers=stage.models.service_tiers,
        caller_sessions=stage.callers.caller_sessions,
        team_guardrails=stage.callers.team_guardrails,
    )
