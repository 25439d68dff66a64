"""The stacks in a CDK app of somebody else: its feature flags, its stage, its other stacks."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns

from stacks.feature_flags import FLAGS, FeatureFlagError
from stacks.settings import load_stage
from stacks.stage_stacks import add_stacks
from tests.infrastructure.variants import PLAIN, STACKS, STAGE, Syntheses
from tools.stage_blocks import nested


def foreign_app(folder: Path, **flags: object) -> cdk.App:
    return cdk.App(
        context={**flags, "aws:cdk:disable-asset-staging": True},
        outdir=str(folder),
        tree_metadata=False,
        builtin_cloud_formation_validation=False,
    )


@pytest.mark.parametrize("missing", FLAGS)
def test_a_missing_feature_flag_is_named_in_one_line(missing: str, tmp_path: Path) -> None:
    app = foreign_app(tmp_path, **{flag: FLAGS[flag] for flag in FLAGS if flag != missing})

    with pytest.raises(FeatureFlagError) as error:
        add_stacks(app, load_stage({STAGE: nested(PLAIN)}, STAGE))

    assert f'"{missing}": {json.dumps(FLAGS[missing])}' in str(error.value)
    assert "\n" not in str(error.value)


def test_a_stage_of_another_app_holds_stacks_of_the_same_names(tmp_path: Path) -> None:
    app = foreign_app(tmp_path / "cdk.out", **FLAGS)
    sns.Topic(cdk.Stack(app, "Other"), "Topic")
    with Syntheses(tmp_path).without_packages():
        add_stacks(cdk.Stage(app, "Claude"), load_stage({STAGE: nested(PLAIN)}, STAGE))

    assembly = app.synth()

    claude = assembly.get_nested_assembly("assembly-Claude").stacks
    assert {stack.stack_name for stack in claude} == {
        f"claude-on-bedrock-{STAGE}-{name}" for name in STACKS
    }
    assert f"stack/claude-on-bedrock-{STAGE}-Gateway/" in json.dumps(claude[0].template)
    assert "Tags" not in json.dumps(assembly.get_stack_by_name("Other").template)
