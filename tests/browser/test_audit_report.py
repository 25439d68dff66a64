"""The audit report in a real browser: it opens, asks nobody, and can be read by everybody."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from claude_bedrock.cli.audit.page import page as html_of
from tests.browser.chromium import PROJECT
from tests.unit.cli.audit.made_up import report

AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
WIDE, PHONE = 1280, 360
Scheme = Literal["light", "dark"]


class Opened(NamedTuple):
    """A page, what the browser asked for on its behalf, and what it complained of."""

    page: Page
    requests: list[str]
    complaints: list[str]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("audit") / "audit.html"
    written.write_text(html_of(report()))
    return written


@pytest.fixture(
    params=[(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")],
    ids=lambda param: f"{param[0]}-{param[1]}",
)
def opened(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Opened]:
    width, scheme = request.param
    with Visit(browser, file, width, scheme) as page:
        yield page


class Visit:
    """The page, in a window of that width, as somebody sees it who likes that scheme."""

    def __init__(self, browser: Browser, file: Path, width: int, scheme: Scheme) -> None:
        self._context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        self._file = file

    def __enter__(self) -> Opened:
        opened = Opened(self._context.new_page(), [], [])
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.goto(self._file.as_uri())
        return opened

    def __exit__(self, *_: object) -> None:
        self._context.close()


def test_it_opens_and_sends_no_request(opened: Opened, file: Path) -> None:
    opened.page.wait_for_load_state("networkidle")

    assert opened.requests == [file.as_uri()]
    assert opened.complaints == []
    assert opened.page.title() == "Audit of prod, November 2026"


def test_its_policy_forbids_the_network(browser: Browser, file: Path) -> None:
    with Visit(browser, file, WIDE, "light") as opened:
        blocked = opened.page.evaluate(
            """() => new Promise((told) => {
              document.addEventListener("securitypolicyviolation", (e) => told(e.blockedURI));
              fetch("https://example.com/").catch(() => {});
            })"""
        )
        assert blocked.startswith("https://example.com")


def test_verdicts_have_their_marks_without_a_font(opened: Opened) -> None:
    marks = opened.page.evaluate(
        """() => ["pass", "fail", "not-assessed"].map((name) => {
          const style = getComputedStyle(document.querySelector(`.verdict.${name}`), "::before");
          return [style.content, style.clipPath, style.backgroundColor];
        })"""
    )

    assert {content for content, _, _ in marks} == {'""'}
    assert len({shape for _, shape, _ in marks}) == 3
    assert all(shape.startswith("polygon(") for _, shape, _ in marks)
    assert all(color not in {"rgba(0, 0, 0, 0)", "transparent"} for _, _, color in marks)


def test_on_a_phone_a_row_is_a_block_of_labeled_lines(opened: Opened) -> None:
    width, label = opened.page.evaluate(
        """() => {
          const cell = document.querySelector("table[aria-label='Open findings'] tbody td");
          return [innerWidth, getComputedStyle(cell, "::before").content];
        }"""
    )

    assert label == ('"Finding"' if width == PHONE else "none")


def test_nothing_overflows(opened: Opened) -> None:
    outside = opened.page.evaluate(
        """() => [...document.querySelectorAll("body *:not(svg *):not(.scroll *)")]
          .filter((each) => each.getBoundingClientRect().right > innerWidth + 1
                         || each.getBoundingClientRect().left < -1)
          .map((each) => `${each.tagName} ${each.className}`)"""
    )
    width = opened.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")

    assert outside == []
    assert width[0] <= width[1]


def test_charts_are_drawn(opened: Opened) -> None:
    charts = opened.page.locator("figure svg")
    assert charts.count() == 4
    for number in range(4):
        chart = charts.nth(number)
        box = chart.bounding_box()
        assert box is not None and box["width"] > 200 and box["height"] > 60
        sizes = chart.evaluate(
            """(chart) => [...chart.querySelectorAll("rect.reactive")].map((mark) => {
              const box = mark.getBoundingClientRect();
              return [box.width * box.height, getComputedStyle(mark).fill];
            })"""
        )
        drawn = [fill for area, fill in sizes if area > 0]
        assert drawn and all(re.fullmatch(r"rgb\(.*\)", fill) for fill in drawn)
        assert "rgb(0, 0, 0)" not in drawn
        labels = chart.evaluate(
            """(chart) => {
              const outer = chart.getBoundingClientRect();
              return [...chart.querySelectorAll("text")].filter((text) => {
                const box = text.getBoundingClientRect();
                return box.right > outer.right + 1 || box.bottom > outer.bottom + 1
                    || box.left < outer.left - 1 || box.height < 7;
              }).map((text) => text.textContent);
            }"""
        )
        assert labels == []


def _column(page: Page, table: str, number: int) -> list[str]:
    return [
        text.strip()
        for text in page.locator(
            f"table[aria-label='{table}'] tbody tr:visible td:nth-child({number})"
        ).all_inner_texts()
    ]


def test_tables_sort_by_what_their_cells_mean(browser: Browser, file: Path) -> None:
    with Visit(browser, file, WIDE, "light") as opened:
        page, name = opened.page, "Callers and models"
        heading = page.locator(f"table[aria-label='{name}'] th", has_text="US dollars")

        heading.get_by_role("button").press("Enter")
        up = [float(cell.replace(",", "")) for cell in _column(page, name, 10)]
        assert heading.get_attribute("aria-sort") == "ascending"
        heading.get_by_role("button").click()
        down = [float(cell.replace(",", "")) for cell in _column(page, name, 10)]

        assert up == sorted(up) and down == sorted(up, reverse=True) and up != down
        assert heading.get_attribute("aria-sort") == "descending"
        assert page.locator(f"table[aria-label='{name}'] th[aria-sort]").count() == 1
        # As text, "9" would come after "37", and "no end" between them.
        days = page.locator("table[aria-label='Retention by store'] th", has_text="Days")
        days.get_by_role("button").click()
        assert _column(page, "Retention by store", 4) == [
            *(str(index) for index in range(30, 38)),
            "no end",
        ]


def test_tables_filter_and_a_link_finds_what_a_filter_hides(browser: Browser, file: Path) -> None:
    with Visit(browser, file, WIDE, "light") as opened:
        page, name = opened.page, "All statements"
        field = page.locator("label.filter", has_text="Filter").first.get_by_role("searchbox")
        column = _column(page, name, 2)

        field.fill("claim RESIDENCY")
        assert _column(page, name, 2) == ["Claim of residency"]
        assert page.locator("label.filter output").first.inner_text() == f"1 of {len(column)}"
        field.fill("")
        assert _column(page, name, 2) == column
        field.fill("nothing of the kind")
        assert _column(page, name, 2) == []
        page.evaluate("location.hash = '#statement-kept'")
        page.wait_for_function("document.querySelectorAll('tr[hidden]').length === 0")


def test_without_script_tables_are_complete(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())

    assert len(_column(page, "All statements", 2)) == len(report().statements)
    assert page.locator("th button").count() == 0
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
def test_axe_finds_nothing_serious(
    browser: Browser, file: Path, width: int, scheme: Scheme
) -> None:
    with Visit(browser, file, width, scheme) as opened:
        opened.page.evaluate(AXE.read_text())
        axe_report: dict[str, Any] = opened.page.evaluate("axe.run()")
    violations = [
        (
            violation["id"],
            violation["impact"],
            [node["html"][:120] for node in violation["nodes"][:3]],
        )
        for violation in axe_report["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]

    assert violations == []
    assert "color-contrast" in {pass_["id"] for pass_ in axe_report["passes"]}


def test_it_prints_completely(browser: Browser, file: Path) -> None:
    with Visit(browser, file, WIDE, "dark") as opened:
        page = opened.page
        page.set_viewport_size({"width": 688, "height": 1000})  # A4 without its margins
        page.emulate_media(media="print")
        clipped = page.evaluate(
            """() => [...document.querySelectorAll(".scroll")]
              .filter((each) => each.scrollWidth > each.clientWidth + 1
                             || getComputedStyle(each).overflowX !== "visible")
              .map((each) => each.ariaLabel)"""
        )
        pdf = page.pdf(prefer_css_page_size=True)
        # Chromium drops a margin box that it does not know, and then prints no page numbers.
        margins = page.evaluate(
            """() => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
              .flatMap((rule) => rule.constructor.name === "CSSMediaRule" ? [...rule.cssRules] : [])
              .filter((rule) => rule.constructor.name === "CSSPageRule")
              .flatMap((rule) => [...rule.cssRules].map((margin) => margin.cssText))"""
        )

        assert clipped == []
        (margin,) = margins
        assert margin.startswith("@bottom-right") and "counter(page)" in margin
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        assert page.locator(".filter:visible").count() == 0
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 3
