"""The report of a past month is the sum of its sealed hours: a clean one ends with 0."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from claude_bedrock.cli.audit import alarms, completeness
from claude_bedrock.cli.audit.completeness import judge
from claude_bedrock.cli.audit.statement import Statement, exit_code
from claude_bedrock.cli.verify.evidence_folder import Evidence, checked
from claude_bedrock.cli.verify.previous_window import previous_window
from claude_bedrock.cli.verify.verification import Report, as_data, sealed
from claude_bedrock.cli.verify.window_hours import WindowHours, with_whole_hours
from claude_bedrock.verification.accepted_findings import key_of
from claude_bedrock.verification.evidence_bucket import key_of_hour
from claude_bedrock.verification.finding import Counts, Finding
from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.hours import HOUR, iso
from claude_bedrock.verification.period import Period
from tests.verification.buckets import BUCKET, HOURS, MONTH, Month
from tests.verification.cli.test_chain import SETTINGS, Stage

END = MONTH + HOURS * HOUR
FIRST_OF_NOVEMBER = END + timedelta(hours=3, minutes=5)
FINDING = Finding(
    "missing_record", "r1", iso(MONTH + 5 * HOUR + HOUR / 2), "model", "key", "no record in S3"
)
CALLS = {"calls": 3, "matched": 3, "records": 3}


class Deployed(Stage):
    """As in the tests of the chain, with somebody who asks."""

    def client(self, service: str) -> Any:  # noqa: ANN401
        return self if service == "sts" else super().client(service)

    def get_caller_identity(self) -> Mapping[str, str]:
        return {"Arn": "arn:aws:iam::123456789012:user/anna", "Account": "123456789012"}


def month(*, lost_at: int | None = None, settled: bool = False, hours: int = HOURS) -> Month:
    """Three calls an hour; one is lost in the hour `lost_at`, and `settled` a day later."""
    made, previous = Month(0), "0" * 64
    for number in range(hours):
        counts, entries = dict(CALLS), []
        if number == lost_at:
            counts |= {"matched": 2, "not_logged": 1}
            entries.append({"kind": "finding", "finding": FINDING.as_data()})
        if settled and lost_at is not None and number == lost_at + 24:
            entries.append({"kind": "settled", "id": FINDING.id, "finding": FINDING.as_data()})
        previous = made.seal(MONTH + number * HOUR, previous, entries, counts=counts)
    return made


def deployed(of: Month) -> Deployed:
    made = Deployed("prod", "eu-central-1", None)
    made.month = of
    return made


def summed(stage: Deployed, folder: Path, now: timedelta = timedelta()) -> Report:
    period = Period(MONTH, END, timedelta(hours=1), FIRST_OF_NOVEMBER + now)
    result = sealed(stage, period, Evidence(folder, "prod", "eu-central-1"))
    assert result is not None
    return result


def statements(report: Report) -> list[Statement]:
    return [judge(name, report) for name in completeness._CLAIMS]


def test_a_clean_month_is_summed_and_ends_with_0(tmp_path: Path) -> None:
    report = summed(deployed(month()), tmp_path)

    assert report.assessment == ("pass", "Every call of October 2026 is on record.")
    assert report.outcome.counts == Counts(calls=3 * HOURS, matched=3 * HOURS, records=3 * HOURS)
    assert exit_code(statements(report)) == 0
    assert statements(report)[0].words.endswith("Summed from the 744 hours that are verified.")
    trail = judge("cloudtrail", report)
    assert (trail.applies, trail.words.startswith("Not assessed: no sealed hour")) == (False, True)
    assert checked([report.evidence.file]) == report.evidence.sha256


def test_alarms_of_a_past_month_leave_the_exit_code_as_it_is() -> None:
    period = Period(MONTH, END, timedelta(hours=1), FIRST_OF_NOVEMBER)

    statement = alarms.judge_fired([], period)

    assert (statement.verdict, alarms._FORGOTTEN in statement.words) == ("not assessed", True)


def test_a_finding_of_a_sealed_hour_fails_the_month(tmp_path: Path) -> None:
    report = summed(deployed(month(lost_at=5)), tmp_path)

    assert report.assessment == (
        "fail",
        f"1 of {3 * HOURS:,} calls of October 2026 is not on record.",
    )
    assert [finding.id for finding in report.outcome.findings] == [FINDING.id]
    assert exit_code(statements(report)) == 1


def test_what_was_settled_late_is_no_finding_of_the_month(tmp_path: Path) -> None:
    report = summed(deployed(month(lost_at=5, settled=True)), tmp_path)

    assert report.assessment.verdict == "pass"
    assert report.settled == (FINDING,)
    assert f"1 finding was settled by what came late: {FINDING.id}." in statements(report)[0].words
    assert exit_code(statements(report)) == 0
    assert as_data(report)["settled"] == [FINDING.as_data()]


def accept(of: Month) -> None:
    key, at = key_of(END), iso(END)
    acceptance = {"id": FINDING.id, "reason": "deleted on request", "by": "arn:anna", "at": at}
    sha256 = of.bucket.write(key, [{"kind": "disposition", **acceptance}], "0" * 64)
    of.hashes[key] = SealedHash(BUCKET, key, sha256, at, at)


def test_what_was_accepted_is_reported_and_does_not_fail_the_month(tmp_path: Path) -> None:
    of = month(lost_at=5)
    accept(of)

    report = summed(deployed(of), tmp_path)

    assert report.assessment == (
        "pass",
        f"1 of {3 * HOURS:,} calls of October 2026 is not on record; 1 finding is accepted.",
    )
    assert report.outcome.findings == []
    assert f"1 finding is accepted, with a reason: {FINDING.id}." in statements(report)[0].words
    assert exit_code(statements(report)) == 0
    (entry,) = as_data(report)["accepted"]
    assert (entry["id"], entry["accepted"]["by"]) == (FINDING.id, "arn:anna")


@pytest.mark.parametrize(
    ("settled", "accepts", "state"),
    [(False, False, "open"), (True, False, "settled"), (False, True, "accepted")],
)
def test_findings_of_the_window_before_have_what_became_of_them(
    *, settled: bool, accepts: bool, state: str
) -> None:
    of = month(lost_at=5, settled=settled)
    if accepts:
        accept(of)
    day = Period(MONTH + 24 * HOUR, MONTH + 48 * HOUR, timedelta(hours=1), FIRST_OF_NOVEMBER)

    before = previous_window(deployed(of), day)

    assert before is not None
    assert (before.since, before.until) == (MONTH, MONTH + 24 * HOUR)
    assert before.hours == WindowHours(24, 24, 0, 0, 0)
    (finding,) = before.findings
    assert (finding.finding, finding.state) == (FINDING, state)
    assert bool(finding.disposition) is accepts
    later = previous_window(deployed(of), day._replace(since=day.until))
    assert later is not None and later.findings == ()


@pytest.mark.parametrize("becomes", ["settled", "accepted", "open"])
@pytest.mark.parametrize("lost_at", [5, 30])
def test_an_unreadable_log_leaves_findings_of_the_window_before_unassessed(
    becomes: str, lost_at: int
) -> None:
    """The second look at hour 5 is sealed within the window, that at hour 30 behind it."""
    of = month(lost_at=lost_at, settled=becomes == "settled")
    if becomes == "accepted":
        accept(of)
    stage = deployed(of)
    stage.refuses = True
    two_days = Period(MONTH + 48 * HOUR, MONTH + 96 * HOUR, timedelta(hours=1), FIRST_OF_NOVEMBER)

    before = previous_window(stage, two_days)

    assert before is not None
    state = "open" if becomes == "open" else "not assessed"
    assert [(each.finding, each.state) for each in before.findings] == [(FINDING, state)]
    assert "cannot be read (AccessDeniedException)" in before.as_data()["note"]


def test_a_later_hour_that_was_made_anew_settles_nothing() -> None:
    of = month(lost_at=5, hours=48)
    forged = MONTH + 29 * HOUR
    of.delete([key_of_hour(forged)])
    settled = {"kind": "settled", "id": FINDING.id, "finding": FINDING.as_data()}
    of.seal(forged, of.hashes[key_of_hour(forged - HOUR)].sha256, [settled], logged=False)
    day = Period(MONTH + 24 * HOUR, MONTH + 48 * HOUR, timedelta(hours=1), FIRST_OF_NOVEMBER)

    before = previous_window(deployed(of), day)

    assert before is not None
    assert [finding.state for finding in before.findings] == ["open"]


@pytest.mark.parametrize("taken", [slice(0, 24), slice(300, 301), slice(700, HOURS)])
def test_hours_that_are_missing_fail_a_month_whose_records_were_deleted(
    tmp_path: Path, taken: slice
) -> None:
    of = month()
    of.delete(of.keys[taken])

    report = summed(deployed(of), tmp_path)

    number = HOURS - len(range(HOURS)[taken])
    assert report.assessment.verdict == "fail"
    assert report.assessment.headline.startswith(
        f"Only {number} of {HOURS} hours of October 2026 are verified"
    )
    assert "fail" not in {statement.verdict for statement in statements(report)}
    assert statements(report)[0].verdict == "not assessed"


def test_a_month_by_files_that_were_compared_with_nothing_is_not_assessed(
    tmp_path: Path,
) -> None:
    of, stage = month(), deployed(month())
    of.hashes.clear()
    stage.refuses = True

    verdict, headline = summed(deployed(of), tmp_path).assessment
    assert verdict == "not assessed"
    assert headline.endswith("on record, but the function's log has no hash of 744 sealed files.")
    assessment = summed(stage, tmp_path).assessment
    assert assessment.verdict == "not assessed"
    assert "cannot be read (AccessDeniedException)" in assessment.headline


@pytest.mark.parametrize("becomes", ["accepted", "settled", "open"])
def test_what_an_unreadable_log_leaves_open_is_no_failure(tmp_path: Path, becomes: str) -> None:
    lost_at = HOURS - 10
    of = month(lost_at=lost_at, settled=becomes == "settled", hours=HOURS + 20)
    finding = FINDING._replace(at=iso(MONTH + lost_at * HOUR))
    if becomes == "accepted":
        accept(of)
    stage = deployed(of)
    stage.refuses = True

    report = summed(stage, tmp_path, timedelta(days=2))

    is_known = becomes == "open"
    assert [found.id for found in report.outcome.findings] == [finding.id]
    assert report.assessment.verdict == ("fail" if is_known else "not assessed")
    note = "; 1 finding may be settled or accepted, but the log group"
    assert (note in report.assessment.headline) is not is_known
    assert statements(report)[0].verdict == ("fail" if is_known else "not assessed")
    assert ("1 finding may be settled or accepted" in statements(report)[0].words) is not is_known


def test_a_finding_comes_before_the_hours_that_are_missing(tmp_path: Path) -> None:
    of = month(lost_at=5)
    of.delete(of.keys[-1:])

    assert summed(deployed(of), tmp_path).assessment == (
        "fail",
        "1 of 2,229 calls of October 2026 is not on record; only 743 of 744 hours are verified.",
    )


def test_a_month_that_was_not_verified_for_an_hour_is_not_assessed(tmp_path: Path) -> None:
    of = month(hours=HOURS - 1)
    previous = of.hashes[of.keys[-1]].sha256
    of.seal(END - HOUR, previous, kind="not_verified", because="AWS refused")

    report = summed(deployed(of), tmp_path)

    assert report.assessment == (
        "not assessed",
        "Only 743 of 744 hours of October 2026 are verified.",
    )
    assert exit_code(statements(report)) == 2


def test_a_window_whose_records_are_retained_is_joined_where_hours_are_missing(
    tmp_path: Path,
) -> None:
    of = month()
    of.delete(of.keys[-3:])
    period = Period(END - 24 * HOUR, END, timedelta(hours=1), FIRST_OF_NOVEMBER)

    assert sealed(deployed(of), period, Evidence(tmp_path, "prod", "eu-central-1")) is None


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (END - 24 * HOUR + timedelta(minutes=1), END),
        (END - 24 * HOUR, END - timedelta(minutes=1)),
        (END - HOUR, END + 3 * HOUR),
    ],
)
def test_a_window_of_no_complete_hours_or_that_is_not_over_is_joined(
    tmp_path: Path, since: datetime, until: datetime
) -> None:
    period = Period(since, until, timedelta(hours=1), FIRST_OF_NOVEMBER)

    assert sealed(deployed(month()), period, Evidence(tmp_path, "prod", "eu-central-1")) is None


def test_a_month_is_summed_whatever_its_edges_and_never_joined(tmp_path: Path) -> None:
    minutes = timedelta(minutes=40)
    period = with_whole_hours(
        Period(MONTH + minutes, FIRST_OF_NOVEMBER, timedelta(hours=1), FIRST_OF_NOVEMBER)
    )

    report = sealed(deployed(month()), period, Evidence(tmp_path, "prod", "eu-central-1"))

    assert report is not None and report.hours is not None
    assert (period.since, report.outcome.counts.calls) == (MONTH, 3 * HOURS)
    assert report.hours == WindowHours(HOURS + 4, HOURS, 0, 4, 0)
    assert report.assessment.verdict == "not assessed"
    assert report.assessment.headline.startswith("Only 744 of 748 hours of ")
    complete = statements(report)[0]
    assert complete.verdict == "not assessed"
    assert "Of 4 hours of the window it is not assessed." in complete.words


def test_a_month_without_any_evidence_is_not_assessed(tmp_path: Path) -> None:
    stage = deployed(Month(0))
    report = summed(stage, tmp_path / "there")
    assert report.assessment == (
        "fail",  # each hour is due, and none is there
        f"Only 0 of {HOURS} hours of October 2026 are verified.",
    )
    assert {statement.verdict for statement in statements(report)[:-1]} == {"not assessed"}

    stage.deployed_at = END + HOUR
    report = summed(stage, tmp_path / "later")
    assert report.assessment == (
        "not assessed",
        "The stage was not deployed yet in October 2026.",
    )
    assert {statement.verdict for statement in statements(report)[:-1]} == {"not assessed"}


def test_a_month_in_which_the_stage_was_deployed_is_of_the_time_since(tmp_path: Path) -> None:
    stage, of = deployed(month()), month()
    of.delete(of.keys[: 20 * 24])
    for key in [*of.hashes][: 20 * 24]:
        del of.hashes[key]
    stage.month, stage.deployed_at = of, MONTH + timedelta(days=20) - HOUR / 2

    report = summed(stage, tmp_path)

    assert report.assessment == (
        "pass",
        "Every call of 21 October to 31 October 2026 is on record.",
    )
    assert report.hours == WindowHours(HOURS, 11 * 24, 20 * 24, 0, 0)
    assert [*report.hours.sentences()] == [
        "264 of 744 hours of the window are verified.",
        "480 are before the stage's first deployment.",
    ]


def test_a_stage_that_seals_no_hours_is_joined(tmp_path: Path) -> None:
    stage = deployed(month())
    stage.settings = {**SETTINGS, "verify_hourly": False}
    period = Period(MONTH, END, timedelta(hours=1), FIRST_OF_NOVEMBER)

    assert sealed(stage, period, Evidence(tmp_path, "prod", "eu-central-1")) is None


def test_evidence_of_another_version_has_other_counts(tmp_path: Path) -> None:
    of, previous = Month(0), "0" * 64
    counts = {"calls": 1, "matched": 1, "of_another_version": 7}
    for number in range(HOURS):
        previous = of.seal(MONTH + number * HOUR, previous, counts=counts)

    report = summed(deployed(of), tmp_path)

    assert report.outcome.counts == Counts(calls=HOURS, matched=HOURS)
    assert json.loads(report.evidence.file.read_bytes().splitlines()[0])["kind"] == "sum"


def test_evidence_of_version_0_1_retains_its_findings_counts_and_ids(tmp_path: Path) -> None:
    of, previous = Month(0), "0" * 64
    fields = FINDING.as_data() | {"kind": "called, not logged"}
    for number in range(HOURS):
        counts = {"calls": 1, "not_asked": 2, "not_called": 3, "not_expected": 4}
        entries = [{"kind": "finding", "finding": fields}] if number == 5 else []
        previous = of.seal(MONTH + number * HOUR, previous, entries, counts=counts)

    outcome = summed(deployed(of), tmp_path).outcome

    assert outcome.findings == [FINDING]
    assert outcome.findings[0].id == FINDING.id
    assert outcome.counts.answered_without_bedrock == 2 * HOURS
    assert outcome.counts.unmatched_records == 3 * HOURS
    assert outcome.counts.not_loggable == 4 * HOURS


def test_every_reader_of_evidence_meets_the_names_of_today() -> None:
    of, key = Month(0), key_of(END)
    fields = FINDING.as_data() | {"kind": "logged, not called"}
    sealed_then = [
        {"kind": "settled", "finding": fields},
        {"kind": "run", "counts": {"not_asked": 2}},
    ]

    sha256 = of.bucket.write(key, sealed_then, "0" * 64)
    last_hash, (settled, run, _) = of.bucket.entries(key)

    assert settled["finding"] == FINDING.as_data() | {"kind": "bypassed_gateway"}
    assert run["counts"] == {"answered_without_bedrock": 2}
    assert last_hash == sha256
