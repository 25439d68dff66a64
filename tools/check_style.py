"""Measures of the prose in README, CONTRIBUTING and docs, and the limits of docs/style-guide.md.

`python -m tools.check_style [--worst N]` prints a row per page, then the worst places as
`file:line`, and exits with 1 where a limit of `[tool.style]` in pyproject.toml is exceeded.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
EXEMPT: Final = {
    "docs/access/dev.md": "generated: names of IAM statements and actions",
    "docs/access/local.md": "generated: names of IAM statements and actions",
    "docs/access/prod.md": "generated: names of IAM statements and actions",
    "docs/compatibility.md": "generated from the catalog",
    "docs/findings.md": "generated: quotes the rules of others",
    "docs/inference-actions.md": "generated: names of IAM actions",
    "docs/licenses.md": "generated from the bills of materials",
    "docs/models.md": "generated from the catalog",
}
LONGEST_CELL: Final = 200

_IRREGULAR: Final = (
    "beaten|begun|bound|bought|brought|built|burnt|caught|chosen|cut|dealt|done|drawn|driven|"
    "eaten|fed|forgotten|found|given|gone|heard|held|hidden|kept|known|laid|left|lent|let|lost|"
    "made|meant|met|paid|put|read|reset|run|said|seen|sent|set|shown|shut|sought|sold|spelled|"
    "spent|split|spoken|spread|stolen|struck|taken|taught|thought|thrown|told|understood|worn|"
    "withdrawn|withheld|won|written"
)
_ADVERBS: Final = r"(?:(?:not|never|also|only|then|still|always|all|both|each|now|\w+ly) ){0,2}"
MEASURES: Final = {
    "you": re.compile(r"\b(?:you|your|yours|yourself)\b", re.IGNORECASE),
    "negations": re.compile(r"\b(?:no|nobody|nothing|nor|none)\b", re.IGNORECASE),
    "passive": re.compile(
        rf"\b(?:am|is|are|was|were|be|been|being) {_ADVERBS}"
        rf"(?:\w+[^\We]ed|agreed|freed|{_IRREGULAR})\b",
        re.IGNORECASE,
    ),
    "archaic": re.compile(
        r"\b(?:anew|as whom|beside|by which|by whom|from whom|gets? through|go(?:es)? off|"
        r"henceforth|hitherto|in which|lest|of (?:ours|theirs)|of which|somebody|thereof|thereby|"
        r"to whom|upon|whence|whereby|wherein|whoever|whomever|whose)\b",
        re.IGNORECASE,
    ),
    "british": re.compile(
        r"\b\w*(?:catalogue|licence|defence|behaviour|colour|honour|favour|neighbour|artefact|"
        r"cancelled|fulfil(?:s|ment)?\b|judgement|labelled|modelled|signalled|travelled|"
        r"[^\W_]{3}(?:(?<!rev)(?<!prec)(?<!exerc)(?<!adv)(?<!prom)(?<!comprom)(?<!surpr)(?<!superv)"
        r"(?<!otherw)(?<!likew)(?<!enterpr)(?<!franch)(?<!expert)(?<!no)(?<!ra)"
        r"is(?:e|ed|es|ing|er|ers|ation|ations)\b))\w*",
        re.IGNORECASE,
    ),
}
_FENCE: Final = re.compile(r"^\s*```")
_STARTS: Final = re.compile(r"[|#]|\s*(?:\d+\.|[-*]) ")
_CODE: Final = re.compile(r"``[^`]+``|`[^`]*`|<[^>\s][^>]*>")
_TARGET: Final = re.compile(r"\]\([^)\s]*\)")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z'\u2019-]*")


@dataclass(frozen=True)
class Finding:
    """A match or a long cell: where it is, what it is counted as, and its text."""

    page: str
    line: int
    measure: str
    text: str


@dataclass(frozen=True)
class Measured:
    """A page: its number of words outside tables and code, and what was found in it."""

    page: str
    words: int
    findings: tuple[Finding, ...]

    def count(self, measure: str) -> int:
        """Return the number of places of that measure."""
        return sum(finding.measure == measure for finding in self.findings)


def pages(root: Path = ROOT) -> list[str]:
    """List the pages that the style guide holds for, by path from the project's folder."""
    paths = [root / "README.md", root / "CONTRIBUTING.md", *sorted(root.glob("docs/**/*.md"))]
    names = (path.relative_to(root).as_posix() for path in paths)
    return [name for name in names if not name.startswith(tuple(EXEMPT))]


def measure(page: str, text: str) -> Measured:
    """Count the words of a page's prose and find the places that the measures count.

    A sentence may go over a line's end: a paragraph is searched as one string. British spellings
    are also searched for in tables.
    """
    words = 0
    findings: list[Finding] = []
    for line, paragraph in _paragraphs(text):
        if paragraph.startswith("|"):
            findings += _cells(page, line, paragraph)
            findings += _matches(page, line, paragraph, only="british")
            continue
        words += len(_WORD.findall(paragraph.replace("\0", " ")))
        findings += _matches(page, line, paragraph)
    return Measured(page, words, tuple(findings))


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the first line's number and the plain text of each paragraph and each table row.

    Code becomes NUL characters, a link its text; fenced blocks and HTML comments are left out.
    """
    lines: list[str] = []
    fenced = False
    for number, line in enumerate(_without_comments(text).splitlines(), 1):
        fence = _FENCE.match(line) is not None
        fenced ^= fence
        empty = fence or fenced or not line.strip()
        if lines and (empty or _STARTS.match(line)):
            yield number - len(lines), _plain("\n".join(lines))
            lines = []
        if not empty:
            lines.append(line.strip())
        if lines and line.startswith(("|", "#")):
            yield number, _plain(line)
            lines = []
    if lines:
        yield number - len(lines) + 1, _plain("\n".join(lines))


def _without_comments(text: str) -> str:
    return re.sub(r"<!--.*?-->", lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)


def _plain(text: str) -> str:
    return _TARGET.sub("]", _CODE.sub(lambda code: "\0" * len(code[0]), text))


def _matches(page: str, line: int, paragraph: str, only: str = "") -> Iterator[Finding]:
    joined = paragraph.replace("\n", " ")
    for name in [only] if only else MEASURES:
        for match in MEASURES[name].finditer(joined):
            at = line + paragraph.count("\n", 0, match.start())
            yield Finding(page, at, name, match[0])


def _cells(page: str, line: int, row: str) -> Iterator[Finding]:
    for cell in re.split(r"(?<!\\)\|", row.strip().strip("|")):
        visible = re.sub(r"\[([^\]]*)\]", r"\1", cell.strip())
        if len(visible) > LONGEST_CELL:
            text = f"{len(visible)} characters: {visible[:40].replace(chr(0), '`')}"
            yield Finding(page, line, "long cell", text)


def totals(measured: list[Measured]) -> dict[str, float]:
    """Sum up all pages: per 1,000 words for you, negations and passive, else the number."""
    words = sum(page.words for page in measured) or 1
    counts = {name: sum(page.count(name) for page in measured) for name in (*MEASURES, "long cell")}
    rates = {name: 1000 * counts[name] / words for name in ("you", "negations", "passive")}
    return {name: round(rates.get(name, count), 1) for name, count in counts.items()}


def exceeded(measured_totals: dict[str, float], limits: dict[str, float]) -> list[str]:
    """Name each limit that is not kept: `you` is a least, the others are a most."""
    return [
        f"{name}: {measured_totals[name]}, limit {limit}"
        for name, limit in limits.items()
        if (measured_totals[name] < limit if name == "you" else measured_totals[name] > limit)
    ]


def _limits() -> dict[str, float]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return dict(settings["tool"]["style"])


def _rows(measured: list[Measured]) -> Iterator[str]:
    yield f"{'page':58}{'words':>7}" + "".join(f"{name:>11}" for name in (*MEASURES, "long cell"))
    for page in sorted(measured, key=lambda measured_page: -measured_page.words):
        counts = (page.count(name) for name in (*MEASURES, "long cell"))
        yield f"{page.page:58}{page.words:>7}" + "".join(f"{count:>11}" for count in counts)


def main(arguments: list[str] | None = None) -> int:
    """Print the measures and return the exit code: 0 if every limit is kept, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tools.check_style", description=__doc__)
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="places per measure")
    parser.add_argument("--page", default="", help="measure pages that start with this path only")
    parsed = parser.parse_args(arguments)
    chosen = [page for page in pages() if page.startswith(parsed.page)]
    measured = [measure(page, (ROOT / page).read_text(encoding="utf-8")) for page in chosen]
    print("\n".join(_rows(measured)))
    measured_totals, limits = totals(measured), _limits()
    print("total, per 1,000 words or as a number:", measured_totals, "limits:", limits)
    broken = exceeded(measured_totals, limits)
    for name in (*MEASURES, "long cell"):
        findings = [
            finding for page in measured for finding in page.findings if finding.measure == name
        ]
        most = max(parsed.worst, 10 if any(text.startswith(name) for text in broken) else 0)
        for finding in findings[:most] if name != "you" else []:
            print(f"{finding.page}:{finding.line}: {name}: {finding.text}")
    for mistake in broken:
        print(f"not kept: {mistake} (docs/style-guide.md)")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
