"""`python -m tools.docs.access`: the access matrix of every stage, written anew into
docs/access/. With a stage of cdk.json and the folder of its cloud assembly it writes that stage's
answers as JSON to standard output, for `tools.compare_stages`."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from stacks.settings import load_stage
from tools.docs.access.matrix import Inquiry
from tools.docs.access.page import answers, page
from tools.synthesis import CONTEXT, STAGES, synthesize

PAGES = Path(__file__).parents[3] / "docs" / "access"


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.docs.access", description=__doc__)
    parser.add_argument("stage", nargs="?")
    parser.add_argument("assembly", nargs="?", type=Path)
    options = parser.parse_args(arguments)
    if options.assembly is not None:
        matrix = Inquiry(load_stage(CONTEXT["stages"], options.stage), options.assembly).matrix()
        json.dump(answers(matrix), sys.stdout)
    elif options.stage is not None:
        parser.error("the folder of the stage's cloud assembly is missing")
    else:
        write_pages()


def write_pages() -> None:
    """Write the page of each stage of cdk.json."""
    for stage in STAGES:
        with tempfile.TemporaryDirectory() as folder:
            made = synthesize(stage, Path(folder))
            matrix = Inquiry(load_stage(CONTEXT["stages"], stage), made.folder).matrix()
        path = PAGES / f"{stage}.md"
        path.write_text(page(matrix), encoding="utf-8")
        Console().print(f"{len(matrix.cells)} questions to {len(matrix.principals)}: {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
