"""How DuckDB reads files of records: by given columns, strictly, in bounded memory.

https://duckdb.org/docs/stable/data/json/loading_json
"""

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import duckdb

from queries import table
from reconciliation.window import UnreadableError

MEMORY: Final = "600MB"
_KEY: Final = r"AWSLogs/.*$"
_HOUR: Final = r"(\d{4}/\d{2}/\d{2}/\d{2})/[^/]*$"
_NAMED: Final = re.compile(
    r'file "(?P<quoted>[^"]+)".*?line (?P<line>\d+)|: (?P<bare>/.+\.json\.gz)'
)


class Answer(NamedTuple):
    """Names of the columns, and the rows."""

    names: Sequence[str]
    rows: list[tuple[Any, ...]]


def ask(question: str, files: Sequence[Path]) -> Answer:
    """What the `files` say, as the table `invocations`. Raises UnreadableError, which names the
    file that is not whole or holds a line that is no record, and quotes nothing of it."""
    with TemporaryDirectory(prefix="claude-bedrock-") as spill:
        settings = {"memory_limit": MEMORY, "temp_directory": spill, "TimeZone": "UTC"}
        with duckdb.connect() as connection:
            for name, value in settings.items():
                connection.execute(f"SET {name} = {_literal(value)}")
            # With more than one, DuckDB 2.0.1 now and then passes over half a line at a file's end.
            connection.execute("SET threads = 1")
            connection.execute("SET preserve_insertion_order = false")
            connection.execute(_view(files))
            try:
                found = connection.execute(question)
                return Answer([each[0] for each in found.description or ()], found.fetchall())
            except (duckdb.InvalidInputException, duckdb.IOException) as error:
                raise UnreadableError(_named(str(error))) from None


def _view(files: Sequence[Path]) -> str:
    """The table as Athena has it: where an object lies, and its hour, are columns too."""
    if not files:
        return f"CREATE VIEW {table.NAME} AS {_nothing()}"
    columns = ", ".join(
        f"{_literal(name)}: {_literal(kind)}" for name, kind in table.duckdb_columns().items()
    )
    listed = ", ".join(_literal(str(file.absolute())) for file in files)
    return f"""
        CREATE VIEW {table.NAME} AS SELECT
          * EXCLUDE (filename),
          regexp_extract(filename, {_literal(_KEY)}) AS "$path",
          regexp_extract(filename, {_literal(_HOUR)}, 1) AS {table.HOUR}
        FROM read_json(
          [{listed}], columns = {{{columns}}},
          format = 'newline_delimited', compression = 'gzip', filename = true
        )"""  # noqa: S608 - names of files, as literals


def _nothing() -> str:
    columns = {**table.duckdb_columns(), "$path": "VARCHAR", table.HOUR: "VARCHAR"}
    nulls = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items())
    return f"SELECT {nulls} WHERE false"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _named(message: str) -> str:
    """DuckDB's own text may quote what was said."""
    found = _NAMED.search(message.replace("\n", " "))
    if found is None:
        return "a file of records cannot be read"
    if found["quoted"]:
        return f"{found['quoted']} holds a line that is no record: line {found['line']}"
    return f"{found['bare']} is not whole"
