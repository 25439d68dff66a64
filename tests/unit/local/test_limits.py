"""How many requests a plan lets through."""

from datetime import UTC, datetime, timedelta

import pytest

from local.api_gateway.definition import Quota, Throttle
from local.api_gateway.limits import Quotas, Throttles, TokenBucket, period_start


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(bucket: TokenBucket, tries: int) -> int:
    return sum(bucket.take() for _ in range(tries))


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(Throttle(rate=2.0, burst=5), clock)

    assert taken(bucket, 10) == 5
    clock.now = 1.5
    assert taken(bucket, 10) == 3


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    clock = Clock()
    bucket = TokenBucket(Throttle(rate=10.0, burst=3), clock)
    clock.now = 3600.0

    assert taken(bucket, 10) == 3


def test_each_name_has_a_bucket_of_its_own_and_no_throttle_means_no_limit() -> None:
    throttles = Throttles(Clock())
    throttle = Throttle(rate=1.0, burst=1)

    assert [throttles.allow("a", throttle), throttles.allow("a", throttle)] == [True, False]
    assert throttles.allow("b", throttle)
    assert all(throttles.allow("a", None) for _ in range(5))


def test_a_changed_throttle_starts_afresh() -> None:
    throttles = Throttles(Clock())
    assert throttles.allow("a", Throttle(1.0, 1))
    assert not throttles.allow("a", Throttle(1.0, 1))

    assert throttles.allow("a", Throttle(1.0, 2))


def test_a_quota_is_used_up_and_comes_back_with_the_next_period() -> None:
    now = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
    quotas = Quotas(lambda: now)
    two = Quota(limit=2, period="DAY")

    assert [quotas.allow("k", two) for _ in range(3)] == [True, True, False]
    now += timedelta(minutes=1)
    assert quotas.allow("k", two)


def test_the_offset_shortens_the_first_period_only() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    quotas = Quotas(lambda: now)
    quota = Quota(limit=2, period="DAY", offset=1)

    assert [quotas.allow("k", quota) for _ in range(2)] == [True, False]
    now += timedelta(days=1)
    assert [quotas.allow("k", quota) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("period", "start"),
    [("DAY", (2026, 11, 25)), ("WEEK", (2026, 11, 22)), ("MONTH", (2026, 11, 1))],
)
def test_periods_begin_at_midnight_utc(period: str, start: tuple[int, int, int]) -> None:
    wednesday = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)

    assert period_start(wednesday, period) == datetime(*start, tzinfo=UTC)
