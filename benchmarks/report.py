"""Figures as aligned Markdown tables under a line about the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.metrics import Figure, Target
from benchmarks.scaling import Curve

_HEADER = ("figure", "who", "beside", "target", "measured", "")


def machine() -> str:
    """Return where and when: processor, cores, what else they were busy with, interpreter, date."""
    parts = (
        _processor(),
        f"{os.cpu_count()} cores (load {os.getloadavg()[0]:.1f} before)",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()} ({platform.python_compiler()})",
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    return ", ".join(parts)


def table(figure: Figure) -> str:
    """Return one row per contender."""
    head = ["", f"{figure.unit}, median", "quartiles"]
    if len(figure.samples) > 1:
        head.append(f"x {figure.reference}")
    return aligned([head, *(_row(figure, contender) for contender in figure.samples)])


def judgments(figures: Sequence[Figure]) -> str:
    """Return one row for each target: what it means, and by how much it is missed."""
    rows = [_judgment(figure, target) for figure in figures for target in figure.judged()]
    return aligned([_HEADER, *rows])


def sections(figures: Sequence[Figure]) -> str:
    """Return the judgments, then a table for each figure."""
    return "\n\n".join([judgments(figures), *_tables(figures)])


def curve(taken: Curve) -> str:
    """Return one row for each size, and one for the exponent at the end."""
    names = list(taken.costs)
    sizes = zip(taken.sizes, *taken.costs.values(), strict=True)
    rows = [[f"{size:,}", *(_short(cost) for cost in costs)] for size, *costs in sizes]
    exponents = [taken.exponent(name) for name in names]
    ending = [
        f"exponent, {exponents[0].low:,} to {exponents[0].high:,}",
        *(f"{e.value:.2f}" for e in exponents),
    ]
    head = [taken.size, *(f"{name}, {taken.unit}" for name in names)]
    return aligned([head, *rows, ending])


def curves(taken: Sequence[Curve]) -> str:
    """Return a picture and a table for each."""
    tables = (
        f"## {item.title}\n\n![{item.title}](performance/{item.name}.svg)\n\n{curve(item)}"
        for item in taken
    )
    return "\n\n".join(tables)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, the head first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = (_line(row, widths) for row in rows)
    rule = "|".join(["", *("-" * (width + 2) for width in widths), ""])
    return "\n".join([head, rule, *body])


def _tables(figures: Sequence[Figure]) -> Iterator[str]:
    for figure in figures:
        yield f"**{figure.title}**\n\n{table(figure)}"


def _row(figure: Figure, contender: str) -> Sequence[str]:
    first, third = figure.spread(contender)
    row = [contender, _short(figure.median(contender)), f"{_short(first)} to {_short(third)}"]
    if len(figure.samples) > 1:
        row.append(_short(figure.ratio(contender, figure.reference)))
    return row


def _judgment(figure: Figure, target: Target) -> Sequence[str]:
    missed = figure.missed_by(target)
    verdict = f"missed by {missed:.0%}" if missed > 0 else "reached"
    unit = "x" if target.how == "times" else f" {figure.short_unit}"
    measured = f"{_short(figure.value(target))}{unit}"
    return (
        figure.title,
        target.contender,
        target.against,
        target.describe(figure.short_unit),
        measured,
        verdict,
    )


def _short(value: float) -> str:
    """Three digits that say something, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.rjust(width) if cell.lstrip("-")[:1].isdigit() else cell.ljust(width)
        for cell, width in zip(cells, widths, strict=True)
    )
    return "| " + " | ".join([first, *rest]) + " |"


def _processor() -> str:
    """Return what Linux calls it; platform.processor() is empty on most of them."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
