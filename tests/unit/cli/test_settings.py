"""What a stage is meant to be, read from its stack or from cdk.json."""

import json
from pathlib import Path

import pytest

from claude_bedrock.cli.shared.cdk_json import CdkJsonError, block_of
from claude_bedrock.cli.shared.deployment import NoTargetError
from claude_bedrock.cli.shared.stage_settings import Settings, written

TODAY = "2026-11-25"
BLOCK = {
    "region": "eu-central-1",
    "models": {
        "allow": ["opus", "claude-haiku-4-5"],
        "geography": "eu",
        "residency": ["eu"],
        "data_retention": "none",
    },
    "account": {
        "roles": {"application": {"github": ["octo-org/search:environment:prod"]}, "setup": None}
    },
}


def cdk_json(folder: Path, block: object) -> Path:
    file = folder / "cdk.json"
    file.write_text(json.dumps({"context": {"stages": {"prod": block}}}))
    return file


def test_a_block_means_what_a_deployment_of_it_would(tmp_path: Path) -> None:
    file = cdk_json(tmp_path, BLOCK)
    settings = written(file, "prod", TODAY)

    assert settings == Settings(
        source=str(file),
        region="eu-central-1",
        geographies=("eu",),
        residency=("eu",),
        models=settings.models,
        data_retention="none",
        retention_days=30,
        github=True,
        is_deployed=False,
    )
    assert {"claude-haiku-4-5", "claude-opus-4-8"} <= set(settings.models)
    assert "claude-opus-4" not in settings.models


@pytest.mark.parametrize(
    "block",
    [
        {**BLOCK, "models": ["claude-2"]},
        {**BLOCK, "models": ["claude-sonnet-4"]},
        {"region": "eu-central-1", "models": {"geography": "eu"}},
        {**BLOCK, "account": {"roles": {"application": ["octo-org"]}}},
        {**BLOCK, "route": "us"},
    ],
)
def test_a_block_that_cannot_be_deployed_names_the_command_that_shows_why(
    tmp_path: Path, block: object
) -> None:
    with pytest.raises(NoTargetError, match="cdk synth -c stage=prod"):
        written(cdk_json(tmp_path, block), "prod", TODAY)


def test_no_block_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NoTargetError, match="has no stage 'dev'"):
        written(cdk_json(tmp_path, BLOCK), "dev", TODAY)
    assert block_of(tmp_path / "absent.json", "prod") is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{\n  "context": {\n    "stages": {},\n  }\n}\n', r"is not JSON: line [34] column \d+: "),
        (b"", "is not JSON: line 1 column 1"),
        (b'{"a": "\xff"}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_that_is_no_json_names_the_position(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    file = tmp_path / "cdk.json"
    file.write_bytes(content)

    with pytest.raises(CdkJsonError, match=expected):
        block_of(file, "prod")


@pytest.mark.parametrize("content", ["[]", "{}", '{"context": null}', '{"context": {"stages": 1}}'])
def test_another_projects_file_has_no_such_stage(tmp_path: Path, content: str) -> None:
    file = tmp_path / "cdk.json"
    file.write_text(content)

    assert block_of(file, "prod") is None
