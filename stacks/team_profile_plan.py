"""Alone knows which application inference profiles a stage's teams have, and their names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, Model, invoke_policies, team_policies
from claude_bedrock.catalog.invoke_policies import InvocationScope
from claude_bedrock.catalog.team_policies import ApplicationProfile
from stacks.stage import Stage

_SOME_ACCOUNT = "0" * 12
_SOME_ID = "0" * 12
"""As long as those that Bedrock makes."""

TEAM_TAG = "claude-on-bedrock-team"
OUR_TAGS = (TEAM_TAG, "claude-on-bedrock")
"""The second says the stage; app.py gives it to everything."""


class TeamProfile(NamedTuple):
    """A team's own copy of the profile that `model` has on `route`."""

    team: str
    model: Model
    route: str

    @property
    def copied_id(self) -> str:
        """The id of the profile it is a copy of: `global.anthropic.claude-…`."""
        return catalog.profile_id(self.model, self.route)

    def name_in(self, stage: str) -> str:
        """What it is called: at most 64 letters and digits with single hyphens or underscores,
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateInferenceProfile.html"""
        return f"{stage}-{self.team}-{self.model.name.removeprefix('claude-')}-{self.route}"


def planned(stage: Stage) -> list[TeamProfile]:
    """A profile for each model and route that the model has from the Region, and each team."""
    models = [model for model in MODELS if model.name in stage.models.allow]
    return [
        TeamProfile(team, model, route)
        for model in models
        for route in stage.models.geographies
        if catalog.reach(model, route, stage.region) is not None
        for team in stage.callers.teams
    ]


def tags(stage: Stage, team: str) -> dict[str, str]:
    """The team's cost-allocation tags, and its name. A bill is split by those that are activated:
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/cost-alloc-tags.html"""
    return {**stage.callers.teams[team], TEAM_TAG: team}


def with_ids(
    profiles: Sequence[TeamProfile], ids: Sequence[str], *, team: str | None = None
) -> list[ApplicationProfile]:
    """The profiles, or those of one team, as Bedrock made them; `ids` are in the same order."""
    return [
        ApplicationProfile(profile.model, profile.route, own_id)
        for profile, own_id in zip(profiles, ids, strict=True)
        if team in {None, profile.team}
    ]


def told(arn_prefix: str, profiles: Sequence[TeamProfile], ids: Sequence[str]) -> dict[str, object]:
    """What the gateway reads: `arn`, to be put before each id; `teams`, in an order; and under
    `profiles` the copied profile's id with one id for each team, in that order.

    `ids` are those of `profiles`, which are in the order of `planned`."""
    by_copied: dict[str, list[str]] = {}
    for profile, own_id in zip(profiles, ids, strict=True):
        by_copied.setdefault(profile.copied_id, []).append(own_id)
    teams = list(dict.fromkeys(profile.team for profile in profiles))
    return {"arn": arn_prefix, "teams": teams, "profiles": by_copied}


def told_characters(profiles: Sequence[TeamProfile], region: str) -> int:
    """How long that is as JSON."""
    prefix = team_policies.arn_prefix(InvocationScope((), region, _SOME_ACCOUNT))
    ids = [_SOME_ID for _ in profiles]
    return len(json.dumps(told(prefix, profiles, ids), separators=(",", ":")))


def policies_needed(stage: Stage) -> int:
    """How many managed policies the gateway's role holds for the stage's models and profiles."""
    models = [model for model in MODELS if model.name in stage.models.allow]
    guardrail = (
        (stage.models.guardrail.id, stage.models.guardrail.version)
        if stage.models.guardrail
        else None
    )
    place = InvocationScope(
        stage.models.geographies, stage.region, _SOME_ACCOUNT, guardrail=guardrail
    )
    profiles = planned(stage)
    with_some_ids = with_ids(profiles, [_SOME_ID for _ in profiles])
    return len(invoke_policies.invoke_policies(models, place)) + len(
        team_policies.invoke_policies(with_some_ids, place)
    )


def by_team(profiles: Sequence[TeamProfile], values: Sequence[str]) -> Mapping[str, dict[str, str]]:
    """Team -> id of the copied profile -> the value that belongs to the team's own profile."""
    found: dict[str, dict[str, str]] = {}
    for profile, value in zip(profiles, values, strict=True):
        found.setdefault(profile.team, {})[profile.copied_id] = value
    return found
