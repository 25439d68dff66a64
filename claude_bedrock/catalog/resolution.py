"""The resolution of a client's name into the inference profile a stage calls, or a sentence why
not."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Final, NamedTuple

from claude_bedrock.catalog import spellings
from claude_bedrock.catalog.first_models import SEED_MODELS
from claude_bedrock.catalog.model import RETENTION_MODES, Model
from claude_bedrock.catalog.newer_models import FIRST_PARTY_ONLY, NEWER_MODELS

MODELS: Final[tuple[Model, ...]] = (*SEED_MODELS, *NEWER_MODELS)
"""Every model on record: the ten of Anthropic's first guide, then the newer ones."""

_SPELLINGS: Final = {
    spelling: model for model in MODELS for spelling in (model.name, model.base_id, *model.aliases)
}
_MOST_NEAR: Final = 3
_MILLION: Final = 1_000_000
_NOT_COMMERCIAL: Final = ("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-")


class ResolutionError(Exception):
    """A model name cannot be served; str() is a sentence fit for the client."""


class UnknownModel(ResolutionError):
    """The name is nobody's, or that of a model Bedrock does not have."""


class WindowTooShort(ResolutionError):
    """The name asks for a window of a million tokens, which the model does not have."""


class RetiredModel(ResolutionError):
    """The model has reached its end of life on Bedrock."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.successor = model.successor
        super().__init__(
            f"{_called(model)} was retired on Amazon Bedrock{_on(model.life.end_of_life)}; "
            f"use {model.successor} instead."
        )


class ModelNotAllowed(ResolutionError):
    """The model exists, but this stage does not offer it."""


class GeographyNotAllowed(ResolutionError):
    """The name asks for a profile other than those this stage routes by."""


class NoProfile(LookupError):
    """A model has no inference profile on a route, or none callable from a Region."""


class Resolved(NamedTuple):
    """A model, and the ids of the inference profiles to call it by, in the order to try them.

    `legacy`: whether the model is on its way out."""

    model: Model
    profile_ids: tuple[str, ...]
    legacy: bool


def find(name: str) -> Model | None:
    """Return the model that `name` spells: a name or alias, a base id, the id of a profile the
    model has, the ARN of either, or any of these as clients write them:
    `claude_bedrock.catalog.spellings`. The Region and account in an ARN are not looked at."""
    route, model, _ = _read(name)
    if model is None or (route is not None and route not in routes(model)):
        return None
    return model


def resolve(
    requested: str, *, allowed: Collection[str], routes: Sequence[str], region: str, today: str
) -> Resolved:
    """Return the profiles to call for `requested` from `region`, on a stage that allows the models
    named in `allowed` by `routes`, the first of them first; `today` is an ISO date.

    Bedrock refuses a bare base id of these models, so it stands for the stage's profiles:
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
    A name that asks for one route gets that one or none.
    Raises UnknownModel, RetiredModel, ModelNotAllowed, WindowTooShort or GeographyNotAllowed.
    """
    requested_route, model, million = _read(requested)
    if model is None:
        raise UnknownModel(_unknown(requested, _offered(allowed, today)))
    if is_retired(model, today):
        raise RetiredModel(model)
    if model.name not in allowed:
        offer = _offer(_offered(allowed, today))
        raise ModelNotAllowed(f"{_called(model)} is not offered here. {offer}")
    if million and model.context_tokens < _MILLION:
        raise WindowTooShort(
            f"{_called(model)} has a context window of {model.context_tokens:,} tokens on Amazon "
            f"Bedrock; ask for it without {spellings.MILLION}."
        )
    if requested_route is not None and requested_route not in routes:
        raise GeographyNotAllowed(
            f"Requests here are routed by {_listed(routes)} only, not by {requested_route}; "
            f"ask for {model.name} and leave the profile to this endpoint."
        )
    requested_routes = routes if requested_route is None else (requested_route,)
    served = [route for route in requested_routes if reach(model, route, region) is not None]
    if not served:
        raise GeographyNotAllowed(_no_profile(model, requested_routes))
    profile_ids = tuple(profile_id(model, route) for route in served)
    return Resolved(model, profile_ids, is_legacy(model, today))


def reach(model: Model, route: str, region: str) -> tuple[str, ...] | None:
    """Return the Regions in which a call from `region` by `route` may be answered; empty for
    `global`, whose destinations are every commercial Region and grow; None where the model has no
    such profile, or none callable from that Region."""
    for profile in model.profiles:
        if profile.route == route == "global" and not region.startswith(_NOT_COMMERCIAL):
            return ()
        if profile.route == route and region in profile.regions:
            return profile.regions[region]
    return None


def profile_id(model: Model, route: str) -> str:
    """Return the profile's id, `global.anthropic.claude-…`. Raises NoProfile when the model has
    none on that route."""
    if route not in routes(model):
        raise NoProfile(_no_profile(model, (route,)))
    return f"{route}.{model.base_id}"


def routes(model: Model) -> tuple[str, ...]:
    """Return the routes on which the model has a profile, `global` first."""
    return tuple(profile.route for profile in model.profiles)


def is_retired(model: Model, today: str) -> bool:
    """Return whether Bedrock refuses the model on `today`, an ISO date; its last day is the one
    before its end of life."""
    end = model.life.end_of_life
    return model.life.retired or (end is not None and end <= today)


def is_legacy(model: Model, today: str) -> bool:
    """Return whether the model is on its way out on `today`: still served, closed to new
    customers."""
    start = model.life.legacy
    return not is_retired(model, today) and start is not None and start <= today


def retention_suffices(mode: str, model: Model) -> bool:
    """Return whether Bedrock offers the model in an account whose data-retention mode is `mode`:
    https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html"""
    return RETENTION_MODES.index(mode) >= RETENTION_MODES.index(model.data_retention)


def _read(name: str) -> tuple[str | None, Model | None, bool]:
    """Return the route that a name asks for, if any, the model, and whether it asks for a window of
    a million tokens; the catalog's own spellings need no parsing."""
    route, base = spellings.split_geography(spellings.resource_of(name))
    if model := _SPELLINGS.get(base):
        return route, model, False
    parsed = spellings.parse(name)
    if parsed is None:
        return None, None, False
    model = _by_parts().get((parsed.family, parsed.version, parsed.date))
    return parsed.geography, model, parsed.million


@cache
def _by_parts() -> dict[tuple[str, tuple[str, ...], str], Model]:
    """Return every model by what its spellings say, with its date and without."""
    models = {}
    for spelling, model in _SPELLINGS.items():
        parsed = spellings.parse(spelling)
        if parsed is not None:
            models[parsed.family, parsed.version, parsed.date] = model
            models.setdefault((parsed.family, parsed.version, ""), model)
    return models


def _offered(allowed: Collection[str], today: str) -> list[Model]:
    """Return the models named in `allowed` that Bedrock still has, in the catalog's order."""
    return [model for model in MODELS if model.name in allowed and not is_retired(model, today)]


def _unknown(requested: str, offered: Sequence[Model]) -> str:
    """Return the error of a name that no model has, with the names that are near it and all there
    are."""
    parsed = spellings.parse(requested)
    for name, display_name in FIRST_PARTY_ONLY.items():
        if parsed and parsed[1:4] == (spellings.parse(name) or ())[1:4]:
            where = "is on Anthropic's own API, not on Amazon Bedrock"
            return f"{display_name} ({name}) {where}. {_offer(offered)}"
    near = _near(requested, offered)
    suggested = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"There is no model {_quoted(requested)} here.{suggested} {_offer(offered)}"


def _near(requested: str, offered: Sequence[Model]) -> list[str]:
    """Return the names offered that are like what was asked for; of its family, if it names one."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong name pays for it

    families = spellings.families_in(requested)
    names = [model.name for model in offered if not families or model.family in families]
    text = spellings.resource_of(requested.strip().lower())[:128].rpartition("/")[2]
    near = get_close_matches(text, names, _MOST_NEAR, cutoff=0.6)
    return near or (names[-_MOST_NEAR:] if families else [])


def _no_profile(model: Model, requested_routes: Collection[str]) -> str:
    return (
        f"{_called(model)} has no {' or '.join(requested_routes)} profile here; it has "
        f"{_listed(routes(model))}."
    )


def _on(date: str | None) -> str:
    return f" on {date}" if date else ""


def _offer(offered: Sequence[Model]) -> str:
    return f"Offered: {_listed(sorted(model.name for model in offered))}."


def _called(model: Model) -> str:
    return f"{model.display_name} ({model.name})"


def _listed(names: Collection[str]) -> str:
    return ", ".join(names) if names else "none"


def _quoted(requested: str) -> str:
    """Return what the client asked for, without what an ARN would repeat of an account."""
    text = spellings.resource_of(requested.strip())
    return "by that ARN" if text.lower().startswith("arn:") else f"'{text[:128]}'"
