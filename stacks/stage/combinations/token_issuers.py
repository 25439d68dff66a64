"""Who may give tokens, and to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from claude_bedrock.caller_sessions.qualified_name import RESERVED
from stacks.stage.block import Stage
from stacks.stage.combinations.callers import NAMES_CHARACTERS
from stacks.stage.token_issuers import TokenIssuer

# An issuer's in the authorizer's environment: the names of its fields and its usage key.
_ISSUER_CHARACTERS = 160
_LOCAL_ISSUER = re.compile(r"http://(127\.0\.0\.1|localhost)[:/]")
LOCAL_STAGE = "local"
# Issuers of everybody's tokens, and the claims that say whose.
# https://docs.github.com/en/actions/reference/security/oidc#oidc-token-claims
# https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
SHARED_ISSUERS: Final[Mapping[str, tuple[str, ...]]] = {
    "https://token.actions.githubusercontent.com": (
        *("repository", "repository_id", "repository_owner", "repository_owner_id"),
        *("enterprise", "enterprise_id", "sub"),
    ),
    "https://accounts.google.com": ("hd", "email", "sub"),
}


def issuer_mistakes(stage: Stage) -> Iterator[str]:
    callers = stage.callers
    earlier: set[tuple[str, str]] = set()
    for name, issuer in callers.token_issuers.items():
        path = f"callers.token_issuers.{name}"
        if name in RESERVED:
            yield (
                f"{path}: given; allowed: other names than {', '.join(sorted(RESERVED))}, since "
                f"{name}:NAME is a caller without a token"
            )
        is_local = bool(_LOCAL_ISSUER.match(issuer.issuer)) and stage.name == LOCAL_STAGE
        if not issuer.issuer.startswith("https://") and not is_local:
            yield (
                f"{path}.issuer: {issuer.issuer!r} given; allowed: an HTTPS URL, since who can "
                "change the issuer's keys can be any caller"
            )
        if (issuer.issuer, issuer.audience) in earlier:
            yield (
                f"{path}.audience: {issuer.audience!r} given for an issuer that has it already; "
                "allowed: another audience, by which its tokens are told apart"
            )
        earlier.add((issuer.issuer, issuer.audience))
        if issuer.plan not in callers.all_plans:
            yield (
                f"{path}.plan: {issuer.plan!r} given; allowed: one of the stage's plans "
                f"({', '.join(callers.all_plans)})"
            )
        of_all = SHARED_ISSUERS.get(issuer.issuer.rstrip("/"), ())
        if of_all and not set(of_all) & set(issuer.require):
            yield (
                f"{path}.require: names none of {', '.join(of_all)}; allowed: one of them with its "
                "value, since this issuer gives a token for your audience to all its users"
            )
        yield from _token_team_mistakes(stage, path, issuer)
    size = _issuer_characters(stage)
    if size > NAMES_CHARACTERS:
        yield (
            f"callers.token_issuers: {size} characters given; allowed: {NAMES_CHARACTERS} "
            "together, since a function's environment holds 4 KB"
        )


def _issuer_characters(stage: Stage) -> int:
    """What the issuers take in the environment of the authorizer; those that name a team by a claim
    come with all teams."""
    teams = sum(len(team) + 4 for team in stage.callers.teams)
    return sum(
        _ISSUER_CHARACTERS
        + len(name)
        + len(issuer.model_dump_json())
        + (teams if issuer.team and issuer.team.claim else 0)
        for name, issuer in stage.callers.token_issuers.items()
    )


def _token_team_mistakes(stage: Stage, path: str, issuer: TokenIssuer) -> Iterator[str]:
    teams, team = stage.callers.teams, issuer.team
    if team is None:
        return
    if (team.name is None) == (team.claim is None):
        yield (
            f"{path}.team: {'both name and claim' if team.name else 'neither name nor claim'} "
            "given; allowed: one of the stage's teams, or an object with the key claim"
        )
    elif not teams:
        yield (
            f"{path}.team: given in a stage without teams; allowed: callers.teams with it, or null"
        )
    elif team.name is not None and team.name not in teams:
        yield (
            f"{path}.team: {team.name!r} given; allowed: one of the stage's teams "
            f"({', '.join(teams)})"
        )
