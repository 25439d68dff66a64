"""Athena finds the records where Bedrock writes them, and reads no more than the stage allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlglot

from claude_bedrock.queries import render, schema
from stacks.stage.logs import Logging
from tests.infrastructure.rendering import text as rendered
from tools.synthesis import CONTEXT, Synthesis, synthesize

STACK = "Observability"


def test_the_table_is_over_the_hours_in_which_bedrock_writes(any_stage: Synthesis) -> None:
    made = any_stage.only(STACK, "AWS::Glue::Table").properties["TableInput"]
    settings, storage = made["Parameters"], made["StorageDescriptor"]
    location = rendered(storage["Location"])

    assert location.startswith("s3://")
    assert location.endswith(
        f"/AWSLogs/123456789012/BedrockModelInvocationLogs/{_region(any_stage)}/"
    )
    assert rendered(settings["storage.location.template"]) == f"{location}${{{schema.HOUR}}}/"
    assert settings["projection.enabled"] == "true"
    assert {
        name: settings[f"projection.{schema.HOUR}.{name}"] for name in ("type", "interval.unit")
    } == {"type": "date", "interval.unit": "HOURS"}
    assert [(key["Name"], key["Type"]) for key in made["PartitionKeys"]] == [
        (schema.HOUR, "string")
    ]
    assert [(column["Name"], column["Type"]) for column in storage["Columns"]] == list(
        schema.hive_columns()
    )


def _region(stage: Synthesis) -> str:
    region: str = CONTEXT["stages"][stage.stage]["region"]
    return region


def test_no_column_of_the_table_holds_content(any_stage: Synthesis) -> None:
    made = any_stage.only(STACK, "AWS::Glue::Table").properties["TableInput"]
    columns = json.dumps(made["StorageDescriptor"]["Columns"]).lower()
    assert "s3path" in columns
    assert "bodyjson" not in columns


def test_the_hours_reach_back_as_far_as_records_are_retained(any_stage: Synthesis) -> None:
    made = any_stage.only(STACK, "AWS::Glue::Table").properties["TableInput"]
    days = any_stage.settings.logging.retention_days + 5
    assert made["Parameters"][f"projection.{schema.HOUR}.range"] == f"NOW-{days + 1}DAYS,NOW"


def test_a_query_ends_at_the_stages_limit_and_none_may_override_it(
    any_stage: Synthesis,
) -> None:
    made = any_stage.only(STACK, "AWS::Athena::WorkGroup").properties["WorkGroupConfiguration"]
    assert made["BytesScannedCutoffPerQuery"] == 10_000_000_000
    assert made["EnforceWorkGroupConfiguration"] is True
    assert made["ManagedQueryResultsConfiguration"] == {"Enabled": True}


def test_the_saved_queries_are_in_athenas_grammar_and_of_the_stages_table(
    any_stage: Synthesis,
) -> None:
    database = any_stage.only(STACK, "AWS::Glue::Database").properties["DatabaseInput"]["Name"]
    saved = any_stage.resources(STACK, "AWS::Athena::NamedQuery")

    assert len(saved) == len(render.QUERIES)
    for query in saved:
        assert query.properties["Database"] == database
        parsed = sqlglot.parse_one(query.properties["QueryString"], read="athena")
        assert parsed.find(sqlglot.exp.Select) is not None


@pytest.mark.parametrize("existing", ["adopt", "extend"])
def test_where_records_are_anothers_there_is_no_table_and_none_may_query(
    existing: str, tmp_path: Path
) -> None:
    made = synthesize("dev", tmp_path, existing_logging=existing)
    kinds = {resource.type for resource in made.everything()}

    assert not {kind for kind in kinds if kind.startswith(("AWS::Glue", "AWS::Athena"))}
    assert "athena:" not in json.dumps(made.template("ModelAccess"))


def test_a_limit_that_athena_refuses_stops_at_the_door() -> None:
    field = Logging.model_fields["athena_scan_limit_mb"]
    assert any(getattr(constraint, "ge", None) == 10 for constraint in field.metadata)
