"""`python -m tests.clients`: every client tried, and a table of what works."""

import sys
from collections import defaultdict
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.clients.roster import CLIENTS, Client

COLUMNS = {
    "json": "JSON",
    "stream": "stream",
    "tools": "tools",
    "schema": "schema",
    "error": "error",
}
HERE = Path(__file__).parent
WORKS, HAS_NONE, NOT_ASSESSED = "[green]works[/]", "has none", "[dim]-[/]"


class Cells:
    """A pytest plugin that keeps, for each client and column, whether all its tests passed."""

    def __init__(self) -> None:
        self.passed: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test, _, name = report.nodeid.rpartition("::")[2].rstrip("]").partition("[")
        column = test.split("_")[1]
        if column in COLUMNS and (report.when == "call" or report.failed):
            self.passed[name, column].append(report.passed)

    def table(self) -> Table:
        table = Table("client", *COLUMNS.values())
        for client in CLIENTS:
            table.add_row(client.name, *(self._cell(client, column) for column in COLUMNS))
        return table

    def green(self) -> bool:
        """Whether every cell has been tried and works."""
        shown = {self._cell(client, column) for client in CLIENTS for column in COLUMNS}
        return shown <= {WORKS, HAS_NONE, NOT_ASSESSED}

    def _cell(self, client: Client, column: str) -> str:
        if column == "stream" and not client.streams:
            return HAS_NONE
        if column == "schema" and not client.schemas:
            return NOT_ASSESSED
        passed = self.passed[client.name, column]
        if not passed:
            return "[yellow]not tried[/]"
        return WORKS if all(passed) else "[red]fails[/]"


def main() -> int:
    """0 only if every test passed and every cell is green."""
    cells = Cells()
    code = pytest.main(["-q", "-m", "clients", *sys.argv[1:], str(HERE)], plugins=[cells])
    Console().print(cells.table())
    return int(code) or int(not cells.green())


if __name__ == "__main__":
    sys.exit(main())
