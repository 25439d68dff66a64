"""The variable TOKEN_ISSUERS of the authorizer, from a stage's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk

from stacks.stage.callers import Callers
from stacks.stage.token_issuers import TokenIssuer


def token_issuers_text(stack: cdk.Stack, callers: Callers, usage_keys: Mapping[str, str]) -> str:
    """Return the JSON list of the stage's token issuers, each with the value of its usage key, or
    "" where there are none."""
    issuers = [
        _issuer(name, issuer, list(callers.teams), usage_keys[name])
        for name, issuer in callers.token_issuers.items()
    ]
    return stack.to_json_string(issuers) if issuers else ""


def _issuer(name: str, issuer: TokenIssuer, teams: list[str], usage_key: str) -> dict[str, Any]:
    team = issuer.team
    return {
        "name": name,
        "url": issuer.issuer,
        "audience": issuer.audience,
        "caller_claim": issuer.caller_claim,
        "fixed_team": (team and team.name) or "",
        "team_claim": (team and team.claim) or "",
        "teams": teams if team and team.claim else [],
        "required": {claim: list(values) for claim, values in issuer.require.items()},
        "plan": issuer.plan,
        "usage_key": usage_key,
    }
