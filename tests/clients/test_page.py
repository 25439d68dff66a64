"""docs/clients.md tells what the suite runs: its code is the drivers', its variables are set."""

import re

import pytest

from tests.clients.installed import DRIVERS
from tests.clients.roster import CLIENTS, Client
from tests.clients.runs import PAGE, TRUST, exports, snippets
from tools.docs.pages import read


def _lines(code: str) -> list[str]:
    return [line.strip() for line in code.splitlines() if line.strip()]


def _code(heading: str) -> list[str]:
    blocks = [block.strip().splitlines() for block in snippets(heading)]
    return ["\n".join(block[1:-1]) for block in blocks if block[0] != "```bash"]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_the_code_that_the_page_shows_is_what_the_driver_runs(client: Client) -> None:
    run = _lines((DRIVERS / client.driver).read_text(encoding="utf-8"))
    for code in _code(client.name):
        assert [line for line in _lines(code) if line not in run] == []


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_the_page_explains_how_to_set_each_client(client: Client) -> None:
    assert _code(client.name) or dict(exports(client.name))


def test_the_page_names_no_other_client() -> None:
    headings = re.findall(r"^### (.+)$", read(PAGE), re.MULTILINE)
    assert headings == [TRUST, *sorted((client.name for client in CLIENTS), key=headings.index)]
