"""docs/findings.md, written from findings and their answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from typing import Final

from tools.docs.findings.packs import Control, Finding
from tools.docs.findings.rule_responses import ANSWERS, MENDED, Answer

HEAD: Final = """# Compliance rule findings (NIST, HIPAA, PCI, Control Tower)

This page lists what third-party rules report for the stages of `cdk.json`, with an answer to each
finding. The synthesis goes on despite them. A test fails on a finding without an answer, and on an
answer without a finding. `make docs` writes the page from the answers in
`tools/docs/findings/rule_responses.py`; [decision 34](decisions/0034-rules-of-others.md) explains
why. These rules judge templates: to comply with the standard that a pack is named for, your account
needs more than passed rules.

| Pack | From | Open rules |
| --- | --- | --- |
"""
PACKS: Final = {
    "NIST.800.53.R5": "cdk-nag: NIST 800-53 rev 5",
    "HIPAA.Security": "cdk-nag: HIPAA Security",
    "PCI.DSS.321": "cdk-nag: PCI DSS 3.2.1",
    "Control Tower": "AWS Control Tower's proactive controls, of `cdklabs-cdk-validator-cfnguard`",
}


def page(findings: Set[Finding], controls: Iterable[Control]) -> str:
    """Return the whole page, of every stage's findings and of the controls about what the stages
    have."""
    return "".join(
        [
            HEAD,
            *_packs(findings),
            *_open(findings),
            *_without_findings(findings, controls),
            *_mended(),
        ]
    )


def unanswered(findings: Set[Finding]) -> set[str]:
    """Return the rules that find something, and have no answer."""
    return {finding.rule for finding in findings} - {
        rule for answer in ANSWERS for rule in answer.rules
    }


def _packs(findings: Set[Finding]) -> Iterator[str]:
    for pack, source in PACKS.items():
        rules = {finding.rule for finding in findings if finding.pack == pack}
        yield f"| {pack} | {source} | {len(rules)} |\n"


def _open(findings: Set[Finding]) -> Iterator[str]:
    yield "\n## Open findings\n"
    for answer in ANSWERS:
        about = {finding for finding in findings if finding.rule in answer.rules}
        yield f"\n### {answer.question}\n\n{_answer_text(answer)}\n"
        yield "\n| Rule | Found at |\n| --- | --- |\n"
        for rules, locations in _by_locations(about):
            yield f"| {', '.join(f'`{rule}`' for rule in rules)} | {locations} |\n"


def _answer_text(answer: Answer) -> str:
    return f"**{answer.kind.capitalize()}.** {answer.because}."


def _by_locations(findings: Set[Finding]) -> list[tuple[list[str], str]]:
    """Rules that find the same, together."""
    rules: dict[str, list[str]] = {}
    for name in sorted({_full_name(finding) for finding in findings}):
        locations = _locations({finding for finding in findings if _full_name(finding) == name})
        rules.setdefault(locations, []).append(name)
    return [(names, locations) for locations, names in rules.items()]


def _full_name(finding: Finding) -> str:
    if finding.pack == "Control Tower":
        return finding.rule
    return f"{finding.pack}-{finding.rule}"


def _locations(findings: Set[Finding]) -> str:
    """Return each place, and in which stages where it is not all of them."""
    stages: dict[str, set[str]] = {}
    for finding in findings:
        stages.setdefault(_location(finding), set()).add(finding.stage)
    every = max(stages.values(), key=len)
    cells = (
        f"`{location}`" + ("" if within == every else f" ({', '.join(sorted(within))})")
        for location, within in sorted(stages.items())
    )
    return ", ".join(cells)


def _location(finding: Finding) -> str:
    """Return the place by a name that is the same in every stage."""
    location = re.sub(r"[0-9A-F]{8}\b", "", finding.location)
    for before in (".", "claudeonbedrock"):
        location = location.replace(f"{before}{finding.stage}", f"{before}STAGE")
    return location


def _without_findings(findings: Set[Finding], controls: Iterable[Control]) -> Iterator[str]:
    yield "\n## Passed\n\nControls of Control Tower that pass in every stage. cdk-nag does not "
    yield "report passed rules.\n\n| Control | Asks |\n| --- | --- |\n"
    open_ = {finding.rule for finding in findings}
    for control in controls:
        if control.id not in open_:
            yield f"| `{control.id}` | {control.requirement} |\n"


def _mended() -> Iterator[str]:
    yield "\n## Fixed\n\n| Rule | How |\n| --- | --- |\n"
    yield from (f"| `{rule}` | {how} |\n" for rule, how in sorted(MENDED.items()))
