"""`python -m tests.bills`: docs/licences.md anew, from the bills of `make synth` in cdk.out/."""

from rich.console import Console

from tests.bills.page import page
from tests.infrastructure.synthesis import ROOT, STAGES, Synthesis

PAGE = ROOT / "docs" / "licences.md"


def main() -> None:
    made = [Synthesis(stage, ROOT / "cdk.out" / stage) for stage in STAGES]
    bills = [bill for each in made for bill in each.bills().values()]
    PAGE.write_text(page(bills), encoding="utf-8")
    Console().print(f"{len(bills)} bills in cdk.out/*/asset.*.cdx.json, licences in {PAGE}")


if __name__ == "__main__":
    main()
