"""A browser for all tests of a page, or a reason why there is none."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import NoBrowserError, chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """In CI a test without its browser has failed; elsewhere it is skipped, and says so."""
    try:
        with chromium() as started:
            yield started
    except NoBrowserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no browser: {error}")
