"""The same text asks DuckDB and Athena, and both understand it alike."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from claude_bedrock.cli.usage import duckdb_engine, local_files
from claude_bedrock.queries import render, schema
from claude_bedrock.queries.render import QUERIES, Period, Query
from demo.sample_month import Folder, Month, write

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(days=3)
ENGINES = ("athena", "trino", "duckdb")
LONG = (100_000, 5_000)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("days")
    write(Month(first=SINCE.date(), days=5, calls=2000), Folder(folder))
    return local_files.of_records(folder, SINCE - timedelta(days=9), NOW + timedelta(days=9))


def query_rows(sql: str, records: list[Path]) -> list[tuple[Any, ...]]:
    return duckdb_engine.ask(sql, records).rows


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("period", [render.between(SINCE, NOW), render.last_days(30)])
def test_athenas_parser_takes_the_text_and_reads_it_as_duckdbs_does(
    query: Query, period: Period
) -> None:
    parsed = {
        engine: _joins_text(sqlglot.parse_one(render.text(query, period, LONG), read=engine))
        for engine in ENGINES
    }
    if period == render.between(SINCE, NOW):
        assert parsed["athena"] == parsed["trino"] == parsed["duckdb"]


def _joins_text(parsed: exp.Expr) -> exp.Expr:
    """Return the same, where the engines differ only in whether `||` takes numbers too."""
    for node in parsed.find_all(exp.DPipe):
        node.set("safe", None)
    return parsed


@pytest.mark.parametrize("query", QUERIES)
def test_what_athenas_reading_of_it_means_gives_the_same_in_duckdb(
    query: Query, records: list[Path]
) -> None:
    sql = render.text(query, render.between(SINCE, NOW), LONG)
    (translated,) = sqlglot.transpile(sql, read="athena", write="duckdb")

    result = query_rows(sql, records)
    assert result == query_rows(translated, records)
    assert len(result) > 20


@pytest.mark.parametrize("query", QUERIES)
def test_a_saved_query_means_the_days_before_it_runs(query: Query, records: list[Path]) -> None:
    (saved,) = sqlglot.transpile(
        render.text(query, render.last_days(2), LONG), read="athena", write="duckdb"
    )
    saved = saved.replace("CURRENT_TIMESTAMP", f"TIMESTAMP '{NOW:%Y-%m-%d %H:%M:%S}'")

    now = NOW.replace(microsecond=0)
    assert query_rows(saved, records) == query_rows(
        render.text(query, render.between(now - timedelta(days=2), now), LONG), records
    )


@pytest.mark.parametrize("query", QUERIES)
def test_it_names_only_columns_of_the_table_and_the_partition_that_limits_it(query: Query) -> None:
    parsed = sqlglot.parse_one(render.text(query, render.between(SINCE, NOW), LONG), read="athena")
    selected = {
        node.name
        for select in parsed.find_all(exp.Select)
        if select.find(exp.From) and select.args["from_"].this.name == schema.NAME
        for node in select.find_all(exp.Column)
    }
    known = {name for name, _ in schema.hive_columns()} | {"$path", schema.HOUR}
    fields = {item for _, kind in schema.hive_columns() for item in re.findall(r"(\w+):", kind)}

    assert selected - known - fields == set()
    assert schema.HOUR in selected


def test_both_engines_have_the_same_columns() -> None:
    hive = dict(schema.hive_columns())
    duckdb = {name.lower(): kind.lower() for name, kind in schema.duckdb_columns().items()}

    assert set(hive) == set(duckdb)
    for name, kind in hive.items():
        named = re.findall(r"(\w+):(\w+)", kind)
        assert [field for field, _ in named] == re.findall(
            r"(\w+) (?:varchar|bigint)", duckdb[name]
        )
