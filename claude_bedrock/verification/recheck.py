"""The second look at an hour a day later: what came late settles its finding, which is sealed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification import run
from claude_bedrock.verification.coverage import iso, start_of_hour
from claude_bedrock.verification.evidence_bucket import (
    HOURLY,
    BrokenEvidenceError,
    EvidenceBucket,
    SealedFile,
    before,
    begin_of,
    is_of_hours,
)
from claude_bedrock.verification.finding import Finding
from claude_bedrock.verification.late_arrivals import LateArrivals
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.read_budget import Budget, TooLargeError
from claude_bedrock.verification.run import Run, Stage

AFTER: Final = timedelta(hours=24)


class Recheck(NamedTuple):
    """What is sealed of it, and the findings that are new."""

    entries: Sequence[Mapping[str, Any]]
    findings: Sequence[Finding]


def recheck_window(
    stage: Stage, evidence: EvidenceBucket, window_: Period, *, by: str, budget: Budget
) -> Recheck:
    """Reconcile again a window that was sealed before, and return what is to be sealed of it. Where
    it cannot be read, its entry says so."""
    window = {"since": iso(window_.since), "until": iso(window_.until)}
    try:
        files = list(_sealed_then(evidence, window_))
        if not files:
            return Recheck([], [])
        then = dict(_findings(files, window_))
        run_now, arrivals, read = _run_again(stage, window_, then, by=by, budget=budget)
    except (TooLargeError, UnreadableError, BrokenEvidenceError) as error:
        return Recheck([{"kind": "second_look", **window, "because": str(error)}], [])
    except (ClientError, BotoCoreError) as error:
        because = f"it could not be read: {type(error).__name__}"
        return Recheck([{"kind": "second_look", **window, "because": because}], [])
    late = [finding for finding in run_now.outcome.findings if finding.id not in then]
    has_trail = stage.trail is not None
    settled = list(arrivals.settled(run_now.outcome.findings, has_trail=has_trail))
    return Recheck(
        [
            {
                "kind": "second_look",
                **window,
                "delivered_until": iso(min(read.until + read.delay, read.now)),
                "counts": run_now.outcome.counts._asdict(),
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
    *,
    by: str,
    budget: Budget,
) -> tuple[Run, LateArrivals, Period]:
    """Reconcile again. Where something may have come late, with what was delivered within a day, if
    that can be read in half the time; else with what the first run had. Also return what settles
    findings, and the period that was read. Raises what `run.run` raises."""
    # The copies for Athena were compared when the hour was sealed, and settle no finding.
    without_files = stage._replace(entry_files=None)
    arrivals, day = LateArrivals(then.values()), window_._replace(delay=AFTER)
    if not arrivals.is_empty:
        try:
            again = run.run(without_files, day, by=by, budget=budget.half(), arrivals=arrivals)
        except TooLargeError:
            arrivals = LateArrivals(then.values())
        else:
            return again, arrivals, day
    again = run.run(without_files, window_, by=by, budget=budget, arrivals=arrivals)
    return again, arrivals, window_


def _sealed_then(evidence: EvidenceBucket, window_: Period) -> Iterator[SealedFile]:
    """Yield the files of the window that say what was found then."""
    for key in evidence.listed(HOURLY, before(start_of_hour(window_.since))):
        if is_of_hours(key, window_.until) and begin_of(key) < window_.until:
            file = evidence.read(key)
            if file.until > window_.since and not file.because:
                yield file


def _findings(files: Sequence[SealedFile], window_: Period) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in files:
        for entry in file.entries:
            if entry.get("kind") == "finding":
                finding = dict(entry["finding"])
                if window_.since <= datetime.fromisoformat(finding["at"]) < window_.until:
                    yield finding["id"], finding
