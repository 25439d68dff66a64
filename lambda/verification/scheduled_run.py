"""The scheduled run: each hour that is due is joined, reported and sealed, and nothing stops it for
good.

An hour that does not fit is verified in slices. Where the smallest does not fit either, or AWS does
not answer for a day, it is sealed as not verified, with the reason, and the chain goes on.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from claude_bedrock.records.window import UnreadableError
from claude_bedrock.verification import run
from claude_bedrock.verification.entry_delivery import ENTRY_FILES
from claude_bedrock.verification.evidence_bucket import (
    LONGEST,
    NOT_VERIFIED,
    AlreadyVerifiedError,
    EvidenceBucket,
    key_of_hour,
)
from claude_bedrock.verification.hour_digests import HourDigests
from claude_bedrock.verification.hours import HOUR, iso, start_of_hour
from claude_bedrock.verification.object_digests import (
    ObjectDigests,
    key_of_objects,
    key_of_trail_files,
)
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.read_budget import Budget, TooLargeError
from claude_bedrock.verification.recheck import AFTER, EXPIRED, recheck_window
from claude_bedrock.verification.record_digests import RecordDigests, key_of_log_events
from claude_bedrock.verification.run import Run, Stage
from verification.attempts import SLICES, Attempt, Attempts
from verification.budgets_of_day import ReadItems, check_day
from verification.chain_position import HashSource, Position, changed_files, position
from verification.daily_report import daily_report, is_due
from verification.report import (
    reason,
    report_comparison,
    report_findings,
    report_unsent,
    report_unverified,
    report_verified_hour,
)
from verification.sealing import Seal

DELAY: Final = timedelta(hours=1)
"""AWS promises no time within which a record is delivered; so long it may be on its way."""
HOURS_AT_ONCE: Final = 6
"""So many hours of a backlog are worked off in one run; the rest waits for the next."""
GIVE_UP_AFTER: Final = timedelta(hours=24)
"""So long an hour waits for an AWS that does not answer."""
_MIN_MS: Final = 120_000
"""With less time left, a run begins nothing."""
READ_FAILURES: Final = (ClientError, BotoCoreError, UnreadableError)
TOO_LARGE: Final = (
    "it does not fit into a run of the function, not even in slices of "
    f"{SLICES[-1] // timedelta(minutes=1)} minutes"
)


Compare = Callable[[Period, Callable[[], int]], Mapping[str, Any]]
"""Takes a period and the milliseconds that are left."""


class Work(NamedTuple):
    """What a run needs, from the function's environment; `by` is the function's ARN. `publish`
    sends a subject and a text to the alarm topic; `budgets` reads the table of budgets, where the
    stage has one. `compare` returns what Athena says of a period that is too large, as an entry of
    evidence, where the stage has a table of audit log entries."""

    stage: Stage
    evidence: EvidenceBucket
    seal: Seal
    hashes: HashSource
    by: str
    retention_days: int
    publish: Callable[[str, str], None]
    budgets: ReadItems | None = None
    compare: Compare | None = None


class Clock(NamedTuple):
    """When a run is, and how many milliseconds it has left."""

    now: datetime
    remaining_ms: Callable[[], int]


class Sealed(NamedTuple):
    """What a run has added to the chain, and where the chain goes on."""

    position: Position
    until: datetime
    summary: Mapping[str, Any]


class Verified(NamedTuple):
    """What an attempt has found, and the objects and records that it has read."""

    run: Run
    digests: HourDigests
    attempt: Attempt


def verify_due_hours(work: Work, clock: Clock) -> Iterator[Mapping[str, Any]]:
    """Yield what each file came to that was sealed. Each is reported before it counts as covered:
    rather twice than never.

    Raises TooLargeError where a window needs another run, and where AWS or what was read refuses,
    what says so: UnreadableError, BrokenEvidenceError, botocore's errors."""
    at = position(work.evidence, work.hashes, clock.now, work.retention_days)
    changed = changed_files(work.evidence, at.logged, clock.now)
    at = at.with_mismatches(changed)
    at = _report_daily(work, clock, at)
    end = start_of_hour(clock.now - DELAY)
    begin = at.covered or end - HOUR
    last = min(end, start_of_hour(begin) + HOURS_AT_ONCE * HOUR)
    # The first hour of a run may take all of its time. A later one that does not fit into what is
    # left waits for a run of its own, and is not called too large for that.
    is_first = True
    while begin < last and (is_first or clock.remaining_ms() >= _MIN_MS):
        try:
            sealed = _next(work, clock, at, begin, is_first=is_first)
        except AlreadyVerifiedError:  # another run is at it, and goes on
            return
        if sealed is None:
            return
        yield sealed.summary
        at, begin, is_first = sealed.position, sealed.until, False


def _next(
    work: Work, clock: Clock, at: Position, since: datetime, *, is_first: bool
) -> Sealed | None:
    """Return the next file, of the largest slice from `since` on that fits; None where the time
    was over and this was not the first that the run had to do (`is_first`)."""
    oldest = _retained_since(work, clock)
    if since < oldest:
        return _seal_unverified(
            work, clock, at, _period(since, min(oldest, since + LONGEST), clock), EXPIRED
        )
    attempts = Attempts(work.evidence)
    while attempt := attempts.history(since).next(at.slice):
        # Before anything is read: Lambda ends a function that runs out of memory without a word.
        attempts.begin(attempt, clock.now)
        period = _period(since, attempt.until, clock)
        with HourDigests(period.since, period.until) as digests:
            try:
                budget = Budget(clock.remaining_ms)
                result = run.run(work.stage, period, by=work.by, budget=budget, digests=digests)
            except TooLargeError as error:
                oversized = is_first or not error.by_time
                attempts.end(attempt, "too-large" if oversized else "failed", str(error))
                # Marked as too large, so that the next run begins with a smaller slice.
                if error.by_time and is_first:
                    raise
                if error.by_time:
                    return None
            except READ_FAILURES as error:
                because = f"it could not be read: {reason(error)}"
                attempts.end(attempt, "failed", because)
                # The hour stays open while AWS may come back: a sealed "not verified" is for good.
                if clock.now - attempt.until < GIVE_UP_AFTER:
                    raise
                return _seal_unverified(work, clock, at, period, because)
            else:
                return _seal_verified(work, clock, at, Verified(result, digests, attempt))
    rest = _period(since, start_of_hour(since) + HOUR, clock)
    compared = [work.compare(rest, clock.remaining_ms)] if work.compare else []
    for entry in compared:
        report_comparison(entry)
    # The next hour is likely as busy as this one.
    at = at._replace(slice=SLICES[-1])
    return _seal_unverified(work, clock, at, rest, TOO_LARGE, compared=compared)


def _retained_since(work: Work, clock: Clock) -> datetime:
    """Return the first whole hour of which all records are kept."""
    return start_of_hour(clock.now - timedelta(days=work.retention_days)) + HOUR


def _report_daily(work: Work, clock: Clock, at: Position) -> Position:
    """Publish the report once a day (UTC). The next run tries again what SNS refuses, and the log
    has it."""
    if not is_due(at.reported, clock.now):
        return at
    try:
        text = daily_report(work.evidence, at.logged, clock.now, work.stage.name)
        work.publish(f"claude-on-bedrock {work.stage.name}: verification of the day", text)
    except (ClientError, BotoCoreError) as error:
        report_unsent(reason(error))
        return at
    return at._replace(reported=f"{clock.now:%Y-%m-%d}")


def _seal_verified(work: Work, clock: Clock, at: Position, verified: Verified) -> Sealed:
    result, digests, attempt = verified
    period = _period(attempt.since, attempt.until, clock)
    first, *rest = result.entries()
    # The hour of a day before: a record that was late when it was sealed has arrived by now.
    again = recheck_window(
        work.stage,
        work.evidence,
        period._replace(since=period.since - AFTER, until=period.until - AFTER),
        by=work.by,
        budget=Budget(clock.remaining_ms),
        retained_since=_retained_since(work, clock),
        latest=first,
    )
    budgets = check_day(work.budgets, work.evidence, first, period)
    findings = [*result.outcome.findings, *again.findings, *budgets.findings]
    report_findings(
        findings,
        work.stage.name,
        at.mismatches,
        has_budgets=work.stage.has_budgets,
        has_trail=work.stage.trail is not None,
        delivery=first.get(ENTRY_FILES),
    )
    sized = at._replace(slice=attempt.next_size)
    # Before the hour itself, which names the lists by their hashes.
    lists = _write_lists(work.evidence, digests, attempt)
    if trail := first.get("trail"):
        key = key_of_trail_files(attempt.since, attempt.number)
        first["trail"] = {**trail, "objects": _write_list(work.evidence, key, digests.trail)}
    entries = [{**first, **lists, **sized.note()}, *rest, *again.entries]
    entries += [*budgets.entries, *at.entries()]
    sealed = _seal(work, sized, period, entries)
    # A slice is no hour: the metric counts one once its last slice is sealed.
    if attempt.until == start_of_hour(attempt.until):
        report_verified_hour(work.stage.name)
    return sealed


def _write_lists(
    evidence: EvidenceBucket, digests: HourDigests, attempt: Attempt
) -> Mapping[str, Mapping[str, Any]]:
    """Write the lists of the hour's objects and of its records in CloudWatch Logs, and return what
    the hour's evidence says of each, with its key."""
    since, number = attempt.since, attempt.number
    return {
        name: _write_list(evidence, key, made)
        for name, key, made in (
            ("objects", key_of_objects(since, number), digests.objects),
            ("log_events", key_of_log_events(since, number), digests.records),
        )
    }


def _write_list(
    evidence: EvidenceBucket, key: str, digests: ObjectDigests | RecordDigests
) -> Mapping[str, Any]:
    content, about = digests.finish()
    evidence.put(key, content, "application/gzip")
    return {"key": key, **about}


def _seal_unverified(
    work: Work,
    clock: Clock,
    at: Position,
    period: Period,
    because: str,
    *,
    compared: Sequence[Mapping[str, Any]] = (),
) -> Sealed:
    report_unverified(iso(period.since), because, work.stage.name, at.mismatches)
    about = {
        "kind": NOT_VERIFIED,
        "because": because,
        "by": work.by,
        "account": work.stage.account,
        "stage": work.stage.name,
        "region": work.stage.region,
        "at": iso(clock.now),
        "since": iso(period.since),
        "until": iso(period.until),
    }
    budgets = check_day(work.budgets, work.evidence, about, period)
    if budgets.findings:
        report_findings(budgets.findings, work.stage.name, (), has_budgets=True, has_trail=False)
    entries = [{**about, **at.note()}, *compared, *budgets.entries, *at.entries()]
    return _seal(work, at, period, entries)


def _seal(work: Work, at: Position, period: Period, entries: Sequence[Mapping[str, Any]]) -> Sealed:
    since, until = period.since, period.until
    sha256 = work.seal.write(key_of_hour(since), entries, at.sha256, since=since, until=until)
    about = {name: entries[0][name] for name in ("counts", "because") if name in entries[0]}
    summary = {"since": iso(since), "until": iso(until), **about}
    return Sealed(at.after(sha256, until), until, summary)


def _period(since: datetime, until: datetime, clock: Clock) -> Period:
    return Period(since, until, DELAY, clock.now)
