"""The token issuers of the stage, as the function's environment holds them."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple


class TokenIssuer(NamedTuple):
    """Whose tokens are taken, and what their claims say. `name` is the stage's name for it, and
    `url` is its `iss`.

    The team is `fixed_team`, or the one of `teams` that the claim `team_claim` names; without both
    its callers are of no team. Each claim in `required` has to hold one of its values. `usage_key`
    is the API key by which API Gateway counts its callers' requests.
    """

    name: str
    url: str
    audience: str
    caller_claim: str
    fixed_team: str
    team_claim: str
    teams: tuple[str, ...]
    required: Mapping[str, tuple[str | bool, ...]]
    plan: str
    usage_key: str


def parse_issuers(text: str) -> tuple[TokenIssuer, ...]:
    """Return the issuers in the JSON list that the stack writes into the function's environment."""
    return tuple(_issuer(item) for item in json.loads(text))


def _issuer(item: dict[str, Any]) -> TokenIssuer:
    required = {name: tuple(allowed) for name, allowed in item["required"].items()}
    return TokenIssuer(**{**item, "teams": tuple(item["teams"]), "required": required})
