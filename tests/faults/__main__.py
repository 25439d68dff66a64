"""`python -m tests.faults`: every fault tried in every format, and a table of what came of it."""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults import page
from tests.faults.formats import FORMATS, WHOLE
from tests.faults.ground import Ground, Seen, prepared
from tests.faults.misbehaviour import FAULTS


def main() -> int:
    """0 only if the next request worked after every fault, and nothing was left open."""
    with tempfile.TemporaryDirectory() as folder, prepared(Path(folder)) as ground:
        seen, clean = dict[tuple[str, str], Seen](), True
        for area, faults in FAULTS.items():
            table = Table("fault", "format", "the caller, the audit line", "s", "next", title=area)
            for fault in faults:
                for form in FORMATS:
                    if fault.meets(streamed=form.streamed):
                        found = ground.see(fault, form)
                        seen[fault.name, form.name] = found
                        clean = clean and found.after == WHOLE and not _left(ground)
                        table.add_row(
                            fault.name, form.name, found.told, f"{found.seconds:.2f}", found.after
                        )
            Console(width=190).print(table)
    if "--write" in sys.argv:
        page.write({key: found.told for key, found in seen.items()})
    return int(not clean)


def _left(ground: Ground) -> bool:
    return ground.environment.footprint() != ground.footprint


if __name__ == "__main__":
    sys.exit(main())
