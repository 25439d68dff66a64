"""Whether every call is on record: the join of `claude-bedrock verify`, put as statements."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from cli import verification
from cli.audit.statement import Found, Statement, shown_if, stated
from cli.audit.witness import Witnessed
from cli.deployment import Deployment
from cli.verification import Report
from reconciliation.join import Kind
from verification.evidence import BrokenEvidenceError

_CLAIMS: Final[Mapping[Kind, tuple[str, str]]] = {
    "called, not logged": ("complete", "Every call of the window is on record in both places"),
    "logged, not called": ("nobody-went-round", "Every record has its call: nobody went round"),
    "body missing": ("bodies", "Every record has what was asked and answered"),
    "caller differs": ("callers", "Both accounts name the same caller for every call"),
    "outside the residency": ("residency", "No call was answered outside the stage's residency"),
}

_NO_RESIDENCY: Final = (
    "Not assessed: the stage sets no `residency`, so its calls may be answered wherever its routes "
    "lead. No call was answered elsewhere."
)


class Completeness(NamedTuple):
    report: Report
    statements: tuple[Statement, ...]


def look(witnessed: Witnessed, deployment: Deployment, report: Report) -> Completeness:
    """`deployment` reads the evidence, which is not kept among the answers: it has its hashes."""
    of_kinds = [by_kind(kind, report) for kind in _CLAIMS]
    chain = stated(
        witnessed,
        "chain",
        "The evidence of the hours is one chain, with nothing changed or taken away",
        "s3:ListBucket and s3:GetObject",
        lambda: _chain(deployment),
    )
    return Completeness(report, (*of_kinds, chain))


def by_kind(kind: Kind, report: Report) -> Statement:
    """What the findings of that kind come to."""
    number = sum(each.kind == kind for each in report.outcome.findings)
    if kind == "outside the residency" and not number and not report.about["bounds"]["residency"]:
        return Statement(*_CLAIMS[kind], "not asked", _NO_RESIDENCY, applies=False)
    found = shown_if(not number, " ".join(_words(kind, number, report)))
    return Statement(*_CLAIMS[kind], *found)


def _words(kind: Kind, number: int, report: Report) -> Iterator[str]:
    counts = report.outcome.counts
    yield f"{number:,} are not so, each is listed below." if number else "No exception was found."
    if kind == "called, not logged":
        yield f"Of {counts.calls:,} calls, {counts.matched:,} are on record in both places."
        if counts.pending:
            yield f"{counts.pending:,} are too young to be judged."
        if counts.unknown:
            yield f"{counts.unknown:,} were refused or not answered: none may be due."
        if counts.not_expected:
            yield f"{counts.not_expected:,} only counted tokens, which Bedrock does not log."
    elif kind == "logged, not called":
        yield f"{counts.records:,} records were read."
        if counts.records_pending:
            yield f"Of {counts.records_pending:,} the call may still turn up."


def _chain(deployment: Deployment) -> Found:
    try:
        held = verification.evidence_of(deployment).check()
    except BrokenEvidenceError as broken:
        return Found("not shown", f"The chain is broken: {broken}.")
    except KeyError:
        return Found("not asked", "The stage is of an older version, which leaves no evidence.")
    if held is None:
        return Found("not asked", "No hour has been verified yet.")
    covered = f"from {held.since} to {held.until} without a gap"
    told = f"{held.files:,} files hold, {covered}; the last hash is {held.sha256}."
    return Found("shown", told)
