"""Each client run once, for all that is asked of it."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.clients.roster import Client
from tests.clients.runs import Places, Ran, places
from tests.integration.deployed.deployment import Deployment

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "clients: real clients against local mode")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("clients")


@pytest.fixture(scope="session")
def clients(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with places(deployment, tmp_path_factory.mktemp("home")) as up:
        yield up


@pytest.fixture(scope="session")
def ran(clients: Places) -> Callable[[Client], Ran]:
    """In CI a client without its browser has failed; elsewhere it is skipped, and says so."""
    once = cache(clients.run)

    def run(client: Client) -> Ran:
        first = once(client).outcomes["json"]
        if "NoBrowserError" in first.get("raised", []) and not os.environ.get("CI"):
            pytest.skip(f"no browser: {first['message']}")
        return once(client)

    return run
