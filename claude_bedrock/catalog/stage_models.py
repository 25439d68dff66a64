"""The models that a stage's `models` mean, and those that the stage may have."""

import difflib
from typing import NamedTuple

from claude_bedrock.catalog.model import ROUTES, Model
from claude_bedrock.catalog.resolution import (
    MODELS,
    find,
    is_legacy,
    is_retired,
    reach,
    retention_suffices,
)


class StageModels(NamedTuple):
    """What of a stage's settings decides. `geographies`: in the order in which they are tried."""

    region: str
    geographies: tuple[str, ...]
    residency: tuple[str, ...] | None
    models: tuple[str, ...]
    data_retention: str | None

    @property
    def geography(self) -> str:
        """The one that every model has to have."""
        return self.geographies[0]


class NotForThisStageError(Exception):
    """A name in `models` means no model that the stage may have; the text says what is allowed."""


def chosen(stage: StageModels, today: str) -> tuple[str, ...]:
    """Return the names of the models that the stage's `models` mean, each once, in the catalog's
    order.

    A family is its models that a new customer can call under the stage's settings on `today`, an
    ISO date. Raises NotForThisStageError with a line for each mistake.
    """
    meant: dict[str, str] = {}
    mistakes: list[str] = []
    for spelling in stage.models:
        try:
            for model in _meant_by(spelling, stage, today):
                if model.name in meant:
                    mistakes.append(_twice(model, meant[model.name], spelling))
                meant[model.name] = spelling
        except NotForThisStageError as mistake:
            mistakes.append(str(mistake))
    if mistakes:
        raise NotForThisStageError("\n".join(mistakes))
    return tuple(model.name for model in MODELS if model.name in meant)


def _meant_by(spelling: str, stage: StageModels, today: str) -> list[Model]:
    if spelling in {model.family for model in MODELS}:
        return _family(spelling, stage, today)
    model = find(spelling)
    if model is None:
        raise NotForThisStageError(f"{spelling!r} given; {_meant(spelling, stage, today)}")
    if spelling not in {model.name, *model.aliases}:
        raise NotForThisStageError(f"{spelling!r} given; allowed: its name, {model.name}")
    if objection := _objection(model, stage, today):
        retired = is_retired(model, today)
        instead = f"{model.successor}, its successor" if retired else _allowed(stage, today)
        raise NotForThisStageError(f"{spelling!r} given, {objection}; allowed: {instead}")
    return [model]


def _meant(spelling: str, stage: StageModels, today: str) -> str:
    """Return the model that the stage may have and whose name is nearest, else all that it may
    have."""
    names = [model.name for model in MODELS if not _objection(model, stage, today)]
    near = difflib.get_close_matches(spelling.lower(), names, n=1, cutoff=0.8)
    return f"did you mean {near[0]}?" if near else f"allowed: {_allowed(stage, today)}"


def _family(family: str, stage: StageModels, today: str) -> list[Model]:
    models = [
        model
        for model in MODELS
        if model.family == family
        and not is_legacy(model, today)
        and not _objection(model, stage, today)
    ]
    if not models:
        raise NotForThisStageError(
            f"{family!r} given, of which this stage may have none; "
            f"allowed: {_allowed(stage, today)}"
        )
    return models


def _objection(model: Model, stage: StageModels, today: str) -> str | None:
    """Return why the stage may not have the model, if it may not."""
    if is_retired(model, today):
        return "which is retired"
    if reach(model, stage.geography, stage.region) is None:
        return f"which has no {stage.geography} profile callable from {stage.region}"
    if outside := _outside(model, stage):
        return f"which may be answered in {', '.join(outside)}, outside the stage's residency"
    if stage.data_retention and not retention_suffices(stage.data_retention, model):
        return (
            f"which needs data-retention mode {model.data_retention}, "
            f"where the stage sets {stage.data_retention}"
        )
    return None


def _outside(model: Model, stage: StageModels) -> list[str]:
    """Return the Regions that may answer the model by one of the stage's geographies, but should
    not."""
    if stage.residency is None:
        return []
    reached = [reach(model, geography, stage.region) or () for geography in stage.geographies]
    return sorted(
        {region for regions in reached for region in regions if not within(region, stage.residency)}
    )


def within(region: str, residency: tuple[str, ...]) -> bool:
    """Return whether `residency`, Regions or what their names begin with, has the Region."""
    return any(f"{region}-".startswith(f"{prefix}-") for prefix in residency)


def _allowed(stage: StageModels, today: str) -> str:
    names = [model.name for model in MODELS if not _objection(model, stage, today)]
    return ", ".join(names) or "no model by this geography from this Region; " + _callable(stage)


def _callable(stage: StageModels) -> str:
    geographies = ", ".join(callable_geographies(stage.region))
    return f"geographies that can be called from {stage.region}: {geographies}"


def callable_geographies(region: str) -> tuple[str, ...]:
    """Return the geographies by which any model can be called from the Region."""
    return tuple(
        geography
        for geography in ROUTES
        if any(reach(model, geography, region) is not None for model in MODELS)
    )


def _twice(model: Model, first: str, second: str) -> str:
    return f"{first!r} and {second!r} given, which both mean {model.name}; allowed: each model once"
