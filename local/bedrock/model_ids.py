"""The model that a path names: the ids and ARNs Bedrock accepts, and those it refuses.

Bare base ids are refused, since Claude from Sonnet 4 on has no on-demand throughput of its own:
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

from claude_bedrock import catalog
from claude_bedrock.catalog import Model, Profile
from local.bedrock.errors import RefusedError, invalid

_ARN = re.compile(
    r"arn:aws[a-z-]*:bedrock:(?P<region>[a-z0-9-]*):(?P<account>\d*):"
    r"(?P<kind>foundation-model|inference-profile|application-inference-profile)/(?P<id>.+)"
)
_BY_BASE_ID: Mapping[str, Model] = {model.base_id: model for model in catalog.MODELS}
# The catalog leaves the destinations of `global` open, as AWS does: a few that exist.
_GLOBAL_DESTINATIONS = ("us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1", "ap-southeast-2")


class Target(NamedTuple):
    """A model a call may reach, the id it was named by, the Regions that may answer it, and those
    in which IAM is asked for the model: empty is a model without a Region, as `global` has it."""

    requested: str
    model: Model
    destinations: tuple[str, ...]
    authorization_regions: tuple[str, ...]

    def inference_region(self, seed: bytes) -> str:
        """Return where the call is answered; the same `seed` gives the same Region."""
        return self.destinations[crc32(seed) % len(self.destinations)]


def identify(requested: str, *, region: str, account: str, today: str) -> Target:
    """Return the target of a call from `region`; `today` is an ISO date. Raise RefusedError."""
    plain = _plain_id(requested, region, account)
    route, _, base_id = plain.partition(".")
    model = _BY_BASE_ID.get(plain) or _BY_BASE_ID.get(base_id)
    if model is None:
        raise _unknown()
    _check_alive(model, today)
    if plain == model.base_id:
        raise invalid(
            f"Invocation of model ID {plain} with on-demand throughput isn’t supported. Retry your "  # noqa: RUF001
            "request with the ID or ARN of an inference profile that contains this model."
        )
    profile = next((p for p in model.profiles if p.route == route), None)
    destinations = _destinations(profile, region)
    authorization_regions = (region, "") if route == "global" else destinations
    return Target(requested, model, destinations, authorization_regions)


def is_application(requested: str) -> bool:
    """Return whether it is the ARN of an application inference profile, which names no model:
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-use.html"""
    arn = _ARN.fullmatch(requested)
    return arn is not None and arn["kind"] == "application-inference-profile"


def identify_application(
    requested: str, models: Sequence[str], *, region: str, account: str, today: str
) -> Target:
    """Return the target of a call by an application profile. `models` are the ARNs behind it, one
    for each Region, of which `global` leaves the last open; none if there is no such profile.
    Raises RefusedError."""
    arn, behind = _ARN.fullmatch(requested), [_ARN.fullmatch(model) for model in models]
    if arn is None or (arn["region"], arn["account"]) != (region, account):
        raise _unknown()
    matches = [match for match in behind if match is not None and match["id"] in _BY_BASE_ID]
    if not matches:
        raise _unknown()
    model = _BY_BASE_ID[matches[0]["id"]]
    _check_alive(model, today)
    regions = tuple(match["region"] for match in matches if match["region"])
    anywhere = _GLOBAL_DESTINATIONS if len(regions) < len(matches) else ()
    authorization_regions = tuple(match["region"] for match in matches)
    return Target(requested, model, (*regions, *anywhere), authorization_regions)


def identify_counted(requested: str, *, region: str, account: str, today: str) -> Model:
    """Return the model whose tokens CountTokens counts: by its base id or foundation-model ARN, and
    only if it is one that the catalog marks. Raise RefusedError; Bedrock has one sentence for a
    model that does not count and for every inference profile, even of a model that does."""
    if "inference-profile/" in requested:
        raise _uncounted()
    plain = _plain_id(requested, region, account)
    model = _BY_BASE_ID.get(plain)
    if model is None:
        raise _uncounted() if plain.partition(".")[2] in _BY_BASE_ID else _unknown()
    _check_alive(model, today)
    if not model.count_tokens:
        raise _uncounted()
    return model


def _plain_id(requested: str, region: str, account: str) -> str:
    arn = _ARN.fullmatch(requested)
    if arn is None:
        return requested
    owner = account if arn["kind"] == "inference-profile" else ""
    if arn["region"] != region or arn["account"] != owner:
        raise _unknown()
    if is_application(requested) or (arn["id"] in _BY_BASE_ID) != (
        arn["kind"] == "foundation-model"
    ):
        raise _unknown()
    return arn["id"]


def _check_alive(model: Model, today: str) -> None:
    ended = model.life.end_of_life is not None and model.life.end_of_life <= today
    if model.life.retired or ended:
        raise RefusedError(
            "ResourceNotFoundException",
            "This model version has reached the end of its life. "
            "Please refer to the AWS documentation for more details.",
        )
    if model.invitation_only:
        raise RefusedError(
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        )


def _destinations(profile: Profile | None, region: str) -> tuple[str, ...]:
    if profile is None:
        raise _unknown()
    if profile.route == "global":
        return (region, *_GLOBAL_DESTINATIONS)
    if region not in profile.regions:
        raise _unknown()
    return tuple(profile.regions[region])


def _unknown() -> RefusedError:
    return invalid("The provided model identifier is invalid.")


def _uncounted() -> RefusedError:
    return invalid("The provided model doesn't support counting tokens.")
