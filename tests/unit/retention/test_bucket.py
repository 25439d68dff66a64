"""What S3 removes and when, against a day-by-day run of its rules."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_bedrock.retention.bucket import (
    Bucket,
    Lock,
    Rule,
    Versioning,
    retention_of,
    retention_of_deleted,
)
from claude_bedrock.retention.result import ends, suffices

DAY = dt.date(2026, 1, 15)
MIDNIGHT = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
ONE_DAY = dt.timedelta(days=1)
PREFIX = "large-data/"
OWN_RULE = Rule("RecordsAndLargeBodies", expires_days=35, noncurrent_days=35)

microseconds = st.just(0) | st.integers(0, 24 * 60 * 60 * 1_000_000 - 1)
times = microseconds.map(lambda number: dt.timedelta(microseconds=number))
dates = st.integers(-20, 40).map(lambda days: MIDNIGHT + days * ONE_DAY)
rules = st.builds(
    Rule,
    id=st.just("a"),
    prefix=st.sampled_from(["", "large", "large-data/", "large-data/2026/", "AWSLogs/"]),
    narrowed=st.booleans(),
    expires_days=st.none() | st.integers(1, 30),
    expires_on=st.none() | dates,
    noncurrent_days=st.none() | st.integers(1, 30),
    newer=st.booleans(),
)
locks = st.none() | st.builds(
    Lock, st.sampled_from(["GOVERNANCE", "COMPLIANCE"]), st.integers(1, 60)
)


class Chances:
    """What the rules leave open, chosen by hypothesis: is a narrowed rule for this object, is it
    among the newer versions that are spared, does a sum that is a midnight go on to the next."""

    def __init__(self, data: st.DataObject) -> None:
        self.name = data.draw(st.sampled_from(["large-data/x", "large-data/2026/x"]))
        self.tagged = data.draw(st.booleans())
        self.spared = data.draw(st.booleans())
        self.rounds_on = data.draw(st.booleans())
        # A marker is put at the midnight on which an object is due, or later on that day.
        self.marker = data.draw(times)

    def hit_by(self, rule: Rule) -> bool:
        return self.name.startswith(rule.prefix) and (self.tagged or not rule.narrowed)

    def due(self, since: dt.datetime, days: int, now: dt.datetime) -> bool:
        """Whether at the midnight `now`, `days` days since have passed, rounded up."""
        rounded = since.replace(hour=0, minute=0, second=0, microsecond=0)
        if rounded != since or self.rounds_on:
            rounded += ONE_DAY
        return now >= rounded + days * ONE_DAY


def run(
    bucket: Bucket, written: dt.datetime, chances: Chances
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """When an object is covered by a marker and when its bytes are gone, by looking each midnight
    what S3's rules say of it then."""
    locked_until = written + (bucket.lock.days if bucket.lock else 0) * ONE_DAY
    hit = [rule for rule in bucket.rules if chances.hit_by(rule)]
    covered: dt.datetime | None = None
    now = MIDNIGHT
    for _ in range(200):
        now += ONE_DAY
        if covered is None:
            aged = [r for r in hit if r.expires_days and chances.due(written, r.expires_days, now)]
            dated = [r for r in hit if r.expires_on and now >= r.expires_on]
            if not aged and not dated:
                continue
            if bucket.versioning != "Enabled":
                return None, now
            covered = now + chances.marker
        noncurrent = [
            r
            for r in hit
            if r.noncurrent_days
            and not (r.newer and chances.spared)
            and chances.due(covered, r.noncurrent_days, now)
        ]
        if noncurrent and now >= locked_until:
            return covered, now
    return covered, None


@given(
    st.lists(rules, max_size=3),
    st.sampled_from(["Enabled", ""]),
    locks,
    times,
    st.data(),
)
def test_nothing_goes_before_the_first_moment_and_all_is_due_at_the_last(
    some: list[Rule],
    versioning: Versioning,
    lock: Lock | None,
    at: dt.timedelta,
    data: st.DataObject,
) -> None:
    bucket = Bucket(tuple(some), versioning, lock if versioning else None)
    written, chances = MIDNIGHT + at, Chances(data)

    message = retention_of(bucket, PREFIX, DAY)
    covered, deleted_at = run(bucket, written, chances)

    if deleted_at is not None:
        assert message.first is not None
        assert message.first <= deleted_at
    if covered is not None:
        assert message.hidden is not None
        assert message.hidden <= covered
    if message.last is not None:
        assert deleted_at is not None
        assert deleted_at <= message.last
    left = covered or deleted_at
    if message.days is None:
        assert left is None
    elif left is not None:
        assert left - written >= message.days * ONE_DAY


@given(st.lists(rules, max_size=3), times, st.data())
def test_what_was_deleted_goes_by_the_noncurrent_rules(
    some: list[Rule], at: dt.timedelta, data: st.DataObject
) -> None:
    bucket, chances = Bucket(tuple(some), "Enabled"), Chances(data)
    deleted = MIDNIGHT + at
    days = [
        rule.noncurrent_days
        for rule in some
        if rule.noncurrent_days and chances.hit_by(rule) and not (rule.newer and chances.spared)
    ]

    message = retention_of_deleted(bucket, PREFIX, DAY)

    midnights = (MIDNIGHT + number * ONE_DAY for number in range(1, 60))
    deleted_at = next(
        (now for now in midnights if any(chances.due(deleted, day, now) for day in days)), None
    )
    if deleted_at is not None:
        assert message.first is not None
        assert message.days is not None
        assert message.first <= deleted_at
        assert deleted_at - deleted >= message.days * ONE_DAY
    if message.last is not None:
        assert deleted_at is not None
        assert deleted_at <= message.last


def test_aws_own_example() -> None:
    """Created on 15 January at 10:30, for 3 days: removed on 19 January, as the guide says."""
    message = retention_of(Bucket((Rule("a", expires_days=3),), ""), "", DAY)

    assert message.first == dt.datetime(
        2026, 1, 18, tzinfo=dt.UTC
    )  # of what is written at midnight
    assert message.last == dt.datetime(2026, 1, 19, tzinfo=dt.UTC)


def test_our_own_rules_retain_a_record_behind_its_marker_as_long_again() -> None:
    message = retention_of(Bucket((OWN_RULE, Rule("DeleteMarkers")), "Enabled"), PREFIX, DAY)

    assert message.days == 35
    assert message.hidden == MIDNIGHT + 35 * ONE_DAY
    assert (message.first, message.last) == (MIDNIGHT + 70 * ONE_DAY, MIDNIGHT + 72 * ONE_DAY)
    assert message.delay


@pytest.mark.parametrize(
    "bucket",
    [
        Bucket((), "Enabled"),
        Bucket((OWN_RULE._replace(prefix="AWSLogs/"),), "Enabled"),
        Bucket((OWN_RULE._replace(noncurrent_days=None),), "Enabled"),
        Bucket((OWN_RULE._replace(narrowed=True),), "Enabled"),
        Bucket((OWN_RULE._replace(newer=True),), "Enabled"),
        Bucket((OWN_RULE._replace(expires_days=2**31 - 1),), "Enabled"),
    ],
)
def test_what_no_rule_is_sure_to_end_has_no_end(bucket: Bucket) -> None:
    message = retention_of(bucket, PREFIX, DAY)

    assert suffices(message, 35)
    assert not ends(message)


def test_a_rule_that_may_be_for_some_objects_shortens_the_life_of_all() -> None:
    narrow = Rule("b", prefix="large-data/2026/", narrowed=True, expires_days=2)
    message = retention_of(Bucket((OWN_RULE, narrow), "Enabled"), PREFIX, DAY)

    assert message.days == 2
    assert not suffices(message, 30)
    assert retention_of(Bucket((OWN_RULE, narrow), "Enabled"), "AWSLogs/", DAY).days == 35


def test_what_was_deleted_stays_as_long_as_a_noncurrent_version() -> None:
    message = retention_of_deleted(Bucket((OWN_RULE,), "Enabled"), PREFIX, DAY)

    assert message.days == 35
    assert (message.first, message.last) == (MIDNIGHT + 35 * ONE_DAY, MIDNIGHT + 36 * ONE_DAY)


def test_without_versioning_deleting_is_final() -> None:
    for versioning in ("", "Suspended"):
        message = retention_of_deleted(Bucket((OWN_RULE,), versioning), PREFIX, DAY)
        assert message.days == 0


def test_with_versioning_suspended_a_marker_replaces_the_object() -> None:
    message = retention_of(Bucket((OWN_RULE,), "Suspended"), PREFIX, DAY)

    assert message.first == MIDNIGHT + 35 * ONE_DAY
    assert message.last == MIDNIGHT + 72 * ONE_DAY  # of what was written before it was suspended
    assert message.hidden is None


def test_a_lock_holds_back_what_the_rules_would_remove_but_not_the_marker() -> None:
    message = retention_of(Bucket((OWN_RULE,), "Enabled", Lock("COMPLIANCE", 90)), PREFIX, DAY)

    assert message.first == MIDNIGHT + 90 * ONE_DAY
    assert message.last == MIDNIGHT + 91 * ONE_DAY
    assert message.days == 35


def test_who_may_end_it_earlier_depends_on_the_lock() -> None:
    def threat(lock: Lock | None) -> str:
        return retention_of(Bucket((OWN_RULE,), "Enabled", lock), PREFIX, DAY).threats[0].what

    assert "s3:DeleteObjectVersion" in threat(None)
    assert "s3:BypassGovernanceRetention" in threat(Lock("GOVERNANCE", 30))
    assert "by nobody before" in threat(Lock("COMPLIANCE", 30))
