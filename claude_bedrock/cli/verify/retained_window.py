"""What can be told of a window that is joined now: a time without a stage has no calls, and what
has expired is not there to be joined."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from claude_bedrock.verification.assessment import Assessment, Verdict
from claude_bedrock.verification.finding import DOUBTS, Finding, Kind, Outcome
from claude_bedrock.verification.period import Period, in_words

_OF_EXPIRED: Final[frozenset[Kind]] = frozenset(
    {
        *("missing_record", "body_missing", "bypassed_gateway", "audit_entry_lost"),
        *("unrecorded_call", "lost_call"),
    }
)
"""What an expired record, entry or body looks like."""


def within_retention(
    assessment: Assessment,
    outcome: Outcome,
    period: Period,
    retained_since: datetime,
    deployed: Callable[[], datetime],
) -> Assessment:
    """Return the assessment, which is no better than what of the window is there to be read.
    Records are surely kept since `retained_since`; `deployed` returns when the stage was deployed,
    and is called where there is nothing."""
    window = in_words(period.since, period.until)
    counts = outcome.counts
    if not (counts.calls or counts.records or counts.unreadable or outcome.findings):
        if period.since >= period.now:
            return Assessment("not assessed", f"{window} has not begun.")
        if period.until <= deployed():
            return Assessment("not assessed", f"The stage was not deployed yet in {window}.")
    if period.since >= retained_since:
        return assessment
    notice = f"records from before {retained_since:%Y-%m-%d %H:%M} UTC may be gone"
    is_failed = any(is_firm(finding, retained_since) for finding in outcome.findings)
    verdict: Verdict = "fail" if is_failed else "not assessed"
    return Assessment(verdict, f"{assessment.headline.removesuffix('.')}; {notice}.")


def is_firm(finding: Finding, retained_since: datetime | None) -> bool:
    """Return whether a finding shows what happened, and not only that something may have expired:
    records are surely kept since `retained_since`, in all of the window where it is None."""
    if finding.kind in DOUBTS:
        return False
    if retained_since is None or finding.kind not in _OF_EXPIRED:
        return True
    return datetime.fromisoformat(finding.at) >= retained_since
