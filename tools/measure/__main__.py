"""Measures of the project's own code: names, docstrings, sizes, comments, homonyms.

python -m tools.measure             the tables, in Markdown
python -m tools.measure --worst 20  the modules with the most home-made names, and those names
python -m tools.measure --check     fail where a share is past its limit in pyproject.toml
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Annotated

import typer

from tools.measure.docstrings import first_lines, is_imperative
from tools.measure.homonyms import homonyms
from tools.measure.names import defined, home_made_names
from tools.measure.sizes import (
    body_lines,
    comment_lines,
    function_lines,
    module_lines,
    sizes,
    stack_lines,
)
from tools.measure.source import PARTS, ROOT, Module, modules

_HEADINGS = (
    "",
    "modules",
    "lines",
    "module lines, median / p90 / max",
    "function lines, median / p90 / max",
    "comments %",
    "names",
    "home-made %",
    "imperative docstrings %",
)

_PROTOCOL_FOLDERS = (
    *("lambda/gateway/", "local/bedrock/"),
    *("claude_bedrock/verification/", "lambda/verification/"),
)
"""Code that follows what others wrote: wire formats, Bedrock's rules, the proof of completeness."""


def home_made_share(among: Iterable[Module]) -> float:
    """Return the percentage of names that hold a home-made word."""
    counts = [(len(home_made_names(module)), len(defined(module))) for module in among]
    return _percent(sum(bad for bad, _ in counts), sum(total for _, total in counts))


def imperative_share(among: Iterable[Module]) -> float:
    """Return the percentage of function docstrings that begin with an imperative verb."""
    lines = [line for module in among for line in first_lines(module)]
    return _percent(sum(map(is_imperative, lines)), len(lines))


def _percent(part: int, total: int) -> float:
    return 100 * part / total if total else 0.0


def _row(title: str, among: Sequence[Module]) -> tuple[str, ...]:
    lines = sum(map(module_lines, among))
    return (
        title,
        str(len(among)),
        f"{lines:,}",
        str(sizes([module_lines(module) for module in among])),
        str(sizes([length for module in among for length in function_lines(module)])),
        f"{_percent(sum(map(comment_lines, among)), lines):.1f}",
        f"{sum(len(defined(module)) for module in among):,}",
        f"{home_made_share(among):.1f}",
        f"{imperative_share(among):.0f}",
    )


def _print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for cells in (headings, ["---"] * len(headings), *rows):
        print("| " + " | ".join(cells) + " |")
    print()


def _print_measures() -> None:
    rows = []
    for part in PARTS:
        among = modules(part)
        rows.append(_row(f"**{part}**", among))
        if part == "product":
            folders = groupby(among, key=lambda module: module.folder)
            rows += [_row(folder, list(inside)) for folder, inside in folders]
            protocol = [module for module in among if module.path.startswith(_PROTOCOL_FOLDERS)]
            rows.append(_row("protocol code ¹", protocol))
    _print_table(_HEADINGS, rows)
    print(f"¹ {', '.join(_PROTOCOL_FOLDERS)}\n")
    shared = list(homonyms(modules("product")).items())
    print(
        f"{len(shared)} public names are defined in two modules of the product or more.",
        "The most shared:\n",
    )
    _print_table(
        ("kind", "name", "modules"),
        [(kind, f"`{name}`", str(len(paths))) for (kind, name), paths in shared[:12]],
    )


def _print_worst(count: int) -> None:
    for part in PARTS:
        words: Counter[str] = Counter()
        named = []
        for module in modules(part):
            bad = home_made_names(module)
            words.update(word for _, of_name in bad for word in of_name)
            named.append((len(bad), module.path, sorted({name for name, _ in bad})))
        print(f"{part}:", ", ".join(f"{word} {times}" for word, times in words.most_common()))
        for times, path, names in sorted(named, reverse=True)[:count]:
            print(f"  {times:3} {path}: {', '.join(names)}")


def _over_limits() -> list[str]:
    """Return a sentence for each measure that is past its limit."""
    limits = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["measure"]
    over = []
    for part in PARTS:
        share, most = home_made_share(modules(part)), limits[f"home_made_{part}"]
        print(f"names of home-made words, {part}: {share:.2f} %, at most {most}")
        if share > most:
            over.append(f"more names of {part} hold home-made words than home_made_{part} allows")
    share, least = imperative_share(modules("product")), limits["imperative_docstrings"]
    print(
        f"function docstrings that begin with an imperative verb: {share:.1f} %, at least {least}"
    )
    if share < least:
        over.append(
            "fewer docstrings begin with an imperative verb than imperative_docstrings demands"
        )
    for what, lines in (("function_body", body_lines), ("stack_class", stack_lines)):
        most = limits[f"{what}_lines"]
        long = [
            f"{module.path}: {name} has {count} lines, more than {what}_lines allows"
            for module in modules("product")
            if module.folder == "stacks"
            for name, count in lines(module).items()
            if count > most
        ]
        print(f"{what.replace('_', ' ')}, lines in stacks/: at most {most}, {len(long)} have more")
        over += long
    return over


def main(
    worst: Annotated[
        int, typer.Option(help="Print this many modules per part with their names.")
    ] = 0,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the limits in pyproject.toml.")
    ] = False,
) -> None:
    """Measure the project's code."""
    if worst:
        _print_worst(worst)
    elif not check:
        _print_measures()
    elif over := _over_limits():
        print(
            "\n".join(over),
            "See `python -m tools.measure --worst 20` and tools/measure/words.py.",
            sep="\n",
        )
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
