"""What the CLI's tests share."""

from collections.abc import Iterator

import pytest

from tests.unit.cli.answers import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as served:
        yield served
