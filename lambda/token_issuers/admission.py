"""The caller of the stage that a verified token names."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from token_issuers.errors import NotAdmitted
from token_issuers.issuer import TokenIssuer

# What Bedrock takes in a value of request metadata, so that the name is in each record as it is in
# the token; no spaces around it, and none but single ones.
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
_CALLER: Final = re.compile(r"[A-Za-z0-9_:@$#=/+,.-]+(?: [A-Za-z0-9_:@$#=/+,.-]+)*")
MAX_CALLER_CHARACTERS: Final = 128


class Caller(NamedTuple):
    """`name` is the value of the caller claim, `team` one of the stage's or empty."""

    name: str
    team: str


def admit(issuer: TokenIssuer, claims: Mapping[str, Any]) -> Caller:
    """Return the caller of a token with these verified claims. Raises NotAdmitted."""
    for name, allowed in issuer.required.items():
        if not any(_is_equal(value, one) for value in _values(claims, name) for one in allowed):
            raise NotAdmitted(f"the claim {name} has none of the values that the stage requires")
    return Caller(_caller_name(issuer, claims), _team(issuer, claims))


def _caller_name(issuer: TokenIssuer, claims: Mapping[str, Any]) -> str:
    name = claim_value(claims, issuer.caller_claim)
    if not isinstance(name, str):
        raise NotAdmitted(f"the claim {issuer.caller_claim} holds no text to name the caller by")
    if len(name) > MAX_CALLER_CHARACTERS or not _CALLER.fullmatch(name):
        raise NotAdmitted(
            f"the claim {issuer.caller_claim} is not 1 to {MAX_CALLER_CHARACTERS} ASCII letters, "
            "digits, single spaces and _ : @ $ # = / + , . -"
        )
    return name


def _team(issuer: TokenIssuer, claims: Mapping[str, Any]) -> str:
    if not issuer.team_claim:
        return issuer.fixed_team
    values = _values(claims, issuer.team_claim)
    teams = [team for team in issuer.teams if team in values]
    if len(teams) != 1:
        raise NotAdmitted(f"the claim {issuer.team_claim} names {len(teams)} of the stage's teams")
    return teams[0]


def _values(claims: Mapping[str, Any], name: str) -> list[Any]:
    """Return the claim's values: those of a list, else the one that it is."""
    value = claim_value(claims, name)
    return value if isinstance(value, list) else [value]


def claim_value(claims: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the claim of that name, else the one that its dots lead to, else None: in
    `realm_access.roles` the dot leads into an object. A name that holds dots itself comes first."""
    if name in claims:
        return claims[name]
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        inner = claims.get(".".join(parts[:end]))
        if isinstance(inner, dict):
            return claim_value(inner, ".".join(parts[end:]))
    return None


def _is_equal(value: object, allowed: str | bool) -> bool:
    """Return whether both are the same text or the same boolean: to Python, 1 equals True."""
    return type(value) is type(allowed) and value == allowed
