"""`python -m tools.docs.findings`: docs/findings.md anew, from a synthesis of every stage."""

from rich.console import Console

from tools.docs.findings.packs import judged
from tools.docs.findings.page import page
from tools.synthesis import ROOT, STAGES

PAGE = ROOT / "docs" / "findings.md"


def main() -> None:
    found, asked = judged(STAGES)
    PAGE.write_text(page(found, sorted(asked)), encoding="utf-8")
    Console().print(f"{len({each.rule for each in found})} rules find something: {PAGE}")


if __name__ == "__main__":
    main()
