"""Build the documentation as a site: the pages of this folder, in the order of docs/README.md.

`python -m tools.docs.site` writes `.build/site`, by mkdocs-material with the settings of
`mkdocs.yml`. A link, an anchor or a page without a place in the navigation stops it.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "AGENTS.md",
    "LICENSE",
)
INDEX: Final = Path("docs", "README.md")
WIDE: Final = ".md-grid { max-width: 76rem; }\n"
"""Room for tables of six columns: the theme's own 61rem cuts them off."""
MERMAID: Final = ROOT / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"

_ITEM: Final = re.compile(r"(?:[-*]|\d+\.) +")
_LINK: Final = re.compile(r"\]\(([^)#\s]+\.md)")
_SECTION: Final = re.compile(r"^## (.+)$", re.MULTILINE)


def build(folder: Path) -> Path:
    """Build the site below `folder` and return its folder. Raises CalledProcessError."""
    source, site = folder / "site-source", folder / "site"
    shutil.rmtree(source, ignore_errors=True)
    stage(source)
    settings = folder / "mkdocs.yml"
    settings.write_text(_settings(source, site), encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--clean", "-f", str(settings)]
    subprocess.run(command, check=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    return site


def stage(source: Path) -> None:
    """Copy what the site shows into `source`, at the same paths, so that links hold."""
    shutil.copytree(ROOT / "docs", source / "docs")
    for name in PAGES:
        shutil.copy(ROOT / name, source / name)
    for page in source.rglob("*.md"):
        lines = page.read_text(encoding="utf-8").splitlines()
        page.write_text("\n".join(_indented(lines)) + "\n", encoding="utf-8")
    assets = source / "assets"
    assets.mkdir()
    shutil.copy(MERMAID, assets / "mermaid.js")
    (assets / "site.css").write_text(WIDE, encoding="utf-8")


def navigation(index: Path = ROOT / INDEX) -> Iterator[tuple[str, list[str]]]:
    """Yield each section of the index with the pages that it is the first to link."""
    yield "Home", [PAGES[0], str(INDEX)]
    listed = {PAGES[0], str(INDEX)}
    _, *parts = _SECTION.split(index.read_text(encoding="utf-8"))
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        targets = (_from_root(index, link) for link in _LINK.findall(text) if "://" not in link)
        pages = [page for page in dict.fromkeys(targets) if page not in listed]
        listed.update(pages)
        yield title, pages
    yield "Changes", ["CHANGELOG.md"]


def _from_root(index: Path, link: str) -> str:
    return str((index.parent / link).resolve().relative_to(ROOT))


def _settings(source: Path, site: Path) -> str:
    """Return mkdocs' settings: those of the project, the folders and the navigation."""
    return json.dumps(
        {
            "INHERIT": str(ROOT / "mkdocs.yml"),
            "docs_dir": str(source),
            "site_dir": str(site),
            "nav": [{title: pages} for title, pages in navigation()],
        }
    )


def _indented(lines: list[str]) -> Iterator[str]:
    """Indent what belongs to a list item by four, as Python-Markdown wants it, not by two or three:
    https://python-markdown.github.io/#differences"""
    rest = iter(enumerate(lines))
    for at, line in rest:
        if line.startswith("```"):
            yield line
            yield from _to_the_end_of_the_block(rest)
            continue
        item = _ITEM.match(line)
        if item is None:
            yield line
            continue
        if at and lines[at - 1][:1].strip() and not _ITEM.match(lines[at - 1]):
            yield ""
        yield line
        body = _body(lines[at + 1 :], len(item[0]))
        for inner in _indented(body):
            yield f"    {inner}" if inner else ""
        for _ in body:
            next(rest)


def _to_the_end_of_the_block(rest: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in rest:
        yield line
        if line.startswith("```"):
            return


def _body(lines: list[str], width: int) -> list[str]:
    """Return the lines that belong to a list item, without its indentation."""
    body: list[str] = []
    for line in lines:
        if line.strip() and not line.startswith(" " * width):
            break
        body.append(line[width:])
    return body


def main() -> None:
    """Build the site into `.build`, and print where it is."""
    folder = ROOT / ".build"
    folder.mkdir(exist_ok=True)
    try:
        site = build(folder)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    serve = shlex.join(["python3", "-m", "http.server", "-d", str(site)])
    sys.stdout.write(f"{site}\nTo read it with search: {serve}\n")


if __name__ == "__main__":
    main()
