"""A reader of the project's pages: their tables, links, headings, blocks of code, named tests."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "AGENTS.md")
PAGES = [ROOT / name for name in _TOP]
PAGES += sorted(ROOT.glob("docs/**/*.md"))

_CODE = re.compile(r"`([^`]+)`")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def read(page: Path | str) -> str:
    """Return the text of a page, by its path from the project's folder."""
    return (ROOT / page).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """Return what stands under `heading`, up to the next one; KeyError if there is no such
    heading."""
    text = prose(read(page))
    headings = list(_HEADING.finditer(text))
    for match, following in zip(headings, [*headings[1:], None], strict=True):
        if match[2] == heading:
            return text[match.end() : following.start() if following else len(text)]
    raise KeyError(f"{page} has no heading {heading!r}")


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of each row of the tables under `heading`, without those of their heads."""
    lines = [line for line in section(page, heading).splitlines() if line.startswith("|")]
    heads = [at - 1 for at, line in enumerate(lines) if set(line) <= set("|- ")]
    cell_lines = (line for at, line in enumerate(lines) if at not in heads and at - 1 not in heads)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in cell_lines]


def first_codes(page: str, heading: str) -> set[str]:
    """Return every `code` in the first column of the tables under `heading`."""
    return {code for row in rows(page, heading) for code in codes(row[0])}


def codes(text: str) -> list[str]:
    """Return each `code` in a line."""
    return _CODE.findall(text)


def prose(text: str) -> str:
    """Return a page without its blocks of code."""
    return _BLOCK.sub("", text)


def blocks(text: str) -> list[str]:
    """Return a page's blocks of code."""
    return _BLOCK.findall(text)


def links(text: str) -> list[str]:
    """Return the targets of a page's links."""
    return _LINK.findall(prose(text))


def anchors(text: str) -> set[str]:
    """Return what a link to a heading of the page may say after `#`, as GitHub makes it."""
    titles = (match[2].lower() for match in _HEADING.finditer(prose(text)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def headings(page: str, level: int) -> list[str]:
    """Return the page's headings of that level, in order."""
    return [match[2] for match in _HEADING.finditer(prose(read(page))) if len(match[1]) == level]


def is_a_test(named: str) -> bool:
    """Return whether `tests/FILE.py` has tests, or `tests/FILE.py::NAME` is one that pytest
    collects."""
    path, _, function = named.partition("::")
    there = set(_tests(ast.parse(read(path))))
    return bool(there) and (not function or function in there)


def _tests(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name
        if isinstance(node, ast.Assign):
            targets = (target for target in node.targets if isinstance(target, ast.Name))
            yield from (target.id for target in targets if target.id.startswith("Test"))
