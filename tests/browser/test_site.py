"""The site builds without a warning, and a browser that reads it asks no other host."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from tools.docs.site import build


class Visit(NamedTuple):
    """What a browser requested and drew on the start page, and what search answered."""

    requests: list[str]
    errors: list[str]
    diagram_height: float
    search_answer: str


class _NoLogHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Leave standard error to failures."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the site on a free port."""
    site = build(tmp_path_factory.mktemp("build"))
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_NoLogHandler, directory=str(site))
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def visit(url: str, browser: Browser) -> Visit:
    """Read the start page until its diagram is drawn, and search."""
    with browser.new_page() as page:
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url + "index.html")
        return Visit(requests, errors, _diagram_height(page), _search(page, "rotate a key"))


def _diagram_height(page: Page) -> float:
    """Return the height of the first diagram; mermaid puts a `div` in the place of its source."""
    page.wait_for_selector("div.mermaid")
    box = page.locator("div.mermaid").first.bounding_box()
    return box["height"] if box else 0


def _search(page: Page, words: str) -> str:
    page.locator("input.md-search__input").press_sequentially(words)
    answer = page.locator(".md-search-result__meta", has_text="matching document")
    answer.wait_for(state="attached")
    return answer.text_content() or ""


def test_no_other_host_is_contacted(url: str, visit: Visit) -> None:
    assert visit.requests
    assert [request for request in visit.requests if not request.startswith(url)] == []
    assert visit.errors == []


def test_the_diagram_is_drawn(visit: Visit) -> None:
    assert visit.diagram_height > 20


def test_search_finds_pages(visit: Visit) -> None:
    assert not visit.search_answer.strip().startswith("0 ")
