"""What the deny policy of a stage is computed from, and names of roles that do not fit into it."""

from __future__ import annotations

from collections.abc import Iterator

from claude_bedrock.catalog import deny_policy
from claude_bedrock.catalog.deny_policy import DenyPolicyInputs
from claude_bedrock.catalog.invoke_policies import (
    MANAGED_POLICY_CHARACTERS,
    InvocationScope,
    characters,
)
from stacks.stage.block import Stage

_SOME_ACCOUNT = "0" * 12
_PARTITION = "aws"


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
        role_prefix=stage.role_names.prefix,
        role_path=stage.role_names.path,
        functions_in_vpc=stage.endpoint.function_network is not None,
    )


def boundary_characters(stage: Stage) -> int:
    """Return the length of the stage's permissions boundary, of which IAM takes
    MANAGED_POLICY_CHARACTERS."""
    inputs = deny_policy_inputs(stage, account=_SOME_ACCOUNT, partition=_PARTITION)
    return characters(deny_policy.boundary_statements(inputs))


def mistakes(stage: Stage) -> Iterator[str]:
    """Yield a line where path and prefix of roles make a policy longer than IAM takes: the deny
    policy names the roles that it excepts."""
    if not (stage.account.role_path or stage.account.role_prefix):
        return
    if (length := boundary_characters(stage)) > MANAGED_POLICY_CHARACTERS:
        key = "role_path" if stage.account.role_path else "role_prefix"
        yield (
            f"account.{key}: given, with which the stage's permissions boundary has {length} "
            f"characters; allowed: a shorter path and prefix, since IAM takes "
            f"{MANAGED_POLICY_CHARACTERS}"
        )
