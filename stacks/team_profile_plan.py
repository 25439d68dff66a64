"""The application inference profiles of a stage's teams: which, their names and their tags."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from claude_bedrock import catalog
from claude_bedrock.catalog import MODELS, Model, invoke_policies, team_policies
from claude_bedrock.catalog.invoke_policies import InvocationScope
from claude_bedrock.catalog.team_policies import ApplicationProfile
from stacks.stage import Stage

_SAMPLE_ACCOUNT = "0" * 12
_SAMPLE_ID = "0" * 12
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
    """Return a profile for each team, model, and geography that the model has from the Region."""
    models = [model for model in MODELS if model.name in stage.models.allow]
    return [
        TeamProfile(team, model, route)
        for model in models
        for route in stage.models.geographies
        if catalog.reach(model, route, stage.region) is not None
        for team in stage.callers.teams
    ]


def tags(stage: Stage, team: str) -> dict[str, str]:
    """Return the team's cost-allocation tags, and its name. Billing splits costs by activated tags:
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/cost-alloc-tags.html"""
    return {**stage.callers.teams[team].tags, TEAM_TAG: team}


def with_ids(
    profiles: Sequence[TeamProfile], ids: Sequence[str], *, team: str | None = None
) -> list[ApplicationProfile]:
    """Return the profiles, or those of one team, with Bedrock's `ids`, in the same order."""
    return [
        ApplicationProfile(profile.model, profile.route, own_id)
        for profile, own_id in zip(profiles, ids, strict=True)
        if team in {None, profile.team}
    ]


def environment_value(
    arn_prefix: str, profiles: Sequence[TeamProfile], ids: Sequence[str]
) -> dict[str, object]:
    """Return what the gateway reads: `arn`, a prefix of each id; `teams`, in an order; and under
    `profiles` the copied profile's id with one id for each team, in that order.

    `ids` are those of `profiles`, which are in the order of `planned`."""
    by_copied: dict[str, list[str]] = {}
    for profile, own_id in zip(profiles, ids, strict=True):
        by_copied.setdefault(profile.copied_id, []).append(own_id)
    teams = list(dict.fromkeys(profile.team for profile in profiles))
    return {"arn": arn_prefix, "teams": teams, "profiles": by_copied}


def environment_characters(profiles: Sequence[TeamProfile], region: str) -> int:
    """Return the length of `environment_value` as JSON."""
    prefix = team_policies.arn_prefix(InvocationScope((), region, _SAMPLE_ACCOUNT))
    ids = [_SAMPLE_ID for _ in profiles]
    return len(json.dumps(environment_value(prefix, profiles, ids), separators=(",", ":")))


def policies_needed(stage: Stage) -> int:
    """Return how many managed policies the gateway's role holds for models and team profiles."""
    models = [model for model in MODELS if model.name in stage.models.allow]
    guardrail = (
        (stage.models.guardrail.id, stage.models.guardrail.version)
        if stage.models.guardrail
        else None
    )
    scope = InvocationScope(
        stage.models.geographies, stage.region, _SAMPLE_ACCOUNT, guardrail=guardrail
    )
    profiles = planned(stage)
    with_sample_ids = with_ids(profiles, [_SAMPLE_ID for _ in profiles])
    return len(invoke_policies.invoke_policies(models, scope)) + len(
        team_policies.invoke_policies(with_sample_ids, scope)
    )


def by_team(profiles: Sequence[TeamProfile], values: Sequence[str]) -> Mapping[str, dict[str, str]]:
    """Return team -> id of the copied profile -> the value of the team's own profile."""
    values_by_team: dict[str, dict[str, str]] = {}
    for profile, value in zip(profiles, values, strict=True):
        values_by_team.setdefault(profile.team, {})[profile.copied_id] = value
    return values_by_team
