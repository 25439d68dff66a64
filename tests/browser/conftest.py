"""A browser for the tests of a page, or a reason why there is none."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import NoBrowserError, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """In CI a test without its browser has failed; elsewhere it is skipped, and says so.

    Playwright's event loop runs in this thread until the browser is closed: no other module's tests
    may find it."""
    try:
        with chromium() as started:
            yield started
    except NoBrowserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no browser: {error}")
