"""`python -m tools.docs.licenses`: docs/licenses.md anew, from the bills of `make synth` in
cdk.out/."""

from rich.console import Console

from tools.docs.licenses.page import page
from tools.synthesis import ROOT, STAGES, bills_in

PAGE = ROOT / "docs" / "licenses.md"


def main() -> None:
    bills = [bill for stage in STAGES for bill in bills_in(ROOT / "cdk.out" / stage).values()]
    PAGE.write_text(page(bills), encoding="utf-8")
    Console().print(f"{len(bills)} bills in cdk.out/*/asset.*.cdx.json, licenses in {PAGE}")


if __name__ == "__main__":
    main()
