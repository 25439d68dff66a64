"""The second look at an hour a day later: what came late settles its finding, which is sealed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.records.fetch import each_in_order
from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification import run
from claude_bedrock.verification.coverage import readable, sealed_files
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    BrokenEvidenceError,
    EvidenceBucket,
    EvidenceFiles,
    SealedFile,
    before,
    begin_of,
    is_of_hours,
)
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.hours import Span, iso, next_hour, start_of_hour
from claude_bedrock.verification.late_arrivals import LateArrivals
from claude_bedrock.verification.late_deliveries import counting_hours, delivery_hours
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.read_budget import Budget, TooLargeError
from claude_bedrock.verification.run import Run, Stage
from claude_bedrock.verification.sealed_digests import StoredNow, changes_since
from claude_bedrock.verification.sealed_hours import sum_hours

AFTER: Final = timedelta(hours=24)
EXPIRED: Final = "its records are no longer all there: verification was behind for too long"
UNREAD: Final = "unread_hours"
"""What the evidence of a second check has of hours that may have late deliveries and did not fit
into the run."""
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


class Recheck(NamedTuple):
    """What is sealed of it, and the findings that are new."""

    entries: Sequence[Mapping[str, Any]]
    findings: Sequence[Finding]


class _Again(NamedTuple):
    """A second run: what settles findings, what is stored now, up to when it was delivered, and in
    which `unread` hours more may have been that does not fit into the run."""

    run: Run
    arrivals: LateArrivals
    stored: StoredNow
    delivered_until: datetime
    unread: Sequence[datetime] = ()


def recheck_window(
    stage: Stage,
    evidence: EvidenceBucket,
    window_: Period,
    *,
    by: str,
    budget: Budget,
    retained_since: datetime = _ALWAYS,
    latest: Mapping[str, Any] | None = None,
) -> Recheck:
    """Reconcile again a window that was sealed before, and return what is to be sealed of it. Where
    it cannot be read, or begins before its records are surely retained, its entry says so. `latest`
    is the first entry of the evidence that is about to be sealed."""
    window = {"since": iso(window_.since), "until": iso(window_.until)}
    if window_.since < retained_since:
        return Recheck([{"kind": "second_look", **window, "because": EXPIRED}], [])
    try:
        files = list(_sealed_then(evidence, window_))
        if not files:
            return Recheck([], [])
        # One that may be of several hours, such as an unreadable object, has a time beyond its own.
        sealed_ids = {finding["id"] for finding in _findings(files)}
        then = {finding["id"]: finding for finding in _findings(files) if _is_of(finding, window_)}
        runs = [*_runs_behind(evidence, window_), *([latest] if latest else [])]
        hours = delivery_hours(window_, _reach(window_), runs)
        again = _run_again(stage, window_, then, hours, by=by, budget=budget)
        changes = list(changes_since(evidence, files, again.stored))
    except (TooLargeError, UnreadableError, BrokenEvidenceError) as error:
        return Recheck([{"kind": "second_look", **window, "because": str(error)}], [])
    except (ClientError, BotoCoreError) as error:
        because = f"it could not be read: {type(error).__name__}"
        return Recheck([{"kind": "second_look", **window, "because": because}], [])
    found = again.run.outcome.findings
    late = [finding for finding in found if finding.id not in sealed_ids]
    # A call that the run itself misses now is one finding, not two.
    known = {finding.request_id for finding in late} - {""}
    late += [finding for finding in changes if finding.request_id not in known]
    settled = list(again.arrivals.settled(found, has_trail=stage.trail is not None))
    return Recheck(
        [
            {
                "kind": "second_look",
                **window,
                "delivered_until": iso(again.delivered_until),
                UNREAD: [iso(hour) for hour in again.unread],
                "counts": again.run.outcome.counts._asdict(),
                "settled": len(settled),
                "found": len(late),
            },
            *({"kind": "settled", "id": finding["id"], "finding": finding} for finding in settled),
            *({"kind": "late_finding", "finding": finding.as_data()} for finding in late),
        ],
        late,
    )


def _run_again(
    stage: Stage,
    window_: Period,
    then: Mapping[str, Mapping[str, Any]],
    hours: Sequence[datetime],
    *,
    by: str,
    budget: Budget,
) -> _Again:
    """Reconcile again. Where something may have come in later `hours`, with what was delivered in
    them, if that can be read in half the time; else with what the first run had. Raises what
    `run.run` raises."""
    # The copies for Athena were compared when the hour was sealed, and settle no finding.
    without_files = stage._replace(entry_files=None)

    def attempt(limit: Budget, hours: Sequence[datetime], delay: timedelta) -> _Again:
        arrivals, stored = LateArrivals(then.values()), StoredNow(window_)
        result = run.run(
            without_files,
            window_,
            by=by,
            budget=limit,
            digests=stored,
            arrivals=arrivals,
            hours=hours,
        )
        return _Again(result, arrivals, stored, min(window_.until + delay, window_.now))

    if not hours:
        return attempt(budget, (), AFTER)
    try:
        return attempt(budget.half(), hours, AFTER)
    except TooLargeError:
        return attempt(budget, (), window_.delay)._replace(unread=hours)


def late_hours(evidence: EvidenceFiles, window_: Period) -> list[datetime]:
    """Return the hours of the day behind a window of which the evidence counts late deliveries of
    its calls, which a run of now has to read. Raises botocore's errors."""
    return counting_hours(window_, _runs_behind(evidence, window_))


def _reach(window_: Period) -> datetime:
    return min(window_.until + AFTER, window_.now)


def _runs_behind(evidence: EvidenceFiles, window_: Period) -> Iterator[Mapping[str, Any]]:
    """Yield the first entries of the files of the day behind a window that hold. Raises botocore's
    errors."""
    until = _reach(window_)
    names = evidence.listed(HOURLY, before(window_.until))
    keys = [key for key in names if is_of_hours(key, until) and begin_of(key) < until]

    def first_entry(key: str) -> Mapping[str, Any] | None:
        file = readable(evidence, key)
        return file.entries[0] if isinstance(file, SealedFile) else None

    return (run for _, run in each_in_order(first_entry, keys) if run)


def _sealed_then(evidence: EvidenceBucket, window_: Period) -> Iterator[SealedFile]:
    """Yield the files of the window that say what was found then."""
    for key in evidence.listed(HOURLY, before(start_of_hour(window_.since))):
        if is_of_hours(key, window_.until) and begin_of(key) < window_.until:
            file = evidence.read(key)
            if file.until > window_.since and not file.because:
                yield file


def _findings(files: Iterable[SealedFile]) -> Iterator[dict[str, Any]]:
    for file in files:
        for entry in file.entries:
            if entry.get("kind") == "finding":
                yield dict(entry["finding"])


def _is_of(finding: Mapping[str, Any], window_: Period) -> bool:
    return window_.since <= datetime.fromisoformat(finding["at"]) < window_.until


def sealed_changes(evidence: EvidenceFiles, window_: Period) -> list[Finding]:
    """Return the findings `evidence_changed` that second checks have sealed of a window: a run of
    now sees nothing of a call of which the audit log entry and both records are gone. Raises
    botocore's errors."""
    since = start_of_hour(window_.since) + AFTER
    until = max(since, min(next_hour(window_.until) + AFTER, window_.now))
    files = sealed_files(evidence, Span(since, until))
    total = sum_hours(files, Span(window_.since, window_.until))
    return [each for each in total.outcome.findings if each.kind == "evidence_changed"]
