"""Whatever was deleted or made anew of a month's evidence is seen, by the time that was due."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from claude_bedrock.cli.verify.chain_report import chain_exit_code
from claude_bedrock.cli.verify.deployed_chain import ChainReport
from claude_bedrock.verification.evidence_bucket import NOT_VERIFIED, key_of_hour
from claude_bedrock.verification.hours import HOUR, Span
from tests.verification.buckets import AFTER, HOURS, MONTH, Month

TAKEN: dict[str, tuple[Callable[[list[str]], list[str]], int]] = {
    "the first 500": (lambda keys: keys[:500], 500),
    "the newest 700": (lambda keys: keys[-700:], 700),
    "the newest one": (lambda keys: keys[-1:], 1),
    "all but four": (lambda keys: keys[4:], 740),
    "one in the middle": (lambda keys: keys[300:301], 1),
    "every second one": (lambda keys: keys[::2], 372),
    "all": (lambda keys: keys, HOURS),
}


def test_a_complete_month_holds() -> None:
    covered = Month().covered()

    assert (covered.holds, covered.hours, covered.hours_verified) == (True, HOURS, HOURS)
    assert (covered.missing, covered.unlogged) == ((), ())


@pytest.mark.parametrize("second_copy", [True, False])
@pytest.mark.parametrize("name", TAKEN)
def test_hours_that_were_taken_away_are_missing(name: str, *, second_copy: bool) -> None:
    month = Month()
    take, number = TAKEN[name]
    month.delete(take(month.keys))

    covered = month.covered(second_copy=second_copy)

    assert not covered.holds
    assert (covered.hours, covered.hours_verified) == (HOURS, HOURS - number)
    assert sum((span.until - span.since) / HOUR for span in covered.missing) == number
    assert len(covered.mismatches) == (number if second_copy else 0)


def test_all_wiped_and_two_new_ones_leave_the_month_uncovered() -> None:
    month = Month()
    month.delete(month.keys)
    sha256 = month.seal(MONTH + (HOURS - 2) * HOUR, "0" * 64, logged=False)
    month.seal(MONTH + (HOURS - 1) * HOUR, sha256, logged=False)

    covered = month.covered()

    assert covered.missing == (Span(MONTH, MONTH + (HOURS - 2) * HOUR),)
    assert (
        len([mismatch for mismatch in covered.mismatches if mismatch.kind == "evidence_changed"])
        == 2
    )


def test_a_rewritten_tail_is_detected_by_the_second_copy_only() -> None:
    month = Month()
    forged = month.keys[700:]
    previous = json.loads(month.s3.objects[month.keys[699]].splitlines()[-1])["sha256"]
    month.delete(forged)
    for number in range(700, HOURS):
        at = iso_of(number)
        previous = month.seal(MONTH + number * HOUR, previous, logged=False, by=f"forger {at}")

    covered = month.covered()

    assert not covered.holds
    assert [mismatch.key for mismatch in covered.mismatches] == forged
    assert {item.kind for item in covered.mismatches} == {"evidence_changed"}
    assert month.covered(second_copy=False).holds


def iso_of(number: int) -> str:
    return f"{MONTH + number * HOUR:%d %H}"


def test_a_byte_that_was_changed_takes_its_hour_away_and_no_other() -> None:
    month = Month()
    key = month.keys[300]
    month.s3.objects[key] = month.s3.objects[key].replace(b'"kind":"run"', b'"kind":"ran"')

    covered = month.covered()

    assert (covered.holds, covered.hours_verified) == (False, HOURS - 1)
    ((span, why),) = covered.broken
    assert span == Span(MONTH + 300 * HOUR, MONTH + 301 * HOUR)
    assert why == f"{key}, entry 1: it is not what was written"


def test_a_file_that_does_not_follow_the_one_before_is_broken() -> None:
    month = Month(3)
    month.delete(month.keys[1:2])
    month.seal(MONTH + HOUR, "1" * 64, logged=False)

    covered = month.covered(until=MONTH + 3 * HOUR, second_copy=False)

    assert [why.partition(", ")[2] for _, why in covered.broken] == [
        "entry 1: it does not follow the entry before it"
    ] * 2


def test_files_that_overlap_are_broken() -> None:
    month = Month(1)
    (first,) = (json.loads(month.s3.objects[month.keys[0]].splitlines()[-1])["sha256"],)
    month.seal(MONTH + HOUR / 2, first)

    ((_, why),) = month.covered(until=MONTH + HOUR, now=MONTH + 4 * HOUR).broken

    assert "within evidence/hours/2026/10/01/000000Z.jsonl" in why


@pytest.mark.parametrize(
    "content",
    [b"", b"{}\n", b"no json", b'{"kind":"end"}\n'],
)
def test_what_is_no_file_of_evidence_takes_its_hour_away(content: bytes) -> None:
    month = Month(2)
    month.s3.objects[month.keys[1]] = content

    covered = month.covered(until=MONTH + 2 * HOUR)

    assert (covered.holds, covered.hours_verified) == (False, 1)


def test_a_file_of_another_time_than_its_name_is_broken() -> None:
    month = Month(1)
    later = month.s3.objects.pop(month.keys[0])
    month.s3.objects[key_of_hour(MONTH + HOUR)] = later

    ((_, why),) = month.covered(until=MONTH + 2 * HOUR, second_copy=False).broken

    assert why.endswith("is of another time than its name says")


def test_an_hour_that_is_still_settling_is_not_missing() -> None:
    month = Month(10)
    now = MONTH + 12 * HOUR

    assert month.covered(until=now, now=now).hours == 9
    assert month.covered(until=now, now=now).holds
    later = month.covered(until=now, now=now + 2 * HOUR)
    assert later.missing == (Span(MONTH + 10 * HOUR, MONTH + 11 * HOUR),)


def test_hours_before_the_first_deployment_are_not_due() -> None:
    deployed = MONTH + timedelta(hours=99, minutes=20)
    month = Month(HOURS - 99, MONTH + 99 * HOUR)

    covered = month.covered(deployed=deployed)

    assert (covered.due.since, covered.hours) == (MONTH + 100 * HOUR, HOURS - 100)
    assert covered.holds
    assert month.covered(until=MONTH + 5 * HOUR, deployed=deployed).hours == 0


def test_a_time_that_was_not_verified_is_no_break_and_is_not_verified() -> None:
    month = Month(2)
    previous = json.loads(month.s3.objects[month.keys[1]].splitlines()[-1])["sha256"]
    month.seal(MONTH + 2 * HOUR, previous, kind=NOT_VERIFIED, because="AWS did not answer")

    covered = month.covered(until=MONTH + 3 * HOUR)

    assert (covered.holds, covered.hours, covered.hours_verified) == (True, 3, 2)
    assert covered.as_data()["not_verified"] == [
        "2026-10-01T02:00:00Z to 2026-10-01T03:00:00Z: AWS did not answer"
    ]


def test_files_that_an_older_version_has_left_are_named_and_no_mismatch() -> None:
    month = Month(4)
    for key in month.keys[:2]:
        del month.hashes[key]

    covered = month.covered(until=MONTH + 4 * HOUR, now=AFTER)

    assert covered.holds
    assert covered.unlogged == covered.uncompared == tuple(month.keys[:2])
    assert chain_exit_code(ChainReport(covered, unasked="", expired=0)) == 2


def test_a_file_that_was_sealed_just_now_may_be_on_its_way_into_the_log() -> None:
    month = Month(4)
    del month.hashes[month.keys[-1]]
    sealed_at = datetime.fromisoformat(month.bucket.entries(month.keys[-1])[1][0]["at"])

    covered = month.covered(until=MONTH + 4 * HOUR, now=sealed_at + timedelta(minutes=1))

    assert (covered.unlogged, covered.uncompared) == ((month.keys[-1],), ())
