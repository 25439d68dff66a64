"""The token issuers of the group `callers`: whose tokens are a credential, and what their claims
say of a caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from stacks.stage.group import Allowed, Group, Page

DEFAULT_PLAN = "default"

PlanName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
# It becomes part of a profile's name: single separators, no more than there is room for.
TeamName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([_-]?[A-Za-z0-9])*$", max_length=24)]
IssuerName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
# No query and no fragment: https://openid.net/specs/openid-connect-core-1_0.html#IssuerIdentifier
IssuerUrl = Annotated[
    str,
    Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%/-]*)?$", max_length=256),
]
# Auth0 and AWS name claims by URLs.
ClaimName = Annotated[str, Field(pattern=r"^[!-~]{1,128}$")]
ClaimText = Annotated[str, Field(pattern=r"^[ -~]{1,256}$")]

_PAGE = Page("sign-in.md")


def _listed(value: object) -> object:
    """The list that a single value of a claim stands for; anything else as it is."""
    return [value] if isinstance(value, str | bool) else value


ClaimValues = Annotated[
    tuple[ClaimText | bool, ...],
    Field(min_length=1, strict=False),
    BeforeValidator(_listed, json_schema_input_type=ClaimText | bool | list[ClaimText | bool]),
]


class TokenTeam(Group):
    """The team of a token's caller: one of the stage's, or what a claim says. A team's name stands
    for an object with `name` alone."""

    name: Annotated[
        TeamName | None,
        Allowed("one of the stage's teams"),
        Field(description="The team of every caller of the issuer."),
    ] = None
    claim: Annotated[
        ClaimName | None,
        Allowed("a claim's name, like groups or realm_access.roles"),
        Field(
            description="The claim that names the caller's team; of a list, exactly one value has "
            "to be a team of the stage."
        ),
    ] = None


def _expand(value: object) -> object:
    """The object that a team's name stands for; anything else as it is."""
    return {"name": value} if isinstance(value, str) else value


TeamOrName = Annotated[
    TokenTeam, BeforeValidator(_expand, json_schema_input_type=TeamName | TokenTeam)
]


class TokenIssuer(Group):
    """An OpenID Connect issuer, and what its tokens have to say."""

    issuer: Annotated[
        IssuerUrl,
        Allowed(
            "an HTTPS URL as the token's iss has it, like https://login.example.com/tenant/v2.0, "
            "without a query"
        ),
        Field(
            description="The issuer's URL. Its keys are read from what "
            "/.well-known/openid-configuration below it names."
        ),
    ]
    audience: Annotated[
        ClaimText,
        Allowed("1 to 256 ASCII characters"),
        Field(description="What a token's aud has to hold: the client id, or a name you choose."),
    ]
    caller_claim: Annotated[
        ClaimName,
        Allowed("a claim's name, like email"),
        Field(description="The claim that names the caller in each record."),
    ] = "sub"
    team: Annotated[
        TeamOrName | None,
        Allowed("one of the stage's teams, an object with the key claim, or null"),
        Field(description="The caller's team."),
    ] = None
    require: Annotated[
        Mapping[ClaimName, ClaimValues],
        Allowed(
            "an object of claim names, each a text, true, false, or a list of these of which the "
            "token has to hold one"
        ),
        Field(description="What a token's claims have to hold beside issuer and audience."),
    ] = {}
    plan: Annotated[
        PlanName,
        Allowed("one of the stage's plans"),
        Field(
            description="The usage plan. Its throttle and quota hold for all callers of the issuer "
            "together, models and tokens_per_minute for each. To limit each caller's spending, set "
            "callers.budgets."
        ),
    ] = DEFAULT_PLAN
