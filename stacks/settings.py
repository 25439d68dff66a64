"""Reads a stage's block in cdk.json, and refuses one with mistakes: one line for each."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping

from pydantic import ValidationError

from claude_bedrock.catalog import stage_models
from claude_bedrock.catalog.aws_regions import COMMERCIAL_REGIONS
from claude_bedrock.catalog.stage_models import NotForThisStageError
from stacks import budget_rules, deny_policy_inputs, plan_models
from stacks.stage import Stage, combinations, mistakes


class SettingsError(Exception):
    """What is wrong with a stage block: one line for each mistake."""


def load_stage(stages: object, name: object, *, today: dt.date | None = None) -> Stage:
    """Return the settings of the stage called `name` in the `stages` map of cdk.json, or in the
    JSON text that `cdk -c stages=…` hands over in its place.

    Raises SettingsError with one line for each mistake: the stage, the key's path, what was given
    and what is allowed. `today` decides which models have been retired.
    """
    stage = _parse(*_block(stages, name))
    if stage.region not in COMMERCIAL_REGIONS:
        raise SettingsError(f"stage {name!r}: {_unknown_region(stage.region)}")
    lines = [
        *combinations.value_mistakes(stage),
        *combinations.geography_mistakes(stage),
        *budget_rules.mistakes(stage),
    ]
    stage, of_models = _with_models(stage, today or dt.datetime.now(dt.UTC).date())
    lines += [] if _has_no_geography(stage) else of_models
    lines += [*combinations.team_mistakes(stage), *combinations.canary_mistakes(stage)]
    lines += plan_models.mistakes(stage) if stage.models.allow else []
    lines += deny_policy_inputs.mistakes(stage)
    if lines:
        raise SettingsError("\n".join(f"stage {name!r}: {mistake}" for mistake in lines))
    return stage


def _block(stages: object, name: object) -> tuple[str, Mapping[str, object]]:
    if isinstance(stages, str):
        stages = _read(stages)
    if not isinstance(stages, Mapping) or not stages:
        raise SettingsError(
            "cdk.json has no map of stages in its context; allowed: "
            '{"context": {"stages": {NAME: {…}}}}'
        )
    if not isinstance(name, str) or name not in stages:
        raise SettingsError(f"stage {name!r}: not in cdk.json; allowed: {', '.join(stages)}")
    block = stages[name]
    if not isinstance(block, Mapping):
        raise SettingsError(f"stage {name!r}: {block!r} given; allowed: an object with its keys")
    return name, block


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SettingsError(f"the stages that were handed over are no JSON: {error}") from None


def _parse(name: str, block: Mapping[str, object]) -> Stage:
    if "name" in block:
        raise SettingsError(f"stage {name!r}: {mistakes.unknown_name()}")
    if moved := mistakes.moved_keys(block):
        raise SettingsError(f"stage {name!r}: {moved}")
    try:
        return Stage.model_validate({**block, "name": name})
    except ValidationError as error:
        lines = mistakes.lines(map(dict, error.errors()), block)
        raise SettingsError("\n".join(f"stage {name!r}: {line}" for line in lines)) from None


def _unknown_region(region: str) -> str:
    return (
        f"region: {region!r} given; allowed: a commercial AWS Region, one of "
        f"{', '.join(COMMERCIAL_REGIONS)}"
    )


def _has_no_geography(stage: Stage) -> bool:
    """Return whether no model at all can be called by the stage's geography from its Region."""
    return stage.models.geography not in stage_models.callable_geographies(stage.region)


def _with_models(stage: Stage, today: dt.date) -> tuple[Stage, list[str]]:
    """Return the stage with the names of its models in the catalog, and what is wrong with them."""
    values = stage_models.StageModels(
        region=stage.region,
        geographies=stage.models.geographies,
        residency=stage.models.residency,
        models=stage.models.allow,
        data_retention=stage.models.data_retention,
    )
    names: tuple[str, ...] = ()
    lines: list[str] = []
    try:
        names = stage_models.chosen(values, today.isoformat())
    except NotForThisStageError as error:
        lines = [f"models: {line}" for line in str(error).splitlines()]
    models = stage.models.model_copy(update={"allow": names})
    return stage.model_copy(update={"models": models}), lines
