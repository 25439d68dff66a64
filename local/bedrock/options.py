"""The options that say how a call is served: service tier and latency.

Claude is served at the standard tier and latency. AWS's model cards list no other tier, but for
`reserved` by contract, and its page on latency lists no Claude model that is left:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-card-anthropic-claude-opus-4-8.html
https://docs.aws.amazon.com/bedrock/latest/userguide/latency-optimized-inference.html
"""

from typing import Final, NamedTuple

from claude_bedrock.catalog import Model
from local.bedrock.errors import invalid

STANDARD_TIER: Final = "default"
STANDARD_LATENCY: Final = "standard"
TIERS: Final = ("priority", STANDARD_TIER, "flex", "reserved")


class Options(NamedTuple):
    """What a call names; the standard where it names nothing."""

    tier: str = STANDARD_TIER
    latency: str = STANDARD_LATENCY


def check(options: Options, model: Model, region: str) -> None:
    """Raise RefusedError for an option that this model does not have, in the words that callers of
    Bedrock report: https://github.com/NousResearch/hermes-agent/pull/34476"""
    if options.latency != STANDARD_LATENCY:
        raise invalid(
            f"Latency performance configuration is not supported for {model.base_id} in {region}"
        )
    if options.tier not in TIERS:
        raise invalid("service tier provided is invalid")
    if options.tier == "reserved":
        raise invalid("Reservation not found.")
    if options.tier != STANDARD_TIER:
        raise invalid("The provided service tier is not supported for this model.")
