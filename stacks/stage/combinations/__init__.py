"""Checks of a stage block's values against each other: combinations that cannot be deployed, or
would have no effect. Each mistake is one line; a module has those of one group of keys."""

from __future__ import annotations

from stacks.stage.block import Stage
from stacks.stage.combinations.account import account_mistakes
from stacks.stage.combinations.bucket_names import bucket_mistakes
from stacks.stage.combinations.callers import key_mistakes, plan_mistakes, team_mistakes
from stacks.stage.combinations.endpoint import (
    endpoint_mistakes,
    network_mistakes,
    truststore_mistakes,
    upstream_mistakes,
    web_acl_mistakes,
)
from stacks.stage.combinations.evidence import canary_mistakes, entry_table_mistakes, trail_mistakes
from stacks.stage.combinations.logs import logging_mistakes
from stacks.stage.combinations.models import geography_mistakes, tier_mistakes
from stacks.stage.combinations.network import private_mistakes
from stacks.stage.combinations.token_issuers import issuer_mistakes

__all__ = ["canary_mistakes", "geography_mistakes", "team_mistakes", "value_mistakes"]


def value_mistakes(stage: Stage) -> list[str]:
    """Return the mistakes of every key but geographies, models, teams and the canary."""
    return [
        *endpoint_mistakes(stage),
        *upstream_mistakes(stage),
        *network_mistakes(stage),
        *truststore_mistakes(stage),
        *web_acl_mistakes(stage),
        *private_mistakes(stage),
        *logging_mistakes(stage),
        *bucket_mistakes(stage),
        *trail_mistakes(stage),
        *entry_table_mistakes(stage),
        *account_mistakes(stage),
        *tier_mistakes(stage),
        *plan_mistakes(stage),
        *key_mistakes(stage),
        *issuer_mistakes(stage),
    ]
