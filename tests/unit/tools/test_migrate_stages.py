"""A cdk.json of 0.1.0 means after its migration what it meant before."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import load_stage
from stacks.stage.renamed import NEW_PATHS
from tools.migrate_stages import main, migrate

OLD = Path(__file__).with_name("cdk-0.1.0.json")
TODAY = dt.date(2026, 11, 23)


def stages(file: Path) -> dict[str, Any]:
    stages: dict[str, Any] = json.loads(file.read_text())["context"]["stages"]
    return stages


def test_the_stages_of_the_file_are_those_of_today(tmp_path: Path) -> None:
    file = tmp_path / "cdk.json"
    file.write_text(OLD.read_text())

    assert main([str(file)]) == 0

    today = stages(Path(__file__).parents[3] / "cdk.json")
    for group, newer in (
        ("callers", "budgets"),
        ("callers", "token_issuers"),
        ("evidence", "cloudtrail"),
    ):
        today["local"][group].pop(newer)  # keys since 0.1.0
    for name, block in stages(file).items():
        migrated = load_stage({name: block}, name, today=TODAY)
        assert migrated == load_stage(today, name, today=TODAY)
    others = {key: value for key, value in json.loads(OLD.read_text()).items() if key != "context"}
    assert others.items() <= json.loads(file.read_text()).items()


def test_a_migrated_file_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cdk.json"
    file.write_text(OLD.read_text())
    main([str(file)])
    before = file.read_text()

    assert main([str(file)]) == 0
    assert file.read_text() == before
    assert "in the new form already" in capsys.readouterr().out


def test_every_old_key_has_its_new_path() -> None:
    old = {key: {} if key == "roles" else key for key in NEW_PATHS if key != "models"}
    values = old | {"region": "us-east-1", "models": ["haiku"], "adapt": "strict"}
    block = migrate({"dev": values})["dev"]
    for key, path in NEW_PATHS.items():
        group, _, name = path.partition(".")
        expected = {"adapt": "reject", "models": ["haiku"]}.get(key, values[key])
        assert block[group][name] == expected


def test_names_alone_stay_a_list() -> None:
    block = migrate({"dev": {"region": "us-east-1", "models": ["haiku"], "canary": None}})["dev"]
    assert block == {"region": "us-east-1", "models": ["haiku"], "evidence": {"canary": None}}


@pytest.mark.parametrize("text", ["{", "[]", '{"context": {"stages": []}}', '{"dev": 1}'])
def test_another_file_is_left_alone(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cdk.json"
    file.write_text(text)

    assert main([str(file)]) == 1
    assert file.read_text() == text
    assert f"{file} is no file of stages" in capsys.readouterr().err


def test_no_file_is_a_question_about_use() -> None:
    assert main([]) == 2
