"""Queries of record files by DuckDB: by given columns, in bounded memory. What is no record, or no
whole file, is told apart and stops nothing.

https://duckdb.org/docs/stable/data/json/loading_json
"""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import duckdb

from claude_bedrock.queries import schema
from claude_bedrock.queries.render import literal
from claude_bedrock.records.window import UnreadableError

MEMORY: Final = "600MB"
_KEY: Final = r"AWSLogs/.*$"
_HOUR: Final = r"(\d{4}/\d{2}/\d{2}/\d{2})/[^/]*$"
_AT_ONCE_BYTES: Final = 1 << 20
_FILES_AT_ONCE: Final = 2000
"""DuckDB holds some 9 KB for each file of a view until the query ends."""


class Answer(NamedTuple):
    """Names of the columns, the rows, and the paths of files that are not whole."""

    names: Sequence[str]
    rows: list[tuple[Any, ...]]
    broken: Sequence[str] = ()


def ask(question: str, files: Sequence[Path]) -> Answer:
    """Return what the `files` say, as the table `invocations`. A line that is no record is a row of
    NULLs, as it is in Athena; of a file that is not whole nothing is read.

    Raises UnreadableError where all files are whole and DuckDB cannot read them."""
    try:
        return _execute(question, files)
    except duckdb.Error:
        complete = [file for file in files if _is_complete(file)]
    broken = [str(file) for file in sorted({*files} - {*complete})]
    try:
        return _execute(question, complete)._replace(broken=broken)
    except duckdb.Error as error:
        # DuckDB's own text may quote what was said.
        kind = type(error).__name__
        raise UnreadableError(f"DuckDB cannot read the records ({kind})") from None


def _is_complete(file: Path) -> bool:
    try:
        with gzip.open(file) as lines:
            while lines.read(_AT_ONCE_BYTES):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return file.stat().st_size > 0


def _execute(question: str, files: Sequence[Path]) -> Answer:
    """Execute the query. Raises duckdb.Error."""
    with TemporaryDirectory(prefix="claude-bedrock-") as spill:
        settings = {"memory_limit": MEMORY, "temp_directory": spill, "TimeZone": "UTC"}
        with duckdb.connect() as connection:
            for name, value in settings.items():
                connection.execute(f"SET {name} = {literal(value)}")
            # With more than one, DuckDB 2.0.1 now and then passes over half a line at a file's end.
            connection.execute("SET threads = 1")
            connection.execute("SET preserve_insertion_order = false")
            for statement in _statements(files):
                connection.execute(statement)
            result = connection.execute(question)
            return Answer([column[0] for column in result.description or ()], result.fetchall())


def _statements(files: Sequence[Path]) -> Iterator[str]:
    """Yield what makes the table: a view of a few files; of more of them a table, some at a time,
    which DuckDB writes to disk where it exceeds its memory."""
    if len(files) <= _FILES_AT_ONCE:
        yield f"CREATE VIEW {schema.NAME} AS {_records(files)}"
        return
    yield f"CREATE TABLE {schema.NAME} AS {_nothing()}"
    for first in range(0, len(files), _FILES_AT_ONCE):
        yield f"INSERT INTO {schema.NAME} BY NAME {_records(files[first : first + _FILES_AT_ONCE])}"


def _records(files: Sequence[Path]) -> str:
    """Return the rows as Athena has them: where an object lies, and its hour, are columns too."""
    if not files:
        return _nothing()
    columns = ", ".join(
        f"{literal(name)}: {literal(kind)}" for name, kind in schema.duckdb_columns().items()
    )
    listed = ", ".join(literal(str(file.absolute())) for file in files)
    return f"""
        SELECT
          * EXCLUDE (filename),
          regexp_extract(filename, {literal(_KEY)}) AS "$path",
          regexp_extract(filename, {literal(_HOUR)}, 1) AS {schema.HOUR}
        FROM read_json(
          [{listed}], columns = {{{columns}}},
          format = 'newline_delimited', compression = 'gzip', filename = true,
          ignore_errors = true
        )"""  # noqa: S608 - names of files, as literals


def _nothing() -> str:
    columns = {**schema.duckdb_columns(), "$path": "VARCHAR", schema.HOUR: "VARCHAR"}
    nulls = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items())
    return f"SELECT {nulls} WHERE false"
