"""The schema of cdk.json and the tables of docs/configuration.md are those of the types, and the
schema judges blocks as a synthesis does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tools.docs import stage_block
from tools.stage_blocks import with_names

CDK_JSON: dict[str, Any] = json.loads((stage_block.ROOT / "cdk.json").read_text())
BLOCK = {"region": "us-east-1", "models": ["haiku"]}
RUN = "run make docs"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """What an editor judges cdk.json by: the file that cdk.json names."""
    schema = json.loads((stage_block.ROOT / CDK_JSON["$schema"]).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_schema_and_tables_are_generated_again() -> None:
    written = json.loads(stage_block.SCHEMA.read_text())
    assert written == json.loads(json.dumps(stage_block.schema())), RUN
    assert stage_block.PAGE.read_text() == stage_block.page(), RUN


def test_no_cell_is_long() -> None:
    cells = [
        cell.strip()
        for _, table in stage_block.tables()
        for row in table.splitlines()
        for cell in row.split("|")
    ]
    assert [cell for cell in cells if len(cell) > 200] == []


def test_an_editor_explains_every_key_and_offers_its_values() -> None:
    definitions = stage_block.schema()["$defs"]
    for name, definition in definitions.items():
        for key, value in definition.get("properties", {}).items():
            assert "Allowed: " in value.get("description", ""), f"{name}.{key}"
    assert "global" in definitions["Models"]["properties"]["geography"]["enum"]
    assert "eu-central-1" in definitions["Stage"]["properties"]["region"]["enum"]
    names = definitions["Models"]["properties"]["allow"]["items"]["enum"]
    assert {"haiku", "claude-opus-5-5"} <= set(names)


def test_cdk_json_is_valid(validator: Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(CDK_JSON)] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"models": []},
        {"models": ["claude-haiku-9"]},
        {"geography": "mars"},
        {"route": "us"},
        {"region": "us-east-9"},
        {"retention_days": 31},
        {"keep_logs_on_destroy": "true"},
        {"reserved_concurrency": 0},
        {"throttle": {"rate_per_second": 5}},
        {"plans": {"a plan": {"throttle": {"rate_per_second": 1, "burst": 1}}}},
        {"teams": {"search": {"cost-center": 4711}}},
        {"tags": {"cost*": "1"}},
        {"id": "12"},
        {"roles": {"reader": {}}},
        {"logging": {"canary": "haiku"}},
        {"account": "123456789012"},
    ],
    ids=str,
)
def test_a_wrong_block_is_not(changes: dict[str, Any], validator: Draft202012Validator) -> None:
    block = with_names(BLOCK, **changes)
    assert validator.is_valid({"context": {"stages": {"dev": BLOCK}}})
    assert not validator.is_valid({"context": {"stages": {"dev": block}}})
