"""The join is one statement, which Athena's parser reads as DuckDB's does."""

import random
from functools import cache
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from claude_bedrock.queries.reconciliation_tables import TABLES, known_calls, reconciliation
from claude_bedrock.verification import reconciliation as joining
from tests.verification.scenario import FATES, WINDOW, scenario


@pytest.mark.parametrize("statement", [reconciliation(*WINDOW), known_calls()])
def test_both_engines_read_the_text_alike(statement: str) -> None:
    parsed = [sqlglot.parse(statement, read=engine) for engine in ("athena", "trino", "duckdb")]
    assert [len(statements) for statements in parsed] == [1, 1, 1]
    for operator in (found for (tree,) in parsed if tree for found in tree.find_all(exp.DPipe)):
        operator.set("safe", None)  # DuckDB's `||` joins more than texts, which these all are
    assert parsed[0] == parsed[1] == parsed[2]


def test_what_athenas_reading_of_it_means_gives_the_same_in_duckdb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = scenario(FATES * 3, random.Random(3))  # noqa: S311 - a test's
    outcome = made.reconciled()

    def translated(since: float, until: float, settled: float, *, has_gateway: bool) -> str:
        statement = reconciliation(since, until, settled, has_gateway=has_gateway)
        return sqlglot.transpile(statement, read="athena", write="duckdb")[0]

    monkeypatch.setattr(joining, "reconciliation", translated)
    assert made.reconciled() == outcome
    assert len(outcome.findings) > 30


def test_it_reads_the_tables_that_are_filled_and_no_others() -> None:
    (parsed,) = sqlglot.parse(reconciliation(*WINDOW), read="athena")
    assert parsed is not None
    steps = {cte.alias for cte in parsed.find_all(exp.CTE)}
    assert {table.name for table in parsed.find_all(exp.Table)} - steps == set(TABLES)


def test_the_page_says_how_often_trino_would_read_the_records() -> None:
    """Trino puts a `WITH` in for each use: https://trino.io/docs/current/sql/select.html"""
    (parsed,) = sqlglot.parse(reconciliation(*WINDOW), read="athena")
    assert parsed is not None
    steps = {cte.alias: cte.this for cte in parsed.find_all(exp.CTE)}
    in_steps = [id(table) for step in steps.values() for table in step.find_all(exp.Table)]

    @cache
    def reads(step: str) -> int:
        if step not in steps:
            return int(step == "records")
        return sum(reads(table.name) for table in steps[step].find_all(exp.Table))

    outside = [table for table in parsed.find_all(exp.Table) if id(table) not in in_steps]
    number = sum(reads(table.name) for table in outside)
    page = Path("docs/growth.md").read_text()
    assert f"would read the table of records {number} times" in page
    assert f"its {len(steps)} steps as tables" in page
