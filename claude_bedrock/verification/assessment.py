"""The verdict on a window, and the one sentence that says it: the worst of all findings and counts.

The audit report, `claude-bedrock verify` and its exit code go by it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from claude_bedrock.verification.finding import DOUBTS, Kind, Outcome

Verdict = Literal["pass", "fail", "not assessed"]

_FINDINGS: Final[Mapping[Kind, tuple[str, str]]] = {
    "bypassed_gateway": (
        "1 record is of no call of the gateway",
        "{} records are of no call of the gateway",
    ),
    "audit_entry_lost": (
        "1 record of the gateway has no audit entry",
        "{} records of the gateway have no audit entry",
    ),
    "body_missing": (
        "1 lacks its prompt or completion",
        "{} lack their prompt or completion",
    ),
    "caller_mismatch": ("1 is under another caller", "{} are under another caller"),
    "model_mismatch": ("1 is under another model", "{} are under another model"),
    "identity_mismatch": (
        "1 is under another identity than the gateway's",
        "{} are under another identity than the gateway's",
    ),
    "session_mismatch": (
        "1 names one caller in its identity and another in its metadata",
        "{} name one caller in their identity and another in their metadata",
    ),
    "content_mismatch": (
        "1 has records that differ from each other",
        "{} have records that differ from each other",
    ),
    "data_residency_violation": (
        "1 was answered outside the residency",
        "{} were answered outside the residency",
    ),
    "unreadable_record": (
        "1 record or audit entry cannot be read",
        "{} records or audit entries cannot be read",
    ),
    "budget_mismatch": (
        "1 budget or call differs in what it was charged",
        "{} budgets or calls differ in what they were charged",
    ),
    "call_outside_stage": (
        "1 principal called a model where there is no stage",
        "{} times a principal called a model where there is no stage",
    ),
    "unrecorded_call": (
        "1 call in CloudTrail has no record",
        "{} calls in CloudTrail have no record",
    ),
    "lost_call": (
        "1 call of the gateway is in CloudTrail alone",
        "{} calls of the gateway are in CloudTrail alone",
    ),
    "trail_incomplete": (
        "1 gap in CloudTrail's events keeps it from telling",
        "{} gaps in CloudTrail's events keep it from telling",
    ),
    "evidence_changed": (
        "1 record, object or list of a sealed hour is gone or changed",
        "{} findings name records, objects or lists of sealed hours that are gone or changed",
    ),
}
"""Beside `missing_record`, which the sentence begins with."""


class Assessment(NamedTuple):
    """`pass`: every call that Bedrock answered is on record in both places, whole; or there was no
    call. `fail`: something was found. `not assessed`: nobody can tell, or not yet; so it is where
    all that was found is that CloudTrail lacks events."""

    verdict: Verdict
    headline: str


def assess(
    outcome: Outcome, window: str, *, has_gateway: bool = True, has_trail: bool = False
) -> Assessment:
    """Return verdict and headline; `window` in words, as "October 2026". The headline says "every"
    only where that is so: without a gateway's audit entries, of recorded calls alone, unless
    CloudTrail was read in all of the window."""
    if not has_gateway:
        return _assess_records(outcome, window, has_trail=has_trail)
    counts = outcome.counts
    doubts = counts.unknown + counts.pending + counts.records_pending + counts.unreadable
    if outcome.findings or doubts:
        verdict: Verdict = "fail" if _has_failed(outcome) else "not assessed"
        return Assessment(verdict, f"{'; '.join(_clauses(outcome, window))}.")
    return Assessment("pass", f"{_clean(outcome, window)}.")


def _has_failed(outcome: Outcome) -> bool:
    return any(finding.kind not in DOUBTS for finding in outcome.findings)


def _assess_records(outcome: Outcome, window: str, *, has_trail: bool) -> Assessment:
    counts = outcome.counts
    recorded = f"{counts.calls:,} recorded calls of {window}"
    if not counts.calls:
        clause = f"No call is on record in {window}"
    elif counts.matched == counts.calls:
        verb = "was" if has_changed(outcome) else "is"
        clause = f"Every recorded call of {window} {verb} on record in both places"
    elif counts.not_logged:
        verb = "is" if counts.not_logged == 1 else "are"
        clause = f"{counts.not_logged:,} of {recorded} {verb} on record in one place only"
    else:
        clause = f"{counts.matched:,} of {recorded} are on record in both places"
    unseen = [] if has_trail else [UNSEEN_CALLS]
    clauses = [clause, *_findings(outcome), *_doubts(outcome), *unseen]
    doubts = counts.unknown + counts.pending + counts.unreadable + len(outcome.findings)
    verdict: Verdict = "fail" if _has_failed(outcome) else "not assessed" if doubts else "pass"
    return Assessment(verdict, f"{'; '.join(clauses)}.")


UNSEEN_CALLS: Final = "a call that Bedrock recorded in neither leaves no trace here"
"""What a stage without an endpoint cannot know by records alone."""


def _clean(outcome: Outcome, window: str) -> str:
    counts = outcome.counts
    if not counts.calls:
        how = " through the gateway" if counts.records else ""
        return f"No call was made{how} in {window}"
    if not counts.matched:
        return f"No record is due in {window}: Bedrock answered no call that it logs"
    if counts.refused or counts.not_loggable:
        return f"Every call of {window} of which a record is due is on record"
    return f"Every call of {window} is on record"


def _clauses(outcome: Outcome, window: str) -> Iterator[str]:
    counts = outcome.counts
    due = counts.calls - counts.refused - counts.not_loggable
    if counts.not_logged:
        verb = "is" if counts.not_logged == 1 else "are"
        yield f"{counts.not_logged:,} of {due:,} calls of {window} {verb} not on record"
    else:
        verbs = ("was", "were") if has_changed(outcome) else ("is", "are")
        verb = verbs[counts.matched != 1]
        calls = "call" if due == 1 else "calls"
        yield f"{counts.matched:,} of {due:,} {calls} of {window} {verb} on record in both places"
    yield from _findings(outcome)
    yield from _doubts(outcome)


def has_changed(outcome: Outcome) -> bool:
    """Return whether what was counted when an hour was sealed is gone or changed since."""
    return any(finding.kind == "evidence_changed" for finding in outcome.findings)


def _findings(outcome: Outcome) -> Iterator[str]:
    by_kind = Counter(finding.kind for finding in outcome.findings)
    for kind, (singular, plural) in _FINDINGS.items():
        if number := by_kind[kind]:
            yield singular if number == 1 else plural.format(f"{number:,}")


def _doubts(outcome: Outcome) -> Iterator[str]:
    counts = outcome.counts
    if counts.unknown:
        yield f"of {counts.unknown:,} it cannot be known"
    if young := counts.pending + counts.records_pending:
        yield f"{young:,} {'is' if young == 1 else 'are'} too young to be judged"
