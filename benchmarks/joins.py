"""What the join of calls with records costs, beside a plain query in DuckDB and one in polars over
the same files. `python -m benchmarks.joins STEP FOLDER CALLS` is one step, in a process of its own.

The files are Parquet, with the columns of claude_bedrock/queries/reconciliation_tables.py. A few
calls of them are lost, forged or without an entry, and each join has to find exactly these.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import duckdb

from benchmarks.memory import peak_bytes
from benchmarks.records import Measured
from claude_bedrock.queries.reconciliation_tables import TABLES, reconciliation
from claude_bedrock.verification.finding import KINDS
from claude_bedrock.verification.join_tables import SETTINGS

PLAIN: Final = "plain DuckDB"
LIMIT: Final = 1.5
"""So many times the processor time of the plain query the join may take."""
_SINCE: Final = 1_764_000_000
_UNTIL: Final = _SINCE + 3600
_MODEL: Final = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
_ROLE: Final = "arn:aws:sts::123456789012:assumed-role/claude-on-bedrock-prod-Caller/"
INJECTED: Final = Counter(
    missing_record=4, bypassed_gateway=1, audit_entry_lost=2, caller_mismatch=2, content_mismatch=1
)
_LOST: Final = ("10, 11, 12", "10, 11, 13")
"""Calls without a record in S3, and in CloudWatch Logs."""
_POLARS: Final = Path(__file__).with_name("polars_join.py")


def generate(folder: Path, calls: int) -> Mapping[str, int]:
    with duckdb.connect(config=_settings(folder)) as connection:
        connection.execute(f"""
            CREATE TABLE made AS SELECT
              i,
              lower(hex(hash(i))) || '-' || lower(hex(hash(i + 1))) AS id,
              CAST({_SINCE} + 3600.0 * i / {calls} AS DOUBLE) AS happened_at,
              'team-' || (i % 500) AS who,
              md5(CAST(i AS VARCHAR)) AS digest,
              'gateway-' || lower(hex(hash(i + 2))) || chr(31) || 'k' || (i % 500) || chr(31)
                || 'team-' || (i % 500) || repeat(chr(31), 3) AS caller
            FROM range({calls}) AS numbers(i)""")  # noqa: S608 - numbers
        connection.execute(f"""
            COPY (
              SELECT i AS seq, id AS request_id, happened_at, '{_MODEL}' AS model_id,
                'record' AS expected, true AS completed, '' AS profile_arn, caller, who
              FROM made WHERE i NOT IN (5, 6, 7)
            ) TO '{folder}/calls.parquet' (FORMAT parquet)""")  # noqa: S608 - a literal
        halves = " UNION ALL ".join(_records(number, calls) for number in range(len(_LOST)))
        connection.execute(f"COPY ({halves}) TO '{folder}/records.parquet' (FORMAT parquet)")
    return {"matched": calls}


def _records(destination: int, calls: int) -> str:
    forged = f"i = 30 AND {destination} = 1"
    return f"""
        SELECT i + {destination * calls} AS seq, CAST({destination} AS BIGINT) AS destination,
          id AS request_id, happened_at, '{_MODEL}' AS model_id,
          CASE i WHEN 7 THEN 'arn:aws:iam::123456789012:user/x' ELSE '{_ROLE}' || who END
            AS identity,
          'eu-west-1' AS answered_in, false AS failed, true AS has_metadata,
          CASE WHEN i IN (20, 21) THEN repeat(chr(31), 5) ELSE caller END AS caller,
          '' AS session_fault,
          CASE WHEN {forged} THEN 'forged' ELSE substr(digest, 1, 24) END AS content,
          substr(digest, 2, 24) AS digest, substr(digest, 3, 24) AS input_token, '' AS input_path,
          CASE WHEN {forged} THEN 'forged' ELSE substr(digest, 4, 24) END AS output_token,
          '' AS output_path
        FROM made WHERE i NOT IN ({_LOST[destination]})"""  # noqa: S608 - numbers


def statement(folder: Path, _calls: int) -> Mapping[str, int]:
    """Run reconciliation.sql within the memory that `claude-bedrock verify` gives it."""
    with _opened(folder) as connection:
        _add_known(connection)
        counts: Counter[str] = Counter()
        findings = set()
        for row in connection.execute(reconciliation(_SINCE, _UNTIL, _UNTIL)).fetchall():
            if row[0] in KINDS:
                findings.add((row[0], row[1]))
            else:
                counts[row[0]] += row[-1]
        return {**Counter(kind for kind, _ in findings), "matched": counts["matched"]}


def _add_known(connection: duckdb.DuckDBPyConnection) -> None:
    about = (_MODEL, _MODEL, "a model", "", " eu-west-1 ")
    connection.execute("INSERT INTO models VALUES (?, ?, ?, ?, ?)", about)
    connection.execute("INSERT INTO regions VALUES ('eu-west-1', true)")
    connection.execute(f"""
        INSERT INTO identities
        SELECT DISTINCT identity, starts_with(identity, '{_ROLE}'), false, identity FROM records
        """)  # noqa: S608 - a literal


def plain(folder: Path, _calls: int) -> Mapping[str, int]:
    """As one would write it by hand: each side grouped by id, a full outer join, a CASE."""
    with _opened(folder) as connection:
        return dict(
            connection.execute(f"""
            WITH called AS (
              SELECT request_id AS id, max(model_id) AS model_id, max(caller) AS caller
              FROM calls WHERE happened_at >= {_SINCE} AND happened_at < {_UNTIL} GROUP BY 1
            ),
            in_s3 AS (
              SELECT request_id AS id, max(model_id) AS model_id, max(caller) AS caller,
                max(identity) AS arn, max(content) AS content
              FROM records WHERE destination = 0 GROUP BY 1
            ),
            in_logs AS (
              SELECT request_id AS id, max(content) AS content
              FROM records WHERE destination = 1 GROUP BY 1
            )
            SELECT
              CASE
                WHEN c.id IS NULL AND s.arn LIKE '{_ROLE}%' THEN 'audit_entry_lost'
                WHEN c.id IS NULL THEN 'bypassed_gateway'
                WHEN s.id IS NULL OR l.id IS NULL THEN 'missing_record'
                WHEN c.caller <> s.caller THEN 'caller_mismatch'
                WHEN c.model_id <> s.model_id THEN 'model_mismatch'
                WHEN s.content <> l.content THEN 'content_mismatch'
                ELSE 'matched'
              END, count(*)
            FROM called c
            FULL OUTER JOIN in_s3 s ON s.id = c.id
            LEFT JOIN in_logs l ON l.id = coalesce(c.id, s.id)
            GROUP BY 1""").fetchall()  # noqa: S608 - literals
        )


def _opened(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config=_settings(folder))
    for name, columns in TABLES.items():
        if (folder / f"{name}.parquet").exists():
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{folder}/{name}.parquet'")  # noqa: S608
        else:
            fields = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            connection.execute(f"CREATE TABLE {name} ({fields})")
    return connection


def _settings(folder: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {**SETTINGS, "temp_directory": str(folder / "excess")}


STEPS: Final[Mapping[str, Callable[[Path, int], Mapping[str, int]]]] = {
    "generate": generate,
    PLAIN: plain,
    "the join": statement,
}


def measured(calls: int, polars: Path | None) -> Iterator[Measured]:
    """Yield each step in turn; `polars` is an interpreter that has it. Raise CalledProcessError
    where one fails, or finds other calls than those that were put in."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-joins-") as folder:
        commands = {
            step: [sys.executable, "-m", "benchmarks.joins", step, folder, str(calls)]
            for step in STEPS
        }
        if polars:
            commands["polars"] = [str(polars), str(_POLARS), folder, _ROLE]
        for step, command in commands.items():
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
            told = json.loads(output)
            _check(step, calls, told.pop("found"))
            yield Measured(step, calls, **told)


def _check(step: str, calls: int, found: Mapping[str, int]) -> None:
    expected = {} if step == "generate" else INJECTED
    for kind, number in expected.items():
        assert found.get(kind, 0) == number, f"{step}: {kind} is {found.get(kind, 0)}"
    clean = calls - (sum(INJECTED.values()) if step in (PLAIN, "polars") else 0)
    assert step in ("generate", "the join") or found["matched"] == clean, (step, found)


def rows(steps: list[Measured]) -> list[list[str]]:
    """Return a head, and one for each step beside the plain query."""
    (floor,) = [step.cpu_seconds for step in steps if step.step == PLAIN]
    head = ["", "calls", "s", "CPU s", f"x {PLAIN}", "MiB, peak", "reach", ""]
    return [head, *(_row(step, floor) for step in steps)]


def _row(step: Measured, floor: float) -> list[str]:
    ratio = step.cpu_seconds / floor
    judged = step.step == "the join"
    reached = "reached" if ratio <= LIMIT else "missed"
    return [
        *(step.step, f"{step.calls:,}", f"{step.seconds:.1f}", f"{step.cpu_seconds:.1f}"),
        *(f"{ratio:.2f}", f"{step.peak_mib:.0f}"),
        *((f"<= {LIMIT}", reached) if judged else ("", "")),
    ]


def _step(step: str, folder: Path, calls: int) -> Mapping[str, object]:
    begun = time.monotonic()
    found = STEPS[step](folder, calls)
    return {
        "seconds": time.monotonic() - begun,
        "cpu_seconds": time.process_time(),
        "peak_mib": peak_bytes(os.getpid()) / (1 << 20),
        "found": found,
    }


if __name__ == "__main__":
    name, where, count = sys.argv[1:]
    sys.stdout.write(json.dumps(_step(name, Path(where), int(count))))
