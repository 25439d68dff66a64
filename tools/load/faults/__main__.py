"""`python -m tools.load.faults [--write]`: every fault in every format, and what came of each."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.load.faults import page
from tools.load.faults.dynamodb import (
    TABLE_AREAS,
    TABLE_FAULTS,
    TableHarness,
    prepared_with_table,
)
from tools.load.faults.environment import PROC
from tools.load.faults.fault_catalog import FAULTS
from tools.load.faults.formats import COMPLETE, FORMATS
from tools.load.faults.harness import FaultHarness, cases, prepared
from tools.load.faults.scripted_service import ServiceFault
from tools.load.faults.sts import AREA, STS_FAULTS, StsHarness, prepared_with_sts

COLUMNS = ("fault", "format", "the caller, the audit line", "s", "next request", "left open")


def main() -> int:
    """0 only if the next request worked after every fault, and nothing was left open."""
    parser = argparse.ArgumentParser(prog="python -m tools.load.faults", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"the tables of {page.PAGE} anew")
    options = parser.parse_args()
    if not PROC.exists():
        sys.exit("What a process holds is read from /proc, which only Linux has.")
    outcomes = dict[tuple[str, str], str]()
    with tempfile.TemporaryDirectory() as folder, prepared(Path(folder)) as harness:
        clean = [_try(area, harness, outcomes) for area in FAULTS]
    with tempfile.TemporaryDirectory() as folder, prepared_with_sts(Path(folder)) as with_sts:
        clean.append(_try_service(AREA, STS_FAULTS, with_sts, outcomes))
    for mode, area in TABLE_AREAS.items():
        with tempfile.TemporaryDirectory() as folder, prepared_with_table(Path(folder), mode) as it:
            clean.append(_try_service(area, TABLE_FAULTS, it, outcomes))
    if options.write:
        page.write(outcomes)
    return int(not all(clean))


def _try(area: str, harness: FaultHarness, outcomes: dict[tuple[str, str], str]) -> bool:
    """Print the table of an area; whether all in it was well in the end."""
    table, clean = Table(*COLUMNS, title=area), True
    for fault, form in cases(area):
        seen = harness.see(fault, form)
        outcomes[fault.name, form.name] = seen.observed
        left = harness.environment.footprint() != harness.footprint
        clean = clean and seen.after == COMPLETE and not left
        took = f"{seen.seconds:.2f}"
        table.add_row(
            fault.name, form.name, seen.observed, took, seen.after, "yes" if left else "no"
        )
    Console(width=200).print(table)
    return clean


def _try_service(
    area: str,
    faults: Sequence[ServiceFault],
    harness: StsHarness | TableHarness,
    outcomes: dict[tuple[str, str], str],
) -> bool:
    """As `_try`, of the faults of another service than Bedrock."""
    table, clean = Table("fault", "format", "the caller, the audit line", "next", title=area), True
    for fault in faults:
        for form in FORMATS:
            seen, after = harness.see(fault, form)
            outcomes[fault.name, form.name] = seen
            clean = clean and after == COMPLETE
            clean = clean and harness.environment.footprint() == harness.footprint
            table.add_row(fault.name, form.name, seen, after)
    Console(width=200).print(table)
    return clean


if __name__ == "__main__":
    sys.exit(main())
