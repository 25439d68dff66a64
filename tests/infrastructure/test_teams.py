"""A team's profiles are tagged copies, and its policies open them and nothing else."""

from __future__ import annotations

import json
import re
from typing import Any

from claude_bedrock import catalog
from tests.infrastructure.rendering import text, texts
from tools.synthesis import CONTEXT, Resource, Synthesis

STACK = "ModelAccess"
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateInferenceProfile.html
NAME = re.compile(r"([0-9a-zA-Z][ _-]?)+")
TEAMS = CONTEXT["stages"]["local"]["callers"]["teams"]


def profiles(synthesis: Synthesis) -> list[Resource]:
    return synthesis.resources(STACK, "AWS::Bedrock::ApplicationInferenceProfile")


def tags(profile: Resource) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in profile.properties["Tags"]}


def test_each_team_has_a_profile_for_each_model(local: Synthesis) -> None:
    models = local.settings.models
    made = {
        (
            tags(profile)["claude-on-bedrock-team"],
            text(profile.properties["ModelSource"]["CopyFrom"]),
        )
        for profile in profiles(local)
    }
    expected = {
        (
            team,
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/"
            + catalog.profile_id(model, models.geography),
        )
        for team in TEAMS
        for model in catalog.MODELS
        if model.name in models.allow
    }
    assert made == expected
    assert len(profiles(local)) == len(expected)


def test_a_profile_has_a_name_of_its_own_and_the_teams_tags(local: Synthesis) -> None:
    names = [profile.properties["InferenceProfileName"] for profile in profiles(local)]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 64 and NAME.fullmatch(name) for name in names)
    for profile in profiles(local):
        team = tags(profile)["claude-on-bedrock-team"]
        assert tags(profile) == {
            **TEAMS[team],
            "claude-on-bedrock-team": team,
            "claude-on-bedrock": "local",
        }


def test_a_teams_policies_name_its_own_profiles_and_come_with_the_guard(local: Synthesis) -> None:
    by_team = json.loads(text(local.template(STACK)["Outputs"]["TeamPolicyArns"]["Value"]))
    assert set(by_team) == set(TEAMS)
    policies = {
        resource.id: resource for resource in local.resources(STACK, "AWS::IAM::ManagedPolicy")
    }
    for team, arns in by_team.items():
        *own, guard = [policies[arn.strip("<>")] for arn in arns]
        assert guard.id.startswith("GuardDenials")
        assert named(own) == {profile.id for profile in profiles(local) if team_of(profile) == team}


def team_of(profile: Resource) -> str:
    return tags(profile)["claude-on-bedrock-team"]


def named(policies: list[Resource]) -> set[str]:
    """The profiles that the policies' statements name, by logical id."""
    statements: list[dict[str, Any]] = [
        statement
        for policy in policies
        for statement in policy.properties["PolicyDocument"]["Statement"]
    ]
    resources = [arn for statement in statements for arn in texts(statement["Resource"])]
    assert not [arn for arn in resources if ":inference-profile/" in arn or "*" in arn]
    own = [arn for arn in resources if ":application-inference-profile/" in arn]
    return {arn.rpartition("/")[2].strip("<>").split(".")[0] for arn in own}


def test_a_team_can_go_although_the_gateway_refers_to_its_profiles(local: Synthesis) -> None:
    exported = [
        name
        for name, output in local.template(STACK)["Outputs"].items()
        if "Export" in output and "InferenceProfile" in json.dumps(output["Value"])
    ]
    assert exported == []
