"""The table of `python -m tests.clients` is green only if every cell was tried and works."""

import pytest

from tests.clients.__main__ import COLUMNS, Cells
from tests.clients.roster import CLIENTS


@pytest.fixture
def cells() -> Cells:
    cells = Cells()
    for client in CLIENTS:
        for column in COLUMNS:
            cells.passed[client.name, column].append(True)
    return cells


def test_all_that_works_is_green(cells: Cells) -> None:
    assert cells.green()


def test_one_failure_in_a_cell_is_enough(cells: Cells) -> None:
    cells.passed[CLIENTS[0].name, "error"].append(False)
    assert not cells.green()


def test_a_cell_that_was_not_tried_is_not_green(cells: Cells) -> None:
    del cells.passed[CLIENTS[-1].name, "tools"]
    assert not cells.green()
