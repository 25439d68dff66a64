"""Alone knows what a stage block in cdk.json may say, and how to tell its author what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import catalog
from catalog import access

Route = Literal["global", "us", "eu", "jp", "au", "apac"]

# What PutRetentionPolicy takes, from 30 days on:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
# A function's environment may hold 4 KB; a key's id takes 10 of them and its quotes 6.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
KEY_NAMES_CHARACTERS = 3000

KeyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class SettingsError(Exception):
    """What is wrong with a stage block: one line for each mistake."""


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Throttle(_Block):
    """Requests a second that a key's plan lets through, and how many at once above that."""

    rate_per_second: Annotated[float, Field(gt=0, le=10_000, description="0.1 to 10000")]
    burst: Annotated[int, Field(ge=1, le=5_000, description="a whole number, 1 to 5000")]


class Quota(_Block):
    """Requests that a key's plan lets through in a calendar period."""

    requests: Annotated[int, Field(ge=1, description="a whole number, 1 or more")]
    period: Annotated[Literal["DAY", "WEEK", "MONTH"], Field(description="DAY, WEEK or MONTH")]


class Stage(_Block):
    """One stage block: every value a deployment of ours can differ in."""

    name: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9]{0,15}$",
            description="1 to 16 lower-case letters and digits, a letter first",
        ),
    ]
    region: Annotated[
        str,
        Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", description="an AWS Region, like us-east-1"),
    ]
    route: Annotated[Route, Field(description="global, us, eu, jp, au or apac")]
    models: Annotated[
        tuple[str, ...],
        Field(min_length=1, strict=False, description="a list of model names of the catalogue"),
    ]
    retention_days: Annotated[
        int, Field(description="one of " + ", ".join(map(str, RETENTION_DAYS)))
    ] = 30
    api_keys: Annotated[
        tuple[KeyName, ...],
        Field(
            min_length=1,
            max_length=50,
            strict=False,
            description="a list of 1 to 50 different names of letters, digits, _ . and -",
        ),
    ] = ("default",)
    throttle: Annotated[Throttle, Field(description="an object of rate_per_second and burst")] = (
        Throttle(rate_per_second=10, burst=20)
    )
    quota: Annotated[
        Quota | None, Field(description="an object of requests and period, or null")
    ] = None
    max_body_bytes: Annotated[
        int,
        Field(
            ge=1_000,
            le=6_000_000,
            description="1000 to 6000000 (a Lambda request holds 6 MB with its wrapping)",
        ),
    ] = 5_000_000
    ping_seconds: Annotated[
        int,
        Field(
            ge=1,
            le=240,
            description="1 to 240 (API Gateway closes a stream that is silent for 300 seconds)",
        ),
    ] = 15
    alarm_email: Annotated[
        str | None,
        Field(pattern=r"^[^@\s]+@[^@\s]+$", description="an e-mail address, or null"),
    ] = None
    keep_logs_on_destroy: Annotated[bool, Field(description="true or false")] = True
    account: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9]{12}$",
            description="an AWS account id of 12 digits in quotes, or null for the caller's own",
        ),
    ] = None
    adapt: Annotated[
        Literal["lenient", "strict"],
        Field(description="lenient or strict"),
    ] = "lenient"


_BLOCKS: Mapping[str, type[_Block]] = {"throttle": Throttle, "quota": Quota}


def load_stage(stages: object, name: object, *, today: dt.date | None = None) -> Stage:
    """The settings of the stage called `name` in the `stages` map of cdk.json.

    Raises SettingsError with one line for each mistake: the stage, the key, what was given and
    what is allowed. `today` decides which models have been retired.
    """
    if not isinstance(stages, Mapping) or not stages:
        raise SettingsError(
            "cdk.json has no map of stages in its context; allowed: "
            '{"context": {"stages": {NAME: {…}}}}'
        )
    block = stages.get(name)
    if not isinstance(block, Mapping):
        raise SettingsError(f"stage {name!r}: not in cdk.json; allowed: {', '.join(stages)}")
    stage = _parse(str(name), block)
    mistakes = [*_value_mistakes(stage), *_model_mistakes(stage, today or _today())]
    if mistakes:
        raise SettingsError("\n".join(f"stage {name!r}: {mistake}" for mistake in mistakes))
    return stage


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _parse(name: str, block: Mapping[str, object]) -> Stage:
    if "name" in block:
        raise SettingsError(f"stage {name!r}: {_unknown('name', Stage)}")
    try:
        return Stage.model_validate({**block, "name": name})
    except ValidationError as error:
        lines: dict[str, str] = {}
        for found in error.errors():
            path, line = _mistake(dict(found))
            lines.setdefault(path, f"stage {name!r}: {line}")
        raise SettingsError("\n".join(lines.values())) from None


def _mistake(found: Mapping[str, Any]) -> tuple[str, str]:
    """The path of the key at fault, and the line about it."""
    keys = [part for part in found["loc"] if isinstance(part, str)]
    block = _BLOCKS[keys[0]] if len(keys) > 1 else Stage
    path = ".".join(keys)
    if found["type"] == "extra_forbidden":
        return path, _unknown(path, block)
    given = "missing" if found["type"] == "missing" else f"{found['input']!r} given"
    return path, f"{path}: {given}; allowed: {block.model_fields[keys[-1]].description}"


def _unknown(path: str, block: type[_Block]) -> str:
    known = (field for field in block.model_fields if field != "name")
    return f"{path}: unknown key; allowed: {', '.join(known)}"


def _value_mistakes(stage: Stage) -> list[str]:
    mistakes = []
    if stage.retention_days not in RETENTION_DAYS:
        mistakes.append(
            f"retention_days: {stage.retention_days} given; allowed: "
            f"{Stage.model_fields['retention_days'].description}"
        )
    if len(set(stage.api_keys)) != len(stage.api_keys):
        mistakes.append(f"api_keys: {list(stage.api_keys)} given; allowed: each name once")
    characters = sum(16 + len(name) for name in stage.api_keys)
    if characters > KEY_NAMES_CHARACTERS:
        mistakes.append(
            f"api_keys: names and ids of {characters} characters given; allowed: "
            f"{KEY_NAMES_CHARACTERS} together, since a function's environment holds 4 KB"
        )
    return mistakes


def _model_mistakes(stage: Stage, today: dt.date) -> list[str]:
    found = (_model_mistake(name, stage, today.isoformat()) for name in stage.models)
    mistakes = [mistake for mistake in found if mistake]
    if len(set(stage.models)) != len(stage.models):
        mistakes.append(f"{list(stage.models)} given; allowed: each name once")
    return [f"models: {mistake}" for mistake in mistakes]


def _model_mistake(name: str, stage: Stage, today: str) -> str | None:
    model = catalog.find(name)
    if model is None:
        return f"{name!r} given; allowed: {_servable(stage, today)}"
    if model.name != name:
        return f"{name!r} given; allowed: its name, {model.name}"
    if catalog.is_retired(model, today):
        return f"{name!r} given, which is retired; allowed: {model.successor}, its successor"
    if not _has_profile(model, stage):
        return (
            f"{name!r} given, which has no {stage.route} profile callable from {stage.region}; "
            f"allowed: {_servable(stage, today)}"
        )
    return None


def _servable(stage: Stage, today: str) -> str:
    names = [
        model.name
        for model in catalog.MODELS
        if _has_profile(model, stage) and not catalog.is_retired(model, today)
    ]
    return ", ".join(names) or "no model by this route from this Region"


def _has_profile(model: catalog.Model, stage: Stage) -> bool:
    try:
        access.profile_destinations(model, stage.route, stage.region)
    except catalog.NoProfile:
        return False
    return True
