"""An order to hold is sealed as it was given, or refused with the reason."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from claude_bedrock.verification.hash_log import SealedHash
from claude_bedrock.verification.hours import HOUR, iso
from claude_bedrock.verification.legal_holds import (
    BadHoldError,
    hold_entry,
    key_of_entry,
    read_holds,
)
from tests.verification.buckets import BUCKET
from tests.verification.test_scheduled_run import MINUTE, NOON, Account, account, mismatches
from verification.hold_requests import record_hold

__all__ = ["account"]

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ORDER: Mapping[str, Any] = {
    "action": "hold",
    "id": "0123456789ab",
    "caller": "",
    "since": "2026-10-01T00:00:00Z",
    "until": "2026-10-02T00:00:00Z",
    "reason": "Case 17",
    "by": "arn:aws:iam::123456789012:role/counsel",
    "versions": 2,
    "sha256": "00",
}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"action": "destroy"}, "an action is one of hold, held, release, released"),
        ({"id": "../hours"}, "12 hexadecimal digits"),
        ({"reason": ""}, "reason has 1 to 500 printable characters"),
        ({"reason": "two\nlines"}, "reason has 1 to 500 printable characters"),
        ({"reason": "x" * 501}, "reason has 1 to 500 printable characters"),
        ({"by": ""}, "by has 1 to 2048 printable characters"),
        ({"versions": True}, "versions is a number of object versions"),
        ({"versions": -1}, "versions is a number of object versions"),
        (
            {"action": "held", "failed": 0, "archive": [1]},
            "archive is an object of bucket, by, versions and failed",
        ),
        (
            {"action": "held", "failed": 0, "archive": {"bucket": "b", "by": "a", "versions": 1}},
            "failed is a number of object versions",
        ),
    ],
)
def test_an_order_that_is_none_is_refused_with_the_reason(
    changes: Mapping[str, Any], why: str
) -> None:
    with pytest.raises(BadHoldError, match=why):
        hold_entry({**ORDER, **changes}, NOW)


def test_an_order_without_its_list_is_refused(account: Account) -> None:
    with pytest.raises(BadHoldError, match=r"0123456789ab\.jsonl\.gz is gone"):
        record_hold(account.work(), ORDER, NOON)


def test_a_sealed_order_is_named_by_the_next_hour_and_missed_when_deleted(
    account: Account,
) -> None:
    at = NOON + HOUR + MINUTE
    record_hold(account.work(), {**ORDER, "action": "held", "failed": 0}, at)
    account.run(NOON + 2 * HOUR)
    (link,) = [entry for entry in account.entries(NOON) if entry["kind"] == "hold"]
    assert link["key"] == key_of_entry(at)

    del account.s3.objects[link["key"]]
    account.run(NOON + 3 * HOUR)

    assert ("evidence_missing", link["key"]) in mismatches(account, NOON + HOUR)


def test_an_entry_that_differs_from_what_was_logged_is_none(account: Account) -> None:
    made = {**hold_entry(ORDER, NOW), "list": {"key": "k", "sha256": "00"}}
    sha256 = account.evidence.write(key_of_entry(NOW), [made], "0" * 64)
    entry = SealedHash(BUCKET, key_of_entry(NOW), sha256, "", "")

    assert [hold.state for hold in read_holds(account.evidence, None).values()] == ["incomplete"]
    assert len(read_holds(account.evidence, {entry.key: entry})) == 1
    assert not read_holds(account.evidence, {entry.key: entry._replace(sha256="11")})


def test_an_entry_that_the_log_would_have_and_lacks_is_none(account: Account) -> None:
    """Who may write into the bucket cannot make a hold look released."""
    at = NOON + MINUTE
    order = {**hold_entry(ORDER, at), "list": {"key": "k", "sha256": "00"}}
    sha256 = account.evidence.write(key_of_entry(at), [order], "0" * 64)
    results = {"action": "released", "failed": 0, "versions": 2}
    forged = hold_entry({**ORDER, **results}, at + MINUTE)
    account.evidence.write(key_of_entry(at + MINUTE), [forged], sha256)
    sealed = SealedHash(BUCKET, key_of_entry(at), sha256, iso(at), iso(at))
    hour = SealedHash(BUCKET, "evidence/hours/1", "1", iso(NOON), iso(NOON + HOUR))

    def states(*hashes: SealedHash) -> list[str]:
        logged = {entry.key: entry for entry in hashes}
        return [hold.state for hold in read_holds(account.evidence, logged).values()]

    assert states(hour, sealed) == ["incomplete"]
    later = hour._replace(since=iso(NOON + 2 * HOUR))
    assert states(later) == ["released"]  # the log of that time has expired
