"""Alone knows how a stage block in cdk.json is read, and how to tell its author what is wrong."""

from __future__ import annotations

import datetime as dt
import json
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from claude_bedrock.catalog import stage_models
from claude_bedrock.catalog.aws_regions import APPLICATION_PROFILE_REGIONS, COMMERCIAL_REGIONS
from claude_bedrock.catalog.model import STANDARD_TIER
from claude_bedrock.catalog.stage_models import NotForThisStageError
from stacks import team_profile_plan
from stacks.stage import CANARY_KEY, DEFAULT_PLAN, RETENTION_DAYS, Block, Stage

# A function's environment may hold 4 KB; a key's id takes 10 of them and its quotes 6.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
NAMES_CHARACTERS = 3000
# A role may hold ten, one of which is the guard.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
POLICIES = 9
# The canary's larger question, with room for what stands around it.
CANARY_BODY_BYTES = 160_000


class SettingsError(Exception):
    """What is wrong with a stage block: one line for each mistake."""


def load_stage(stages: object, name: object, *, today: dt.date | None = None) -> Stage:
    """The settings of the stage called `name` in the `stages` map of cdk.json, or in the JSON text
    that `cdk -c stages=…` hands over in its place.

    Raises SettingsError with one line for each mistake: the stage, the key, what was given and
    what is allowed. `today` decides which models have been retired.
    """
    if isinstance(stages, str):
        stages = _read(stages)
    if not isinstance(stages, Mapping) or not stages:
        raise SettingsError(
            "cdk.json has no map of stages in its context; allowed: "
            '{"context": {"stages": {NAME: {…}}}}'
        )
    block = stages.get(name)
    if not isinstance(block, Mapping):
        raise SettingsError(f"stage {name!r}: not in cdk.json; allowed: {', '.join(stages)}")
    stage = _parse(str(name), block)
    if stage.region not in COMMERCIAL_REGIONS:
        raise SettingsError(f"stage {name!r}: {_unknown_region(stage.region)}")
    mistakes = [*_value_mistakes(stage), *_route_mistakes(stage)]
    chosen: tuple[str, ...] = ()
    try:
        chosen = stage_models.chosen(stage, (today or _today()).isoformat())
    except NotForThisStageError as found:
        mistakes += [f"models: {line}" for line in str(found).splitlines()]
    stage = stage.model_copy(update={"models": chosen})
    mistakes += [*_team_mistakes(stage), *_canary_mistakes(stage)]
    if mistakes:
        raise SettingsError("\n".join(f"stage {name!r}: {mistake}" for mistake in mistakes))
    return stage


def _unknown_region(region: str) -> str:
    return (
        f"region: {region!r} given; allowed: a commercial AWS Region, one of "
        f"{', '.join(COMMERCIAL_REGIONS)}"
    )


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SettingsError(f"the stages that were handed over are no JSON: {error}") from None


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
    keys = _keys(found["loc"])
    path = ".".join(keys)
    if found["type"] == "extra_forbidden":
        return path, _unknown(path, _block_at(keys[:-1]))
    given = "missing" if found["type"] == "missing" else f"{found['input']!r} given"
    return path, f"{path}: {given}; allowed: {_description(keys)}"


def _keys(place: tuple[object, ...]) -> list[str]:
    """The keys that lead to a mistake, without list indices and pydantic's own marks."""
    return [part for part in place if isinstance(part, str) and not part.startswith("[")]


def _block_at(keys: list[str]) -> type[Block]:
    """The block that the keys lead to; a name that the stage's author gave is stepped over."""
    block: type[Block] = Stage
    named_next = False
    for key in keys:
        field = None if named_next else block.model_fields.get(key)
        named_next = field is not None and typing.get_origin(field.annotation) is Mapping
        inner = next(_blocks_in(field.annotation), None) if field else None
        block = inner or block
    return block


def _blocks_in(annotation: object) -> Iterator[type[Block]]:
    if isinstance(annotation, type) and issubclass(annotation, Block):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _blocks_in(part)


def _description(keys: list[str]) -> str:
    """What the innermost key that we know allows."""
    for end in range(len(keys), 0, -1):
        field = _block_at(keys[: end - 1]).model_fields.get(keys[end - 1])
        if field is not None:
            return str(field.description)
    raise AssertionError(keys)


def _unknown(path: str, block: type[Block]) -> str:
    known = (field for field in block.model_fields if field != "name")
    return f"{path}: unknown key; allowed: {', '.join(known)}"


def _value_mistakes(stage: Stage) -> list[str]:
    mistakes = []
    if stage.retention_days not in RETENTION_DAYS:
        mistakes.append(
            f"retention_days: {stage.retention_days} given; allowed: "
            f"{Stage.model_fields['retention_days'].description}"
        )
    if stage.object_lock and not stage.keep_logs_on_destroy:
        mistakes.append(
            f"object_lock: {stage.object_lock} given beside keep_logs_on_destroy false; allowed: "
            "keep_logs_on_destroy true, since nobody can empty a bucket whose objects are locked"
        )
    if stage.object_lock and stage.canary is None:
        mistakes.append(
            f"object_lock: {stage.object_lock} given without a canary; allowed: a canary beside "
            "it, since AWS does not say that Bedrock can write to a locked bucket, and a canary "
            "finds within the hour that records are missing"
        )
    mistakes += [
        f"tags.{tag}: given; allowed: other tags, since this one is not yours to set"
        for tag in stage.tags
        if _is_reserved(tag)
    ]
    tiers = stage.service_tiers
    if STANDARD_TIER not in tiers or len(set(tiers)) != len(tiers):
        mistakes.append(
            f"service_tiers: {list(tiers)} given; allowed: default and others, each once, since a "
            "call that names no tier runs on default"
        )
    if stage.keep_logs_on_destroy and not (stage.alarm_email or stage.no_alarm_email_reason):
        mistakes.append(
            "alarm_email: none given beside keep_logs_on_destroy true; allowed: an e-mail address, "
            "or no_alarm_email_reason with who hears of alarms instead, since a record that is "
            "kept needs somebody who is told when it no longer is"
        )
    if DEFAULT_PLAN in stage.plans:
        mistakes.append(
            f"plans.{DEFAULT_PLAN}: given; allowed: other names, since throttle and quota of the "
            "stage are that plan"
        )
    burst = max(plan.throttle.burst for plan in stage.all_plans.values())
    if stage.reserved_concurrency is not None and stage.reserved_concurrency < burst:
        mistakes.append(
            f"reserved_concurrency: {stage.reserved_concurrency} given below a burst of {burst}; "
            f"allowed: {burst} or more, or null, since what a throttle lets through at once would "
            "be turned away with a 5xx"
        )
    mistakes += [
        f"{key}: given beside auth iam, where there are no keys; allowed: auth key, or no {key}"
        for key in ("api_keys", "quota", "plans")
        if stage.auth == "iam" and key in stage.model_fields_set and getattr(stage, key)
    ]
    if len(set(stage.api_keys)) != len(stage.api_keys):
        mistakes.append(f"api_keys: {list(stage.api_keys)} given; allowed: each name once")
    if _key_characters(stage) > NAMES_CHARACTERS:
        mistakes.append(
            f"api_keys: names and ids of {_key_characters(stage)} characters given; allowed: "
            f"{NAMES_CHARACTERS} together, since a function's environment holds 4 KB"
        )
    return mistakes


def _key_characters(stage: Stage) -> int:
    return sum(16 + len(name) for name in stage.key_names)


def _team_mistakes(stage: Stage) -> list[str]:
    """What is wrong with the teams, once it is known which models the stage has."""
    mistakes = [
        f"teams.{team}.{tag}: given; allowed: other tags, since this one is not yours to set"
        for team, tags in stage.teams.items()
        for tag in tags
        if _is_reserved(tag)
    ]
    profiles = team_profile_plan.planned(stage)
    if not profiles:
        return mistakes
    if stage.region not in APPLICATION_PROFILE_REGIONS and not stage.team_profiles_available:
        mistakes.append(
            f"teams: given in {stage.region}, where CloudFormation has no application inference "
            "profiles by the resource schemas of November 2026 (cfn-lint 1.58.0); allowed: one of "
            f"{', '.join(APPLICATION_PROFILE_REGIONS)}, or team_profiles_available true where AWS "
            "has added them since"
        )
    if team_profile_plan.policies_needed(stage) > POLICIES:
        mistakes.append(
            f"teams: {len(profiles)} profiles given, one for each team, model and route; allowed: "
            f"as many as {POLICIES} managed policies can name, which is what a role holds beside "
            "the guard"
        )
    keys, told = _key_characters(stage), team_profile_plan.told_characters(profiles, stage.region)
    if keys + told > NAMES_CHARACTERS >= keys:
        mistakes.append(
            f"teams: {told} characters of profile ids given beside {keys} of api_keys; allowed: "
            f"{NAMES_CHARACTERS} together, since a function's environment holds 4 KB"
        )
    return mistakes


def _is_reserved(tag: str) -> bool:
    """Whether AWS or this project sets the tag itself."""
    return tag.lower().startswith("aws:") or tag in team_profile_plan.OUR_TAGS


def _canary_mistakes(stage: Stage) -> list[str]:
    """What is wrong with the canary, once it is known which models the stage has."""
    if stage.canary is None:
        return []
    mistakes = []
    if stage.models and stage.canary not in stage.models:
        mistakes.append(
            f"canary: {stage.canary!r} given; allowed: one of the stage's models "
            f"({', '.join(stage.models)}), or null"
        )
    if stage.max_body_bytes < CANARY_BODY_BYTES:
        mistakes.append(
            f"max_body_bytes: {stage.max_body_bytes} given beside a canary, whose larger question "
            f"would be refused; allowed: {CANARY_BODY_BYTES} or more, or no canary"
        )
    if CANARY_KEY in stage.api_keys and stage.auth == "key":
        mistakes.append(
            f"api_keys: {CANARY_KEY!r} given beside a canary, whose key has that name; allowed: "
            "another name, or no canary"
        )
    return mistakes


def _route_mistakes(stage: Stage) -> list[str]:
    mistakes = []
    if len(set(stage.routes)) != len(stage.routes):
        mistakes.append(
            f"fallback_routes: {list(stage.fallback_routes)} given beside route {stage.route}; "
            "allowed: each route once"
        )
    if stage.residency is not None and "global" in stage.routes:
        mistakes.append(
            "residency: given beside the route global, whose calls may be answered in any "
            "commercial Region; allowed: routes of a geography, or no residency"
        )
    return mistakes
