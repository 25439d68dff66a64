"""Token buckets and quotas, as a usage plan states them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from time import monotonic

from local.api_gateway.definition import Quota, Throttle


class TokenBucket:
    """`burst` tokens at first and at most, refilled at `rate` a second."""

    def __init__(self, throttle: Throttle, clock: Callable[[], float] = monotonic) -> None:
        self.throttle = throttle
        self._clock = clock
        self._tokens = float(throttle.burst)
        self._filled_at = clock()

    def take(self) -> bool:
        """Take a token if there is one."""
        now = self._clock()
        refill = (now - self._filled_at) * self.throttle.rate
        self._tokens = min(float(self.throttle.burst), self._tokens + refill)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Throttles:
    """A bucket for each name, made anew when its limits change."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, TokenBucket] = {}

    def allow(self, name: Hashable, throttle: Throttle | None) -> bool:
        if throttle is None:
            return True
        bucket = self._buckets.get(name)
        if bucket is None or bucket.throttle != throttle:
            bucket = self._buckets[name] = TokenBucket(throttle, self._clock)
        return bucket.take()


class Quotas:
    """How much of its quota each name has used in the running period."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._used: dict[Hashable, tuple[datetime, int]] = {}

    def allow(self, name: Hashable, quota: Quota | None) -> bool:
        """Count the request, if the quota has room for it."""
        if quota is None:
            return True
        period = period_start(self._now(), quota.period)
        # `offset` counts in the first period only:
        # https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html
        began, used = self._used.get(name, (period, quota.offset))
        if began != period:
            used = 0
        if used >= quota.limit:
            return False
        self._used[name] = period, used + 1
        return True


def period_start(now: datetime, period: str) -> datetime:
    """Return when the calendar DAY, WEEK (from Sunday on) or MONTH began that holds `now`, a UTC
    time."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case "DAY":
            return midnight
        case "WEEK":
            return midnight - timedelta(days=midnight.isoweekday() % 7)
        case "MONTH":
            return midnight.replace(day=1)
        case _:
            raise ValueError(f"unknown quota period {period!r}")
