"""A window of which nothing is left to read, or of which there was no stage, is not clean."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from claude_bedrock.cli.audit.completeness import judge
from claude_bedrock.cli.verify.evidence_folder import Written
from claude_bedrock.cli.verify.retained_window import within_retention
from claude_bedrock.cli.verify.verification import Report
from claude_bedrock.verification.assessment import Assessment, assess
from claude_bedrock.verification.finding import Counts, Finding, Kind, Outcome
from claude_bedrock.verification.period import Period, in_words

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DEPLOYED, RETAINED_SINCE = NOW - 50 * DAY, NOW - 30 * DAY
NOTHING = Outcome(Counts(), [])
MATCHED = Outcome(Counts(calls=3, matched=3), [])
LOST_THEN = (NOW - 40 * DAY).isoformat()


def lost(kind: Kind, at: str = LOST_THEN) -> Outcome:
    finding = Finding(kind, "r1", at, "model", "search", "")
    return Outcome(Counts(calls=3, matched=2, not_logged=1), [finding])


def assessed(outcome: Outcome, since: datetime, until: datetime) -> Assessment:
    window = Period(since, until, HOUR, NOW)
    first = assess(outcome, in_words(since, until))
    return within_retention(first, outcome, window, RETAINED_SINCE, lambda: DEPLOYED)


@pytest.mark.parametrize(
    ("outcome", "since", "until", "verdict", "words"),
    [
        (NOTHING, NOW - 2 * HOUR, NOW, "pass", "No call was made"),
        (NOTHING, NOW - 60 * DAY, NOW - 59 * DAY, "not assessed", "was not deployed yet"),
        (NOTHING, NOW + DAY, NOW + 2 * DAY, "not assessed", "has not begun"),
        (NOTHING, NOW - 40 * DAY, NOW - 39 * DAY, "not assessed", "2026-10-31 12:00 UTC may be"),
        (MATCHED, NOW - 40 * DAY, NOW - 39 * DAY, "not assessed", "2026-10-31 12:00 UTC may be"),
        (MATCHED, RETAINED_SINCE, NOW, "pass", "Every call"),
        (lost("missing_record"), NOW - 40 * DAY, NOW, "not assessed", "1 of 3"),
        (lost("missing_record", NOW.isoformat()), NOW - 40 * DAY, NOW, "fail", "1 of 3"),
        (lost("caller_mismatch"), NOW - 40 * DAY, NOW, "fail", "under another caller"),
    ],
)
def test_the_verdict_is_no_better_than_what_is_kept(
    outcome: Outcome, since: datetime, until: datetime, verdict: str, words: str
) -> None:
    result = assessed(outcome, since, until)

    assert result.verdict == verdict
    assert words in result.headline


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (MATCHED, "not assessed"),
        (lost("missing_record"), "not assessed"),
        (lost("missing_record", NOW.isoformat()), "fail"),
        (lost("unreadable_record"), "fail"),
    ],
)
def test_a_statement_on_a_window_that_begins_too_early_is_not_assessed(
    outcome: Outcome, verdict: str
) -> None:
    report = Report(
        {},
        outcome,
        Written(Path("x"), "0" * 64),
        Assessment("pass", ""),
        retained_since=RETAINED_SINCE,
    )

    statement = judge("complete", report)

    assert statement.verdict == verdict
    assert "Records from before 2026-10-31 12:00 UTC may be gone." in statement.words
