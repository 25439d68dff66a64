"""docs/findings.md, written from findings and their answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from typing import Final

from tools.docs.findings.packs import Control, Finding
from tools.docs.findings.rule_responses import ANSWERS, MENDED, Answer

HEAD: Final = """# Compliance rule findings (NIST, HIPAA, PCI, Control Tower)

This page lists what third-party rules report for the stages of `cdk.json`, with an answer to each
finding. They do not stop a synthesis. A test fails on a finding without an answer, and on an
answer without a finding. `make docs` writes the page from the answers in
`tools/docs/findings/rule_responses.py`; [decision 34](decisions/0034-rules-of-others.md) explains
why. A rule judges a template: if you keep it, your account does not yet comply with the standard
of its name.

| Pack | From | Open rules |
| --- | --- | --- |
"""
PACKS: Final = {
    "NIST.800.53.R5": "cdk-nag: NIST 800-53 rev 5",
    "HIPAA.Security": "cdk-nag: HIPAA Security",
    "PCI.DSS.321": "cdk-nag: PCI DSS 3.2.1",
    "Control Tower": "AWS Control Tower's proactive controls, of `cdklabs-cdk-validator-cfnguard`",
}


def page(found: Set[Finding], controls: Iterable[Control]) -> str:
    """Return the whole page, of every stage's findings and of the controls about what the stages
    have."""
    return "".join([HEAD, *_packs(found), *_open(found), *_kept(found, controls), *_mended()])


def unanswered(found: Set[Finding]) -> set[str]:
    """Return the rules that find something, and have no answer."""
    return {each.rule for each in found} - {rule for answer in ANSWERS for rule in answer.rules}


def _packs(found: Set[Finding]) -> Iterator[str]:
    for pack, source in PACKS.items():
        yield f"| {pack} | {source} | {len({each.rule for each in found if each.pack == pack})} |\n"


def _open(found: Set[Finding]) -> Iterator[str]:
    yield "\n## Open findings\n"
    for answer in ANSWERS:
        about = {each for each in found if each.rule in answer.rules}
        yield f"\n### {answer.question}\n\n{_said(answer)}\n\n| Rule | Found at |\n| --- | --- |\n"
        for rules, places in _by_places(about):
            yield f"| {', '.join(f'`{rule}`' for rule in rules)} | {places} |\n"


def _said(answer: Answer) -> str:
    return f"**{answer.kind.capitalize()}.** {answer.because}."


def _by_places(found: Set[Finding]) -> list[tuple[list[str], str]]:
    """Rules that find the same, together."""
    rules: dict[str, list[str]] = {}
    for name in sorted({_full_name(each) for each in found}):
        places = _places({each for each in found if _full_name(each) == name})
        rules.setdefault(places, []).append(name)
    return [(names, places) for places, names in rules.items()]


def _full_name(finding: Finding) -> str:
    if finding.pack == "Control Tower":
        return finding.rule
    return f"{finding.pack}-{finding.rule}"


def _places(found: Set[Finding]) -> str:
    """Return each place, and in which stages where it is not all of them."""
    stages: dict[str, set[str]] = {}
    for each in found:
        stages.setdefault(_place(each), set()).add(each.stage)
    every = max(stages.values(), key=len)
    told = (
        f"`{place}`" + ("" if within == every else f" ({', '.join(sorted(within))})")
        for place, within in sorted(stages.items())
    )
    return ", ".join(told)


def _place(finding: Finding) -> str:
    """Return the place by a name that is the same in every stage."""
    place = re.sub(r"[0-9A-F]{8}\b", "", finding.place)
    for before in (".", "claudeonbedrock"):
        place = place.replace(f"{before}{finding.stage}", f"{before}STAGE")
    return place


def _kept(found: Set[Finding], controls: Iterable[Control]) -> Iterator[str]:
    yield "\n## Passed\n\nControls of Control Tower that pass in every stage. cdk-nag does not "
    yield "report passed rules.\n\n| Control | Asks |\n| --- | --- |\n"
    open_ = {each.rule for each in found}
    for control in controls:
        if control.id not in open_:
            yield f"| `{control.id}` | {control.asks} |\n"


def _mended() -> Iterator[str]:
    yield "\n## Fixed\n\n| Rule | How |\n| --- | --- |\n"
    yield from (f"| `{rule}` | {how} |\n" for rule, how in sorted(MENDED.items()))
