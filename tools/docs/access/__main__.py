"""`python -m tools.docs.access`: the access matrix of every stage, written anew into
docs/access/."""

import tempfile
from pathlib import Path

from rich.console import Console

from stacks.settings import load_stage
from tools.docs.access.matrix import Inquiry
from tools.docs.access.page import page
from tools.synthesis import CONTEXT, STAGES, synthesize

PAGES = Path(__file__).parents[3] / "docs" / "access"


def main() -> None:
    for stage in STAGES:
        with tempfile.TemporaryDirectory() as folder:
            made = synthesize(stage, Path(folder))
            matrix = Inquiry(load_stage(CONTEXT["stages"], stage), made.folder).matrix()
        path = PAGES / f"{stage}.md"
        path.write_text(page(matrix), encoding="utf-8")
        Console().print(f"{len(matrix.cells)} questions to {len(matrix.principals)}: {path}")


if __name__ == "__main__":
    main()
