"""The findings of the window before, of equal length, and what became of each."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal, NamedTuple

from claude_bedrock.cli.shared.deployment import Deployment
from claude_bedrock.cli.verify import deployed_chain
from claude_bedrock.cli.verify.evidence_folder import EvidenceError
from claude_bedrock.cli.verify.window_hours import WindowHours
from claude_bedrock.verification.accepted_findings import Disposition
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.hours import Span, iso, start_of_hour
from claude_bedrock.verification.period import Period, in_words
from claude_bedrock.verification.sealed_hours import sum_hours

State = Literal["open", "settled", "accepted", "not assessed"]


class EarlierFinding(NamedTuple):
    """`settled` by what came late, `accepted` by whoever `disposition` names, or still `open`; it
    is `not assessed` where files settle or accept it that cannot be compared with the function's
    log."""

    finding: Finding
    state: State
    disposition: Disposition | None = None

    def as_data(self) -> dict[str, Any]:
        accepted = self.disposition._asdict() if self.disposition else None
        return {**self.finding.as_data(), "state": self.state, "accepted": accepted}


class PreviousWindow(NamedTuple):
    """`window` is in words. The findings are those of its hours that are verified. `unasked` says
    why the function's log could not be read, and is empty where it was."""

    since: datetime
    until: datetime
    window: str
    hours: WindowHours
    findings: tuple[EarlierFinding, ...]
    unasked: str = ""

    def as_data(self) -> dict[str, Any]:
        return {
            "since": iso(self.since),
            "until": iso(self.until),
            "hours": self.hours.as_data(),
            "findings": [finding.as_data() for finding in self.findings],
            "note": self.unasked,
        }


def previous_window(deployment: Deployment, period: Period) -> PreviousWindow | None:
    """Return the sum of the sealed hours of the time before; None where the stage seals none.

    Raises NoTargetError and botocore's errors."""
    until = start_of_hour(period.since)
    before = period._replace(
        since=start_of_hour(until - (period.until - period.since)), until=until
    )
    try:
        chain = deployed_chain.chain_report(deployment, before.since, until, period.now)
    except EvidenceError:
        return None
    later = deployed_chain.later_files(deployment, before)
    total = sum_hours([*chain.coverage.files, *later], Span(before.since, until))
    dispositions = deployed_chain.dispositions_of(deployment, period.now)
    uncertain = deployed_chain.unconfirmed(deployment, before).ids if chain.unasked else frozenset()
    findings = [
        *(_earlier(each, dispositions.get(each.id), uncertain) for each in total.outcome.findings),
        *(
            EarlierFinding(finding, "not assessed" if chain.unasked else "settled")
            for finding in total.settled
        ),
    ]
    hours = WindowHours.of(chain.coverage, chain.expired, before)
    return PreviousWindow(
        before.since, until, in_words(before.since, until), hours, tuple(findings), chain.unasked
    )


def _earlier(
    finding: Finding, disposition: Disposition | None, uncertain: Collection[str]
) -> EarlierFinding:
    if finding.id in uncertain:
        return EarlierFinding(finding, "not assessed")
    return EarlierFinding(finding, "accepted" if disposition else "open", disposition)
