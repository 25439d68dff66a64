"""Each way in which a record can cease to be kept is told apart, and nothing else is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invocation_logging import drift
from invocation_logging.configuration import DATA_TYPES, desired
from invocation_logging.drift import Drift
from invocation_logging.sentinel import Wanted, look
from retention.bucket import Bucket, Lock, Rule
from retention.key import Key
from retention.log_group import LogGroup
from tests.unit.invocation_logging.conftest import PROPERTIES

OURS = desired(PROPERTIES)
TODAY = dt.date(2026, 11, 25)
ACCOUNT = "111122223333"
TLS_ONLY = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
BEDROCK = {
    "Effect": "Allow",
    "Principal": {"Service": "bedrock.amazonaws.com"},
    "Action": "s3:PutObject",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}
KEPT = Rule("kept", expires_days=35, noncurrent_days=35)


class Asked:
    """An account in which the stage lives by another's logging, under a prefix of their bucket."""

    def __init__(self, theirs: Bucket) -> None:
        self._theirs = theirs

    def configuration(self) -> dict[str, Any]:
        return ADOPTED

    def log_group(self, name: str) -> LogGroup:
        del name
        return LogGroup(30)

    def bucket(self, name: str) -> Bucket:
        return self._theirs if name == "theirs" else Bucket((KEPT,), "Enabled")

    def bucket_policy(self, name: str) -> dict[str, Any]:
        del name
        return {"Statement": [TLS_ONLY, BEDROCK]}

    def key(self, arn: str) -> Key:
        del arn
        return Key("Enabled")


ADOPTED: dict[str, Any] = {**OURS, "s3Config": {"bucketName": "theirs", "keyPrefix": "bedrock"}}
WANTED = Wanted(ADOPTED, 30, (), ACCOUNT, "ours", "key", "")


def kinds(found: list[Drift]) -> list[str]:
    return [each.kind for each in found]


def test_what_the_stage_has_set_is_no_drift() -> None:
    assert drift.of_configuration(OURS, OURS) == []
    without_prefix = {**OURS["s3Config"], "keyPrefix": ""}
    assert drift.of_configuration({**OURS, "s3Config": without_prefix}, OURS) == []
    assert drift.of_log_group("g", LogGroup(30), 30, TODAY) == []
    assert drift.of_log_group("g", LogGroup(None), 30, TODAY) == []
    assert drift.of_bucket(Bucket((KEPT,), "Enabled"), ["AWSLogs/"], 30, TODAY) == []
    assert drift.of_policy({"Statement": [TLS_ONLY, BEDROCK]}, ACCOUNT) == []
    assert drift.of_key(Key("Enabled")) == []


@given(st.sets(st.sampled_from(DATA_TYPES), min_size=1))
def test_each_data_type_that_is_off_is_named(off: set[str]) -> None:
    found = {**OURS, **{f"{each}DataDeliveryEnabled": False for each in off}}
    told = drift.of_configuration(found, OURS)
    assert set(kinds(told)) == {"bodies switched off"}
    assert {each.what.split("Data")[0] for each in told} == off


@pytest.mark.parametrize(
    ("found", "kind", "what"),
    [
        (None, "logging deleted", "no logging configuration"),
        (OURS | {"s3Config": {"bucketName": "x"}}, "records redirected", "found x"),
        ({**OURS, "cloudWatchConfig": None}, "records redirected", "logGroupName: found absent"),
    ],
)
def test_logging_that_is_off_or_goes_elsewhere(
    found: dict[str, Any] | None, kind: str, what: str
) -> None:
    told = drift.of_configuration(found, OURS)
    assert set(kinds(told)) == {kind}
    assert any(what in each.what for each in told)


@pytest.mark.parametrize("group", [None, LogGroup(14), LogGroup(365, log_class="DELIVERY")])
def test_a_log_group_that_keeps_less(group: LogGroup | None) -> None:
    assert kinds(drift.of_log_group("g", group, 30, TODAY)) == ["retention shortened"]


@pytest.mark.parametrize(
    "bucket",
    [
        None,
        Bucket((KEPT, Rule("more", "AWSLogs/1", expires_days=7)), "Enabled"),
        Bucket((KEPT,), "Suspended"),
        Bucket((KEPT._replace(noncurrent_days=1),), "Enabled"),
    ],
)
def test_a_bucket_that_keeps_less(bucket: Bucket | None) -> None:
    told = drift.of_bucket(bucket, ["AWSLogs/"], 30, TODAY)
    assert kinds(told) == ["bucket changed"]


def test_an_adopted_bucket_is_looked_at_where_the_records_are() -> None:
    week = Rule("week", prefix="bedrock/", expires_days=7, noncurrent_days=7)

    assert list(look(WANTED, Asked(Bucket((KEPT,), "Enabled")), TODAY)) == []
    told = list(look(WANTED, Asked(Bucket((KEPT, week), "Enabled")), TODAY))
    assert kinds(told) == ["bucket changed", "bucket changed"]
    assert all(each.what.startswith("s3://theirs: bedrock/AWSLogs/*") for each in told)


@pytest.mark.parametrize(
    ("lock", "drifted"),
    [
        (Lock("COMPLIANCE", 30), False),
        (Lock("COMPLIANCE", 29), True),
        (Lock("GOVERNANCE", 30), True),
        (None, True),
    ],
)
def test_a_lock_that_is_another(lock: Lock | None, drifted: bool) -> None:
    found = Bucket((KEPT,), "Enabled", lock)
    assert bool(drift.of_lock(found, "compliance", 30)) is drifted
    assert drift.of_lock(found, "", 30) == []


@pytest.mark.parametrize(
    ("statements", "what"),
    [
        ([BEDROCK], "without TLS"),
        ([TLS_ONLY], "Bedrock may not write"),
        ([TLS_ONLY, {**BEDROCK, "Condition": {}}], "Bedrock may not write"),
        ([TLS_ONLY, {**BEDROCK, "Action": "s3:GetObject"}], "Bedrock may not write"),
        ([TLS_ONLY, BEDROCK, {**BEDROCK, "Principal": "*"}], "others than Bedrock"),
    ],
)
def test_a_policy_that_is_another(statements: list[dict[str, Any]], what: str) -> None:
    (told,) = drift.of_policy({"Statement": statements}, ACCOUNT)
    assert (told.kind, what in told.what) == ("bucket changed", True)


def test_no_policy_at_all() -> None:
    assert len(drift.of_policy(None, ACCOUNT)) == 2


@pytest.mark.parametrize("key", [None, Key("Disabled"), Key("PendingDeletion")])
def test_a_key_that_opens_nothing(key: Key | None) -> None:
    assert kinds(drift.of_key(key)) == ["key unusable"]
