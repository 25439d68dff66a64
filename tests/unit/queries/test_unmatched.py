"""The query of calls without a record or an entry, by DuckDB's reading and by Athena's."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from claude_bedrock.queries import audit_entries, render, schema
from claude_bedrock.verification.calls import CALLER
from gateway.usage import _COUNTS

SINCE = datetime(2026, 11, 30, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=1)
AT = "2026-11-30 01:30:00,123+0000"
RECORDED_AT = "2026-11-30T01:30:00Z"
ROLE = "arn:aws:sts::123456789012:assumed-role/Admin/ana"


def entry(name: str, at: str = AT, **fields: object) -> dict[str, Any]:
    made = {
        "gateway_request_id": f"gateway-{name}",
        "bedrock_request_id": name,
        "api_key_name": "search.web",
        "route": "POST /v1/messages",
        "upstream_status": 200,
        **fields,
    }
    return {"timestamp": at, "audit": {name: value for name, value in made.items() if value}}


def record(name: str, gateway_id: str = "", at: str = RECORDED_AT) -> dict[str, Any]:
    metadata = {"gateway_request_id": gateway_id} if gateway_id else {}
    return {
        "timestamp": at,
        "requestId": name,
        "modelId": "m",
        "identity": {"arn": ROLE},
        "requestMetadata": metadata,
    }


ENTRIES = [
    *([entry("both"), entry("both")]),
    entry("no record"),
    entry("refused", upstream_status=403),
    entry("counted", route="POST /v1/messages/count_tokens"),
    entry("id lost", bedrock_request_id=None, upstream_status=None),
    entry("retried"),
    entry("before", at="2026-11-30 00:59:59,999+0000"),
]
RECORDS = [
    record("both", "gateway-both"),
    record("of the lost id", "gateway-id lost"),
    record("retried", "gateway-retried"),
    record("first try", "gateway-retried"),
    record("no entry"),
    record("after", at="2026-11-30T02:00:00Z"),
]


@pytest.mark.parametrize("engine", ["duckdb", "athena", "trino"])
def test_each_call_that_lacks_a_record_or_an_entry_is_named_once(
    tmp_path: Path, engine: str
) -> None:
    sql = render.text("unmatched", render.between(SINCE, UNTIL), ())
    (text,) = sqlglot.transpile(sql, read=engine, write="duckdb")

    rows = _query(tmp_path, text)

    assert sorted(
        (missing, request_id, caller) for missing, _, request_id, _, caller, *_ in rows
    ) == [
        ("audit log entry", "no entry", ROLE),
        ("record", "no record", "search.web"),
    ]


def test_athenas_parser_takes_the_saved_query() -> None:
    sql = render.text("unmatched", render.last_days(7), ())
    for engine in ("athena", "trino"):
        assert sqlglot.parse_one(sql, read=engine).find(sqlglot.exp.Union) is not None


def test_each_field_that_the_gateway_writes_has_a_column_or_a_reason() -> None:
    struct = dict(audit_entries.hive_columns())["audit"]
    columns = {*audit_entries.AUDIT, "earlier_attempts", *audit_entries.WITHOUT_COLUMN}
    page = Path("docs/operations.md").read_text()
    table = page.partition("### Audit log entries")[2].partition("\n### ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in row.replace("`", "").replace(" ", "").split(",")}

    assert columns == documented
    assert {*_COUNTS, *CALLER} <= columns
    assert "earlier_attempts:array<struct<" in struct


def _query(folder: Path, text: str) -> list[tuple[Any, ...]]:
    """Return the rows of the query over tables as Athena has them: entries by way of Parquet."""
    columns = {**schema.duckdb_columns(), "$path": "VARCHAR", schema.HOUR: "VARCHAR"}
    attempts = "STRUCT(model_id VARCHAR, bedrock_request_id VARCHAR)[]"
    fields = ", ".join(
        f"{name} {'BIGINT' if kind == schema.NUMBER else 'VARCHAR'}"
        for name, kind in audit_entries.AUDIT.items()
    )
    audit_type = f"STRUCT({fields}, earlier_attempts {attempts})"
    hour = {schema.HOUR: "2026/11/30/01", "$path": "file"}
    with duckdb.connect() as connection:
        for table, rows, types in (
            (schema.NAME, RECORDS, columns),
            (
                audit_entries.NAME,
                ENTRIES,
                {
                    "timestamp": "VARCHAR",
                    "audit": audit_type,
                    "$path": "VARCHAR",
                    schema.HOUR: "VARCHAR",
                },
            ),
        ):
            lines, parquet = folder / f"{table}.json", folder / f"{table}.parquet"
            lines.write_text("\n".join(json.dumps({**row, **hour}) for row in rows))
            named = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
            source = f"read_json('{lines}', columns = {{{named}}})"
            connection.execute(f"COPY (FROM {source}) TO '{parquet}' (FORMAT parquet)")
            connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{parquet}')")
        return connection.execute(text).fetchall()
