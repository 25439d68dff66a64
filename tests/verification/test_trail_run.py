"""CloudTrail in a run of the function: what is read, sealed, looked at again and summed."""

import gzip
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from claude_bedrock.records.trail_source import TrailSource
from claude_bedrock.verification import read_budget
from claude_bedrock.verification.evidence_bucket import key_of_hour
from claude_bedrock.verification.hours import Span
from claude_bedrock.verification.period import Period
from claude_bedrock.verification.read_budget import RESERVE_MS, Budget
from claude_bedrock.verification.recheck import UNREAD, recheck_window
from claude_bedrock.verification.sealed_hours import sum_hours
from tests.unit.records.trail_bucket import ACCOUNT, event
from tests.verification.scenario import record
from tests.verification.test_handler import (
    HOUR,
    NOW,
    Account,
    account,
    metrics,
    run_at,
    work,
)

__all__ = ["account"]

TRAIL = "the-trail"
SOURCE = TrailSource(TRAIL)
SETTINGS = {"CLOUDTRAIL": json.dumps({"bucket": TRAIL})}
AT = HOUR + timedelta(minutes=30)


def _deliver(account: Account, at: datetime, *events: Mapping[str, Any]) -> str:
    region = "eu-central-1"
    key = (
        f"{SOURCE.root(ACCOUNT)}{region}/{at:%Y/%m/%d}/"
        f"{ACCOUNT}_CloudTrail_{region}_{at:%Y%m%dT%H%M}Z_x.json.gz"
    )
    content = gzip.compress(json.dumps({"Records": events}).encode())
    account.s3.put_object(Bucket=TRAIL, Key=key, Body=content)
    return key


@pytest.fixture
def trail(account: Account) -> Account:
    """An account with a trail; `agreed` has an entry, a record and an event."""
    place: Any = {"LocationConstraint": "eu-central-1"}
    account.s3.create_bucket(Bucket=TRAIL, CreateBucketConfiguration=place)
    account.called("agreed", AT)
    account.recorded("agreed", AT)
    return account


def _sealed(account: Account, hour: datetime = HOUR) -> list[dict[str, Any]]:
    return account.entries(key_of_hour(hour))


def _findings(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    named = [entry["finding"] for entry in entries if entry["kind"] == "finding"]
    return [(finding["kind"], finding["request_id"]) for finding in named]


def test_an_hour_names_the_files_of_its_events(
    trail: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    key = _deliver(trail, AT + timedelta(minutes=6), event("agreed", AT), event("lost", AT))

    run_at(NOW, **SETTINGS)

    run, *_ = entries = _sealed(trail)
    assert _findings(entries) == [("lost_call", "lost")]
    assert (run["trail"]["due"], run["trail"]["witnessed"], run["trail"]["lost"]) == (1, 1, 1)
    assert run["read"]["CloudTrail"]["count"] == 1
    packed = trail.s3.get_object(Bucket="the-bucket", Key=run["trail"]["objects"]["key"])
    line, _end = gzip.decompress(packed["Body"].read()).splitlines()
    assert json.loads(line)["path"] == f"s3://{TRAIL}/{key}"
    counted = metrics(capsys.readouterr().out)
    assert (counted["LostCall"], counted["TrailIncomplete"], counted["VerifiedHours"]) == (1, 0, 1)


@pytest.mark.parametrize("has_trail", [True, False])
def test_a_function_that_was_killed_amid_an_answer_is_found(
    trail: Account, has_trail: bool
) -> None:
    """It has written no entry: without its record, only CloudTrail has the call."""
    trail.recorded("killed", AT)
    events = (event(name, AT) for name in ("agreed", "killed", "killed without record"))
    _deliver(trail, AT + timedelta(minutes=6), *events)

    run_at(NOW, **(SETTINGS if has_trail else {}))

    alone = [("lost_call", "killed without record")] if has_trail else []
    assert _findings(_sealed(trail)) == [("audit_entry_lost", "killed"), *alone]


def test_a_trail_that_aws_refuses_keeps_no_hour_from_being_verified(trail: Account) -> None:
    (outcome,) = run_at(NOW, CLOUDTRAIL=json.dumps({"bucket": "another-trail"}))

    assert outcome["counts"]["matched"] == 1
    entries = _sealed(trail)
    assert _findings(entries) == [("trail_incomplete", "")]
    (finding,) = (entry["finding"] for entry in entries if entry["kind"] == "finding")
    assert finding["detail"].endswith("NoSuchBucket of ListObjectsV2")


@pytest.mark.parametrize("hours", [1, 9])
def test_an_event_that_comes_within_a_day_settles_its_finding(trail: Account, hours: int) -> None:
    made = work(**SETTINGS)
    run_at(NOW, **SETTINGS)
    assert _findings(_sealed(trail)) == [("trail_incomplete", "agreed")]
    _deliver(trail, AT + timedelta(hours=hours), event("agreed", AT))

    window = Period(HOUR, HOUR + timedelta(hours=1), timedelta(hours=1), NOW + timedelta(days=1))
    budget = Budget(lambda: 900_000)
    again = recheck_window(made.stage, made.evidence, window, by="", budget=budget)

    settled = [entry["finding"] for entry in again.entries if entry["kind"] == "settled"]
    assert [(item["kind"], item["request_id"]) for item in settled] == [
        ("trail_incomplete", "agreed")
    ]


def test_sealed_hours_are_summed(trail: Account) -> None:
    _deliver(trail, AT + timedelta(minutes=6), event("agreed", AT))
    run_at(NOW, **SETTINGS)
    run_at(NOW + timedelta(hours=1))

    window = Span(HOUR, HOUR + timedelta(hours=2))
    total = sum_hours(trail.covered(NOW + timedelta(hours=1)).files, window)
    assert (total.trail["files"], total.trail["due"], total.trail["witnessed"]) == (1, 1, 1)
    assert total.trail["without_logs"] == 0


def test_hours_for_which_the_trail_has_no_log_file_are_counted(trail: Account) -> None:
    run_at(NOW, **SETTINGS)

    total = sum_hours(trail.covered(NOW).files, Span(HOUR, HOUR + timedelta(hours=1)))
    assert (total.trail["files"], total.trail["without_logs"]) == (1, 1)


@pytest.mark.parametrize("fits", [True, False])
def test_records_that_come_hours_late_settle_their_finding_if_a_day_can_be_read(
    trail: Account, monkeypatch: pytest.MonkeyPatch, *, fits: bool
) -> None:
    day = timedelta(days=1)
    at, hour = AT - day, HOUR - day
    trail.called("late", at)
    run_at(NOW - day)
    assert _findings(_sealed(trail, hour)) == [("missing_record", "late")]
    written = {"timestamp": record("late", at=at.timestamp())["timestamp"]}
    trail.recorded("late", at + timedelta(hours=9), **written)
    monkeypatch.setattr(read_budget, "_EVERY", 1)

    window = Period(hour, hour + timedelta(hours=1), timedelta(hours=1), NOW)
    budget = Budget(lambda: 900_000 if fits else 2 * RESERVE_MS - 2)
    made = work()
    recheck, *rest = recheck_window(made.stage, made.evidence, window, by="", budget=budget).entries

    delivered_until = hour + timedelta(hours=25 if fits else 2)
    assert recheck["delivered_until"] == f"{delivered_until:%Y-%m-%dT%H:%M:%SZ}"
    assert [entry["kind"] for entry in rest] == (["settled"] if fits else [])
    assert len(recheck[UNREAD]) == (0 if fits else 24)


def test_a_lost_call_is_not_settled_where_its_event_is_gone(trail: Account) -> None:
    key = _deliver(trail, AT + timedelta(minutes=6), event("agreed", AT), event("lost", AT))
    made = work(**SETTINGS)
    run_at(NOW, **SETTINGS)
    trail.s3.delete_object(Bucket=TRAIL, Key=key)

    window = Period(HOUR, HOUR + timedelta(hours=1), timedelta(hours=1), NOW + timedelta(days=1))
    budget = Budget(lambda: 900_000)
    again = recheck_window(made.stage, made.evidence, window, by="", budget=budget)

    assert [entry["kind"] for entry in again.entries] == ["second_look", "late_finding"]
