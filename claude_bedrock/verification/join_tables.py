"""The tables of the reconciliation in DuckDB: filled row by row, and joined. What exceeds its
memory lies on disk until the run ends.

https://duckdb.org/docs/stable/guides/performance/how_to_tune_workloads#spilling-to-disk
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from itertools import count
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from claude_bedrock.queries.reconciliation_tables import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY: Final = "500MB"
"""What DuckDB holds at the most; the rest lies in a temporary folder."""
SETTINGS: Final[Mapping[str, str | bool | int | float | list[str]]] = {
    "memory_limit": MEMORY,
    "threads": 1,
    "preserve_insertion_order": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_BATCH_ROWS: Final = 4096
_FETCHED_ROWS: Final = 4096
Row = tuple[Any, ...]


class JoinTables:
    """Takes rows in batches. `folder` holds what exceeds the memory; DuckDB starts with the first
    batch."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._opened: DuckDBPyConnection | None = None
        self._waiting: dict[str, list[Row]] = {name: [] for name in TABLES}
        self._numbers = {name: count() for name, columns in TABLES.items() if "seq" in columns}

    @property
    def is_empty(self) -> bool:
        """Whether no row was added."""
        return self._opened is None and not any(self._waiting.values())

    def add(self, table: str, row: Row) -> None:
        """Add a row, its values in the order of the table's columns but `seq`, which numbers the
        rows of a table."""
        number = self._numbers.get(table)
        waiting = self._waiting[table]
        waiting.append(row if number is None else (next(number), *row))
        if len(waiting) >= _BATCH_ROWS:
            self._write(table)

    def distinct(self, union: str) -> Iterator[str]:
        """Yield the different texts of a query of one column."""
        statement = f"SELECT DISTINCT * FROM ({union})"  # noqa: S608 - a text of this package
        return iter([value for (value,) in self.rows(statement)])

    def rows(self, statement: str) -> Iterator[Row]:
        """Yield the rows of a query."""
        result = self._flushed().execute(statement)
        while rows := result.fetchmany(_FETCHED_ROWS):
            yield from rows

    def execute(self, statement: str) -> None:
        """Run a statement that changes the tables."""
        self._flushed().execute(statement)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _connection(self) -> "DuckDBPyConnection":
        if self._opened is None:
            import duckdb  # noqa: PLC0415 - half a start of the program, and a help needs none

            self._opened = duckdb.connect(config={**SETTINGS, "temp_directory": self._folder})
            for name, columns in TABLES.items():
                fields = ", ".join(f"{column} {kind}" for column, kind in columns.items())
                self._opened.execute(f"CREATE TABLE {name} ({fields})")
        return self._opened

    def _flushed(self) -> "DuckDBPyConnection":
        for table, rows in self._waiting.items():
            if rows:
                self._write(table)
        return self._connection()

    def _write(self, table: str) -> None:
        from duckdb import InvalidInputException  # noqa: PLC0415 - as above

        rows, self._waiting[table] = self._waiting[table], []
        insert = _insert(table)
        try:
            self._connection().execute(insert, _columns(rows))
        except (InvalidInputException, UnicodeEncodeError):
            # JSON may hold half a surrogate pair, which is no text of UTF-8.
            self._connection().execute(insert, _columns(map(_encodable, rows)))


@contextmanager
def join_tables() -> Iterator[JoinTables]:
    """Yield empty tables, which are deleted at the end."""
    with (
        TemporaryDirectory(prefix="claude-bedrock-") as folder,
        closing(JoinTables(folder)) as made,
    ):
        yield made


@cache
def _insert(table: str) -> str:
    values = ", ".join(
        f"unnest(${number}::{kind}[])" for number, kind in enumerate(TABLES[table].values(), 1)
    )
    return f"INSERT INTO {table} SELECT {values}"


def _columns(rows: Iterable[Row]) -> Sequence[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _encodable(row: Row) -> Row:
    return tuple(
        value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for value in row
    )
