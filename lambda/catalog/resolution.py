"""How a name a client sends becomes the inference profile a stage calls, or a sentence why not."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from .model import RETENTION_MODES, ROUTES, Model
from .newer_models import NEWER_MODELS
from .seed_models import SEED_MODELS

MODELS: Final[tuple[Model, ...]] = (*SEED_MODELS, *NEWER_MODELS)
"""Every model on record: the ten of Anthropic's first guide, then the newer ones."""

_SPELLINGS: Final = {
    spelling: model for model in MODELS for spelling in (model.name, model.base_id, *model.aliases)
}
_ARN_SEPARATORS: Final = 5
_PROVIDER: Final = "anthropic."
_NOT_COMMERCIAL: Final = ("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-")


class ResolutionError(Exception):
    """A model name cannot be served; str() is a sentence fit for the client."""


class UnknownModel(ResolutionError):
    """The name is nobody's."""


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


class RouteNotAllowed(ResolutionError):
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
    """The model that `name` spells: a name or alias, a base id, the id of a profile the model has,
    or the ARN of either. The Region and account in an ARN are not looked at."""
    route, spelling = _read(name)
    model = _SPELLINGS.get(spelling)
    if model is None or (route is not None and route not in routes(model)):
        return None
    return model


def resolve(
    requested: str, *, allowed: Collection[str], routes: Sequence[str], region: str, today: str
) -> Resolved:
    """The profiles to call for `requested` from `region`, on a stage that allows the models named
    in `allowed` by `routes`, the first of them first; `today` is an ISO date.

    Bedrock refuses a bare base id of these models, so it stands for the stage's profiles:
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
    A name that asks for one route gets that one or none.
    Raises UnknownModel, RetiredModel, ModelNotAllowed or RouteNotAllowed.
    """
    asked_route, spelling = _read(requested)
    model = _SPELLINGS.get(spelling)
    if model is None:
        raise UnknownModel(f"There is no model {_quoted(requested)} here. {_offer(allowed)}")
    if is_retired(model, today):
        raise RetiredModel(model)
    if model.name not in allowed:
        raise ModelNotAllowed(f"{_called(model)} is not offered here. {_offer(allowed)}")
    if asked_route is not None and asked_route not in routes:
        raise RouteNotAllowed(
            f"Requests here are routed by {_listed(routes)} only, not by {asked_route}; "
            f"ask for {model.name} and leave the profile to this endpoint."
        )
    asked = routes if asked_route is None else (asked_route,)
    served = [route for route in asked if reach(model, route, region) is not None]
    if not served:
        raise RouteNotAllowed(_no_profile(model, asked))
    profile_ids = tuple(profile_id(model, route) for route in served)
    return Resolved(model, profile_ids, is_legacy(model, today))


def reach(model: Model, route: str, region: str) -> tuple[str, ...] | None:
    """The Regions in which a call from `region` by `route` may be answered; empty for `global`,
    whose destinations are every commercial Region and grow; None where the model has no such
    profile, or none callable from that Region."""
    for profile in model.profiles:
        if profile.route == route == "global" and not region.startswith(_NOT_COMMERCIAL):
            return ()
        if profile.route == route and region in profile.regions:
            return profile.regions[region]
    return None


def profile_id(model: Model, route: str) -> str:
    """`global.anthropic.claude-…`; raises NoProfile when the model has none on that route."""
    if route not in routes(model):
        raise NoProfile(_no_profile(model, (route,)))
    return f"{route}.{model.base_id}"


def routes(model: Model) -> tuple[str, ...]:
    """The routes on which the model has a profile, `global` first."""
    return tuple(profile.route for profile in model.profiles)


def is_retired(model: Model, today: str) -> bool:
    """Whether Bedrock refuses the model on `today`, an ISO date; its last day is the one before
    its end of life."""
    end = model.life.end_of_life
    return model.life.retired or (end is not None and end <= today)


def is_legacy(model: Model, today: str) -> bool:
    """Whether the model is on its way out on `today`: still served, closed to new customers."""
    start = model.life.legacy
    return not is_retired(model, today) and start is not None and start <= today


def retention_suffices(mode: str, model: Model) -> bool:
    """Whether Bedrock offers the model in an account whose data-retention mode is `mode`:
    https://docs.aws.amazon.com/bedrock/latest/userguide/data-retention.html"""
    return RETENTION_MODES.index(mode) >= RETENTION_MODES.index(model.data_retention)


def _read(name: str) -> tuple[str | None, str]:
    """The route a name asks for, if any, and the rest of it."""
    if name.startswith("arn:"):
        name = _resource_of(name)
    prefix, dot, rest = name.partition(".")
    if dot and prefix in ROUTES and rest.startswith(_PROVIDER):
        return prefix, rest
    return None, name


def _resource_of(arn: str) -> str:
    """The id at the end of a Bedrock ARN: `a.b.c` of `arn:aws:bedrock:R:A:inference-profile/a.b.c`.

    An ARN of anything else is handed back whole, which is nobody's name."""
    parts = arn.split(":", _ARN_SEPARATORS)
    if len(parts) <= _ARN_SEPARATORS or parts[2] != "bedrock":
        return arn
    kind, _, resource = parts[_ARN_SEPARATORS].partition("/")
    fits = resource.startswith(_PROVIDER) == (kind == "foundation-model")
    return resource if fits and kind in {"foundation-model", "inference-profile"} else arn


def _no_profile(model: Model, asked: Collection[str]) -> str:
    return (
        f"{_called(model)} has no {' or '.join(asked)} profile here; it has "
        f"{_listed(routes(model))}."
    )


def _on(date: str | None) -> str:
    return f" on {date}" if date else ""


def _offer(allowed: Collection[str]) -> str:
    return f"Offered: {_listed(sorted(allowed))}."


def _called(model: Model) -> str:
    return f"{model.display_name} ({model.name})"


def _listed(names: Collection[str]) -> str:
    return ", ".join(names) if names else "none"


def _quoted(requested: str) -> str:
    """What the client asked for, without what an ARN would repeat of an account."""
    _, spelling = _read(requested)
    return "by that ARN" if spelling.startswith("arn:") else f"'{spelling[:128]}'"
