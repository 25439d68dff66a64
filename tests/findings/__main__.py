"""`python -m tests.findings`: docs/findings.md anew, from a synthesis of every stage."""

import tempfile
from pathlib import Path

from rich.console import Console

from tests.findings.packs import Control, Finding, controls_for, findings
from tests.findings.page import page
from tests.infrastructure.synthesis import ROOT, STAGES, synthesise

PAGE = ROOT / "docs" / "findings.md"


def main() -> None:
    found: set[Finding] = set()
    asked: set[Control] = set()
    for stage in STAGES:
        with tempfile.TemporaryDirectory() as folder:
            made = synthesise(stage, Path(folder))
            found |= findings(made)
            asked |= set(controls_for(made))
    PAGE.write_text(page(found, sorted(asked)), encoding="utf-8")
    Console().print(f"{len({each.rule for each in found})} rules find something: {PAGE}")


if __name__ == "__main__":
    main()
