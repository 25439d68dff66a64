"""docs/faults.md: how its tables are read, and written from what was seen."""

from collections.abc import Mapping, Sequence

from tools.docs.pages import ROOT, read, rows
from tools.load.faults.dynamodb import TABLE_AREAS, TABLE_FAULTS
from tools.load.faults.fault_catalog import FAULTS, Fault
from tools.load.faults.formats import FORMATS
from tools.load.faults.scripted_service import ServiceFault
from tools.load.faults.sts import AREA, STS_FAULTS

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
    areas = [_area(area, [fault.name for fault in faults], outcome) for area, faults in tables()]
    (ROOT / PAGE).write_text(intro + "\n".join(areas))


def tables() -> list[tuple[str, Sequence[Fault | ServiceFault]]]:
    """Return the areas with their faults, in the page's order."""
    of_budgets = [(area, TABLE_FAULTS) for area in TABLE_AREAS.values()]
    return [*FAULTS.items(), (AREA, STS_FAULTS), *of_budgets]


def _area(area: str, names: Sequence[str], outcome: Outcome) -> str:
    lines = [
        f"## {area}",
        "",
        f"| Fault | {' | '.join(f'`{form.name}`' for form in FORMATS)} |",
        f"|{' --- |' * (len(FORMATS) + 1)}",
        *(_row(name, outcome) for name in names),
        "",
    ]
    return "\n".join(lines)


def _row(name: str, outcome: Outcome) -> str:
    cells = (outcome.get((name, form.name), NONE) for form in FORMATS)
    return f"| {name} | {' | '.join(cells)} |"
