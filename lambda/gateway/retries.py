"""Whether Bedrock is asked once more, and when: for what it has not run, or says that it failed at.

After the standard mode of AWS's SDKs, with fewer attempts; docs/decisions/0028-retries.md says why.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

import os
from collections.abc import Callable, Mapping

from gateway.errors import (
    BedrockFailed,
    GatewayError,
    Overloaded,
    QuotaUsedUp,
    RateLimited,
    Unreachable,
)

LONGEST_WAIT = 5.0  # seconds; a caller can wait for longer without holding an environment
CAPACITY = 50  # a tenth of an SDK's, since an environment serves one call at a time
_EARNED = 1
# Anthropic's SDKs and AWS's, which try again by themselves, name the attempt:
_ANNOUNCED_BY = ("x-stainless-retry-count", "amz-sdk-request")


class Rule:
    """How often at most, from which first wait in seconds on, and for how many tokens each."""

    def __init__(self, times: int, seconds: float, cost: int) -> None:
        self.times = times
        self.seconds = seconds
        self.cost = cost


_UNREACHED = Rule(times=2, seconds=0.05, cost=14)
_ANSWERED = Rule(times=1, seconds=1.0, cost=5)


def rule(error: GatewayError) -> Rule | None:
    """None for a failure after which the model may be running, or would fail again."""
    if isinstance(error, Unreachable):
        return _UNREACHED
    return _ANSWERED if answered(error) else None


def answered(error: GatewayError) -> bool:
    """Whether Bedrock has said, in an answer of its own, that another attempt may do."""
    if isinstance(error, QuotaUsedUp):
        return False
    return turned_away(error) or isinstance(error, BedrockFailed)


def turned_away(error: GatewayError) -> bool:
    """Whether Bedrock has said that it has no capacity for the call: another profile may have."""
    return isinstance(error, RateLimited | Overloaded)


def announced(headers: Mapping[str, str]) -> bool:
    """Whether the client tries again by itself."""
    return any(name in headers for name in _ANNOUNCED_BY)


def wait(
    error: GatewayError, *, retried: int, tokens: int, left: float, theirs: bool, chance: float
) -> float | None:
    """Seconds after which the call is made again; None: the caller is told of the error.

    `retried` counts the call's retries so far, `tokens` is what the environment has left, `left`
    the seconds in which the caller must be answered. `theirs`: the client tries again by itself.
    `chance` is from 0 to 1: the wait is anywhere up to its limit ("full jitter").
    """
    known = rule(error)
    if known is None or retried >= known.times or tokens < known.cost:
        return None
    if theirs and answered(error):
        return None
    seconds = error.retry_after + chance * known.seconds * 2**retried
    return seconds if seconds <= LONGEST_WAIT and seconds < left else None


def _chance() -> float:
    return int.from_bytes(os.urandom(4)) / 2**32


class Retries:
    """What one environment may still spend on them. A success earns a little: while most calls
    succeed there is enough, and when most fail there soon is none."""

    def __init__(self, tokens: int = CAPACITY, chance: Callable[[], float] = _chance) -> None:
        self.tokens = tokens
        self._chance = chance

    def spend(
        self, error: GatewayError, *, retried: int, left: float, theirs: bool
    ) -> float | None:
        """As `wait`, and paid for."""
        seconds = wait(
            error,
            retried=retried,
            tokens=self.tokens,
            left=left,
            theirs=theirs,
            chance=self._chance(),
        )
        known = rule(error)
        if known is not None and seconds is not None:
            self.tokens -= known.cost
        return seconds

    def earn(self) -> None:
        self.tokens = min(self.tokens + _EARNED, CAPACITY)
