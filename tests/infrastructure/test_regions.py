"""CloudFormation has every resource type of a stage in the stage's Region, or the settings refuse
the stage."""

from __future__ import annotations

import datetime as dt

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from claude_bedrock.catalog import MODELS, ROUTES, is_retired, reach
from claude_bedrock.catalog.aws_regions import COMMERCIAL_REGIONS
from stacks.settings import SettingsError, load_stage
from tests.infrastructure.variants import FULL, PLAIN, VALUES, Syntheses, variant
from tools.stage_blocks import Block, nested

TODAY = dt.date(2026, 11, 29)
# cfn-lint no longer describes it.
NOT_IN_CFN_LINT = "me-south-1"
MODEL_OF_ROUTE = {
    (region, route): next(
        (
            model.name
            for model in MODELS
            if reach(model, route, region) is not None and not is_retired(model, TODAY.isoformat())
        ),
        None,
    )
    for region in COMMERCIAL_REGIONS
    for route in ROUTES
    if region != NOT_IN_CFN_LINT
}


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The resource types that a stage with everything can have."""
    syntheses = Syntheses(tmp_path_factory.mktemp("syntheses"))
    blocks = [PLAIN, FULL, *(variant(FULL, change).block for change in VALUES["callers.auth"])]
    return {
        body["Type"]
        for block in blocks
        for template in syntheses.of(block).values()
        for body in template["Resources"].values()
        if not body["Type"].startswith("Custom::")
    }


@pytest.mark.parametrize("teams", [{}, {"search": {}}], ids=["no teams", "teams"])
def test_a_region_has_every_type_or_is_refused(types: set[str], teams: dict[str, Block]) -> None:
    lacking: dict[str, set[str]] = {}
    for (region, route), model in MODEL_OF_ROUTE.items():
        if model and _is_accepted(
            {"region": region, "models.geography": route, "models.allow": [model]}, teams
        ):
            known = {*PROVIDER_SCHEMA_MANAGER.get_resource_types(region)}
            needed = types if teams else types - {"AWS::Bedrock::ApplicationInferenceProfile"}
            lacking |= {f"{region} {route}": missing} if (missing := needed - known) else {}

    assert lacking == {}


def test_most_regions_are_accepted() -> None:
    """Without teams nothing depends on the Region but the route."""
    blocks = [
        {"region": region, "models.geography": route, "models.allow": [model]}
        for (region, route), model in MODEL_OF_ROUTE.items()
        if model
    ]

    assert all(_is_accepted(block, {}) for block in blocks)
    assert sum(_is_accepted(block, {"search": {}}) for block in blocks) > len(blocks) / 2


def test_the_table_of_regions_can_be_overridden() -> None:
    block = {
        "region": "us-west-1",
        "models.geography": "us",
        "models.allow": ["claude-haiku-4-5"],
    }

    assert not _is_accepted(block, {"search": {}})
    assert _is_accepted({**block, "callers.team_profiles_available": True}, {"search": {}})


def _is_accepted(block: Block, teams: dict[str, Block]) -> bool:
    try:
        full = nested({**PLAIN, **block, "callers.teams": teams})
        load_stage({"dev": full}, "dev", today=TODAY)
    except SettingsError:
        return False
    return True
