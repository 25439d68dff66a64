"""docs/faults.md: how its tables are read, and written from what was seen."""

from collections.abc import Mapping

from tools.docs.pages import ROOT, read, rows
from tools.load.faults.fault_catalog import FAULTS, Fault
from tools.load.faults.formats import FORMATS, Format

PAGE = "docs/faults.md"
NONE = "-"

Outcome = Mapping[tuple[str, str], str]
"""By the names of fault and format."""


def documented(area: str) -> dict[str, dict[str, str]]:
    """Return the cells of an area: fault → format → what is told."""
    names = [form.name for form in FORMATS]
    return {name: dict(zip(names, cells, strict=True)) for name, *cells in rows(PAGE, area)}


def write(outcome: Outcome) -> None:
    """The tables anew, which are the page's end."""
    intro = read(PAGE).partition(f"## {next(iter(FAULTS))}")[0]
    areas = "\n".join(_area(fault, outcome) for fault in FAULTS)
    (ROOT / PAGE).write_text(intro + areas)


def _area(area: str, outcome: Outcome) -> str:
    lines = [
        f"## {area}",
        "",
        f"| Fault | {' | '.join(f'`{form.name}`' for form in FORMATS)} |",
        f"|{' --- |' * (len(FORMATS) + 1)}",
        *(_row(fault, outcome) for fault in FAULTS[area]),
        "",
    ]
    return "\n".join(lines)


def _row(fault: Fault, outcome: Outcome) -> str:
    return f"| {fault.name} | {' | '.join(cell(fault, form, outcome) for form in FORMATS)} |"


def cell(fault: Fault, form: Format, outcome: Outcome) -> str:
    return outcome.get((fault.name, form.name), NONE)
