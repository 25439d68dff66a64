"""`python -m tools.docs.findings`: docs/findings.md anew, from a synthesis of every stage."""

from rich.console import Console

from tools.docs.findings.packs import judged
from tools.docs.findings.page import page
from tools.synthesis import ROOT, STAGES

PAGE = ROOT / "docs" / "findings.md"


def main() -> None:
    found_by_rules, controls = judged(STAGES)
    PAGE.write_text(page(found_by_rules, sorted(controls)), encoding="utf-8")
    Console().print(
        f"{len({finding.rule for finding in found_by_rules})} rules find something: {PAGE}"
    )


if __name__ == "__main__":
    main()
