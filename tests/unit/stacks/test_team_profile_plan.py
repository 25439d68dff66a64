"""Which profiles a stage's teams have, what they are called, and what the gateway is told."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from claude_bedrock import catalog
from gateway import settings
from stacks import team_profile_plan
from stacks.settings import load_stage
from stacks.stage import Stage
from tools.stage_blocks import with_names

# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateInferenceProfile.html
NAME = re.compile(r"([0-9a-zA-Z][ _-]?)+")


def stage(**changes: object) -> Stage:
    block: dict[str, Any] = {
        "region": "us-east-1",
        "models": {
            "allow": ["claude-haiku-4-5", "claude-sonnet-4-5"],
            "geography": "us",
            "fallback_geographies": ["global"],
        },
        "callers": {"teams": {"web": {"cost-center": "1"}, "ops": {}}},
        "logging": {"keep_logs_on_destroy": False},
    }
    return load_stage({"s": with_names(block, **changes)}, "s", today=dt.date(2026, 11, 23))


def test_each_team_has_one_for_each_model_and_route() -> None:
    result = [(item.team, item.copied_id) for item in team_profile_plan.planned(stage())]
    models = ("claude-sonnet-4-5-20250929", "claude-haiku-4-5-20251001")
    assert sorted(result) == sorted(
        (team, f"{route}.anthropic.{model}-v1:0")
        for team in ("web", "ops")
        for model in models
        for route in ("us", "global")
    )


def test_a_route_that_a_model_lacks_from_the_region_has_none() -> None:
    settings = stage(
        region="ap-northeast-1", geography="global", fallback_geographies=["jp"], allow=["opus"]
    )
    routes = {(item.model.name, item.route) for item in team_profile_plan.planned(settings)}
    assert ("claude-opus-4-5", "global") in routes
    assert ("claude-opus-4-5", "jp") not in routes


def test_without_teams_there_is_nothing() -> None:
    assert team_profile_plan.planned(stage(teams={})) == []


def test_the_longest_name_still_fits() -> None:
    for model in catalog.MODELS:
        for route in catalog.ROUTES:
            profile = team_profile_plan.TeamProfile("a" * 24, model, route)
            assert NAME.fullmatch(profile.name_in("s" * 16))
            assert len(profile.name_in("s" * 16)) <= 64


def test_the_gateway_reads_what_the_stack_writes() -> None:
    planned = team_profile_plan.planned(stage())
    ids = [f"id{number}" for number in range(len(planned))]
    outcome = json.dumps(team_profile_plan.environment_value("arn:x/", planned, ids))
    read = settings.load(
        {
            "AWS_REGION": "us-east-1",
            "STAGE": "s",
            "GEOGRAPHIES": "us,global",
            "ALLOWED_MODELS": "claude-haiku-4-5",
            "MAX_BODY_BYTES": "1",
            "PING_SECONDS": "1",
            "UNSUPPORTED_FIELDS": "reject",
            "API_KEY_NAMES": "{}",
            "TEAM_PROFILES": outcome,
        }
    ).team_profiles
    assert read == {
        team: {copied_id: f"arn:x/{own_id}" for copied_id, own_id in owned.items()}
        for team, owned in team_profile_plan.by_team(planned, ids).items()
    }
    assert len(read) == 2


def test_what_the_stack_writes_is_as_long_as_was_reckoned() -> None:
    planned = team_profile_plan.planned(stage())
    prefix = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/"
    outcome = team_profile_plan.environment_value(
        prefix, planned, ["a1b2c3d4e5f6" for _ in planned]
    )
    written = json.dumps(outcome, separators=(",", ":"))
    assert team_profile_plan.environment_characters(planned, "us-east-1") == len(written)


def test_the_teams_name_is_a_tag_beside_its_own() -> None:
    assert team_profile_plan.tags(stage(), "web") == {
        "cost-center": "1",
        "claude-on-bedrock-team": "web",
    }
