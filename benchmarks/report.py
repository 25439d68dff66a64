"""How figures are shown: aligned Markdown tables under a line about the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.figures import Figure

_HEAD = ("", "CPU ms, median", "quartiles", "x bare loop", "reach", "")
_VERDICTS = {True: "reached", False: "missed", None: ""}


def machine() -> str:
    """Where and when: processor, cores, interpreter, boto3, date."""
    parts = (
        _processor(),
        f"{os.cpu_count()} cores",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        f"boto3 {version('boto3')}",
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    return ", ".join(parts)


def table(figure: Figure) -> str:
    """One row per contender; the reach stands beside ours."""
    rows = [_HEAD, *(_row(figure, contender) for contender in figure.samples)]
    return f"{figure.title}\n\n{aligned(rows)}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, the head first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = (_line(row, widths) for row in rows)
    rule = "|".join(["", *("-" * (width + 2) for width in widths), ""])
    return "\n".join([head, rule, *body])


def _row(figure: Figure, contender: str) -> Sequence[str]:
    first, third = figure.spread(contender)
    reached = figure.reached(contender)
    return (
        contender,
        f"{figure.median(contender):.2f}",
        f"{first:.2f} to {third:.2f}",
        f"{figure.ratio(contender):.1f}",
        "" if reached is None else str(figure.reach),
        _VERDICTS[reached],
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width)
        for cell, width in zip(cells, widths, strict=True)
    )
    return "| " + " | ".join([first, *rest]) + " |"


def _processor() -> str:
    """What Linux calls it; platform.processor() is empty on most of them."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
